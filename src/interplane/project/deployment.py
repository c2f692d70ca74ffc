"""What is live: moved forward and back, one pointer at a time, dated, signed and with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import GateClosed, UnknownName, UsageError
from interplane.project.crossings import Recorded, find_crossing
from interplane.storage.moves import targets_before
from interplane.storage.names import named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.storage.ports import Writer
    from interplane.storage.store import Store

__all__ = ["deploy", "rollback"]


def deploy(
    store: Store,
    text: str,
    *,
    reason: str,
    writer: Writer,
    force: bool = False,
    check: Callable[[Recorded], None] | None = None,
) -> Recorded:
    """Make a crossing the live one of its model: one move of a pointer, dated and signed.

    Args:
        store: the workspace.
        text: the crossing, for example ``flights@2``.
        reason: why.
        writer: who.
        force: although its gate is closed; the record says so.
        check: raises if the crossing could not serve; it is asked before anything moves.

    Raises:
        GateClosed: if its verdict does not let it pass, unless ``force`` is set.
        UsageError: if no reason is given.
    """
    _check_reason(reason, "a deployment")
    found = find_crossing(store, text)
    if not found.crossing.verdict.passed and not force:
        first = next(item for item in found.crossing.verdict.breaches if item.action == "stop")
        raise GateClosed(
            f"the gate of {found.name} is closed: {first.rule}: {first.found}",
            expected="a crossing whose verdict passed",
            do=f'See "interplane show {found.name}"; --force deploys it all the same, on record',
        )
    if check is not None:
        check(found)
    forced = "forced: " if force and not found.crossing.verdict.passed else ""
    return _move(store, found, reason=f"{forced}{reason}", writer=writer)


def rollback(
    store: Store,
    model: str,
    *,
    reason: str,
    writer: Writer,
    check: Callable[[Recorded], None] | None = None,
) -> tuple[Recorded, Recorded]:
    """Make live again what was live before the last deployment: one move of the same pointer.

    With it go model, features, views, request schema and baseline, for they are one crossing. What
    was rolled back is not what a second rollback returns to: it goes one further back.

    Args:
        store: the workspace.
        model: the model's name.
        reason: why.
        writer: who.
        check: raises if the crossing could not serve; it is asked before anything moves.

    Returns:
        What was live, and what is now.

    Raises:
        UnknownName: if there is no such model, or nothing of it is live.
        UsageError: if no reason is given, or nothing was live before.
    """
    _check_reason(reason, "a rollback")
    if not store.catalog.series(series_name("model", model)):
        known = [name.partition("/")[2] for name in store.catalog.names("model/")]
        raise UnknownName.of("model", model, known, do='See them with "interplane models"')
    now = find_crossing(store, f"{model}@live")
    earlier = targets_before(store.catalog.moves(named_pointer("model", model, "live")))
    if not earlier or earlier[0] is None:
        raise UsageError(
            f"nothing of {model} was live before {now.name}",
            expected="an earlier deployment to return to",
            do=f'Deploy another crossing: "interplane models" lists those of {model}',
        )
    found = find_crossing(store, earlier[0])
    if check is not None:
        check(found)
    return now, _move(store, found, reason=reason, writer=writer)


def _check_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise UsageError(
            f"{what} without a reason",
            expected="why the live crossing changes",
            do='Say it with --reason "…"',
        )


def _move(store: Store, found: Recorded, *, reason: str, writer: Writer) -> Recorded:
    pointer = named_pointer("model", found.crossing.model_name, "live")
    before = store.catalog.pointer(pointer)
    if before != found.digest:
        draft = store.draft()
        draft.move_from(pointer, before, found.digest, reason=reason)
        store.commit(draft, writer=writer)
    return find_crossing(store, found.digest)
