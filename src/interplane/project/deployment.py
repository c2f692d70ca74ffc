"""What answers a model: moved forward and back, dated, signed and with a reason.

Four pointers of a model move together, in one transaction: ``live``, ``canary`` and ``shadow`` name
crossings, and the rollout says how large the canary's share is and beside what it began. `_move` is
the one place that writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import Fenced, GateClosed, UsageError
from interplane.project.approvals import ask_or_confirm, check_share
from interplane.project.config_approval import ApprovalConfig
from interplane.project.crossings import Recorded, find_crossing
from interplane.project.rollouts import check_model
from interplane.record import LEAST_SHARE, Digest, Rollout, short
from interplane.storage.moves import targets_before
from interplane.storage.names import named_pointer, proposal_pointer, rollout_pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.storage.ports import Writer
    from interplane.storage.store import Store

__all__ = ["deploy", "promote", "rollback"]


_ALONE = ApprovalConfig()


class _Place(NamedTuple):
    """What answers a model, or is to.

    Attributes:
        live: the crossing that is live.
        rollout: what is under way beside it.
        pointers: where the pointers were when this was looked at.
    """

    live: Digest | None
    rollout: Rollout | None = None
    pointers: Mapping[str, Digest] = {}


def deploy(
    store: Store,
    text: str,
    *,
    reason: str,
    writer: Writer,
    force: bool = False,
    canary: float | None = None,
    shadow: bool = False,
    check: Callable[[Recorded], None] | None = None,
    approval: ApprovalConfig = _ALONE,
) -> Recorded:
    """Make a crossing answer: as the live one of its model, or beside it.

    Without ``canary`` and ``shadow`` it becomes live, alone: a rollout that is under way ends. A
    canary answers a share of the requests beside the live crossing; another share for the same one
    leaves every request with it that it had, as long as the share grows. A shadow predicts what was
    answered once more, unseen. A crossing that was the shadow and becomes the canary is no shadow
    any more.

    Args:
        store: the workspace.
        text: the crossing, for example ``flights@2``.
        reason: why.
        writer: who.
        force: although its gate is closed; the record says so.
        canary: the share of the requests that it answers beside the live crossing, at least
            `LEAST_SHARE` and at most 1.
        shadow: make it the shadow of the live crossing.
        check: raises if the crossing could not serve; it is asked before anything moves.
        approval: what two people have to agree on.

    Raises:
        Unconfirmed: if a second person has to agree; it stands on record that it is asked for.
        GateClosed: if its verdict does not let it pass, unless ``force`` is set or it is to be a
            shadow, which answers nobody.
        UsageError: if no reason is given, the share is none, or nothing else is live that it could
            be beside.
        Fenced: if somebody else moved what answers meanwhile.
    """
    _check_reason(reason, "a deployment")
    found = find_crossing(store, text)
    before = _place(store, found.crossing.model_name)
    after = _Place(found.digest)
    check_share(canary, approval)
    if canary is not None or shadow:
        after = _beside(found, before, canary=canary, shadow=shadow)
    if not (found.crossing.verdict.passed or force or shadow):  # a shadow answers nobody
        first = next(item for item in found.crossing.verdict.breaches if item.action == "stop")
        raise GateClosed(
            f"the gate of {found.name} is closed: {first.rule}: {first.found}",
            expected="a crossing whose verdict passed",
            do=f'See "interplane show {found.name}"; --force deploys it all the same, on record',
        )
    if check is not None:
        check(found)
    signed = reason if shadow else _signed(found, reason)
    _move(store, found, before, after, reason=signed, writer=writer, approval=approval)
    return find_crossing(store, found.digest)


def promote(
    store: Store,
    model: str,
    *,
    reason: str,
    writer: Writer,
    canary: Digest | None = None,
    check: Callable[[Recorded], None] | None = None,
    approval: ApprovalConfig = _ALONE,
    is_person: bool = True,
) -> Recorded:
    """Make the canary of a model the live crossing, which ends the rollout: one transaction.

    Args:
        store: the workspace.
        model: the model's name.
        reason: why.
        writer: who.
        canary: the canary that is meant; whichever is under way if not given.
        check: raises if the crossing could not serve; it is asked before anything moves.
        approval: what two people have to agree on.
        is_person: whether who writes is one, and no program that decides.

    Raises:
        Unconfirmed: if a second person has to agree; it stands on record that it is asked for.
        UnknownName: if there is no such model.
        UsageError: if no reason is given, or no canary is under way.
        Fenced: if another canary is under way than is meant, or somebody else moved what answers
            meanwhile.
    """
    _check_reason(reason, "a promotion")
    check_model(store, model)
    before = _place(store, model)
    if canary is not None:
        _check_canary(model, before, canary)
    canary = before.rollout.canary if before.rollout is not None else None
    if canary is None:
        raise UsageError(
            f"no canary of {model} is under way",
            expected="a crossing that answers a share beside the live one",
            do=f'Begin with "interplane deploy {model}@N --canary 5% --reason …"; without --canary '
            "a crossing goes live at once",
        )
    found = find_crossing(store, canary)
    if check is not None:
        check(found)
    _move(
        store,
        found,
        before,
        _Place(canary),
        reason=_signed(found, reason),
        writer=writer,
        approval=approval,
        is_person=is_person,
    )
    return find_crossing(store, canary)


def rollback(
    store: Store,
    model: str,
    *,
    reason: str,
    writer: Writer,
    shadow: bool = False,
    canary: Digest | None = None,
    live: bool = False,
    check: Callable[[Recorded], None] | None = None,
    approval: ApprovalConfig = _ALONE,
) -> tuple[Recorded, Recorded]:
    """Take back the last step: end a canary, else make live again what was live before.

    A canary that is under way ends; what is live stays, and so does a shadow. Without one, the live
    crossing goes back. With it go model, features, views, request schema and baseline, for they are
    one crossing. What was rolled back is not what a second rollback returns to: it goes one further
    back.

    Args:
        store: the workspace.
        model: the model's name.
        reason: why.
        writer: who.
        shadow: end the shadow, and nothing else.
        canary: end this canary, and nothing else.
        live: take back what is live, also where a canary is under way: that ends with it.
        check: raises if the crossing could not serve; it is asked before the live pointer moves.
        approval: what two people have to agree on.

    Returns:
        What was taken back, and what is live now.

    Raises:
        Unconfirmed: if a second person has to agree; it stands on record that it is asked for.
        UnknownName: if there is no such model, or nothing of it is live.
        UsageError: if no reason is given, or there is nothing to take back.
        Fenced: if another canary is under way than is meant, or somebody else moved what answers
            meanwhile.
    """
    _check_reason(reason, "a rollback")
    check_model(store, model)
    now = find_crossing(store, f"{model}@live")
    before = _place(store, model)
    if canary is not None:
        _check_canary(model, before, canary)
    rollout = before.rollout
    if shadow or (not live and rollout is not None and rollout.canary is not None):
        taken, left = _without(model, rollout, shadow=shadow)
        was = find_crossing(store, taken)
        _move(store, now, before, _Place(before.live, left), reason=reason, writer=writer)
        return was, find_crossing(store, now.digest)
    moves = store.catalog.moves(named_pointer("model", model, "live"))
    earlier = targets_before(moves)
    if not earlier or earlier[0] is None:
        came_back = (
            "" if len(moves) < 2 else ": all that was live since was taken back, or left for it"
        )
        raise UsageError(
            f"nothing of {model} was live before {now.name}{came_back}",
            expected="an earlier deployment to return to",
            do=f'Deploy another crossing: "interplane models" lists those of {model}',
        )
    found = find_crossing(store, earlier[0])
    if check is not None:
        check(found)
    after = _Place(found.digest)
    _move(store, found, before, after, reason=reason, writer=writer, approval=approval)
    return now, find_crossing(store, found.digest)


# ---- what is to be ------------------------------------------------------------------------------


def _beside(found: Recorded, before: _Place, *, canary: float | None, shadow: bool) -> _Place:
    """Return where the pointers are to be when a crossing answers, or predicts, beside the live one."""
    model = found.crossing.model_name
    if canary is not None and shadow:
        raise UsageError(
            f"{found.name} as a canary and as a shadow",
            expected="one of them: a canary answers, a shadow is never seen",
            do="Leave --canary or --shadow out",
        )
    if canary is not None and not LEAST_SHARE <= canary <= 1:
        raise UsageError(
            f"a canary with a share of {canary:g}",
            expected=f"at least {LEAST_SHARE:g} and at most 1: the part of the requests that it "
            "answers",
            do=f'For example --canary 5%. A canary ends with "interplane rollback {model}"',
        )
    if before.live is None:
        raise UsageError(
            f"nothing of {model} is live, so {found.name} cannot be beside it",
            expected="a live crossing",
            do=f'Make one live first: "interplane deploy {found.name} --reason …"',
        )
    if found.digest == before.live:
        raise UsageError(
            f"{found.name} is live already", expected="another crossing", do="Name another one"
        )
    if found.crossing.request_schema is None:
        raise UsageError(
            f"{found.name} has no request schema, so no server can answer with it",
            expected="a crossing that was published with its training rows",
            do=f'Say publish("{model}", …, train="…") in the pipeline {found.crossing.pipeline!r} and '
            "run it again",
        )
    there = before.rollout or Rollout(model_name=model, live=before.live)
    if shadow and found.digest == there.canary:
        raise UsageError(
            f"{found.name} is the canary: it answers already",
            expected="another crossing for the shadow",
            do="Name another one, or end the canary first",
        )
    return _Place(
        before.live,
        Rollout(
            model_name=model,
            live=before.live,
            canary=there.canary if shadow else found.digest,
            share=there.share if canary is None else float(canary),
            shadow=found.digest if shadow else _other(there.shadow, found.digest),
        ),
    )


def _other(digest: Digest | None, than: Digest) -> Digest | None:
    return None if digest == than else digest


def _without(model: str, rollout: Rollout | None, *, shadow: bool) -> tuple[Digest, Rollout | None]:
    """Return what is taken out of a rollout, and what is left of it."""
    ends = None if rollout is None else rollout.shadow if shadow else rollout.canary
    if rollout is None or ends is None:
        raise UsageError(
            f"{model} has no shadow",
            expected="a crossing that predicts unseen beside the live one",
            do=f'Begin with "interplane deploy {model}@N --shadow --reason …"',
        )
    left = rollout.canary if shadow else rollout.shadow
    if left is None:
        return ends, None
    return ends, Rollout(
        model_name=model,
        live=rollout.live,
        canary=rollout.canary if shadow else None,
        share=rollout.share if shadow else 0.0,
        shadow=None if shadow else rollout.shadow,
    )


def _check_canary(model: str, before: _Place, canary: Digest) -> None:
    """Refuse to end another canary than the one that a decision is about."""
    now = None if before.rollout is None else before.rollout.canary
    if now != canary:
        raise Fenced(
            f"the canary {short(canary)} of {model} is no longer under way",
            expected=f"it, and not {'none' if now is None else short(now)}",
            do="Nothing was written: what answers was moved meanwhile",
        )


def _check_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise UsageError(
            f"{what} without a reason",
            expected="why what answers changes",
            do='Say it with --reason "…"',
        )


def _signed(found: Recorded, reason: str) -> str:
    return reason if found.crossing.verdict.passed else f"forced: {reason}"


# ---- the pointers -------------------------------------------------------------------------------


def _names(model: str) -> dict[str, str]:
    names = {word: named_pointer("model", model, word) for word in ("live", "canary", "shadow")}
    return {**names, "rollout": rollout_pointer(model)}


def _place(store: Store, model: str) -> _Place:
    """Return what answers a model; a rollout that has ended is none."""
    names = _names(model)
    there = store.catalog.pointers(names.values())
    live, pointed = there.get(names["live"]), there.get(names["rollout"])
    rollout = None if pointed is None else store.record(pointed, Rollout)
    if rollout is not None and rollout.live != live:
        rollout = None
    return _Place(live, rollout, there)


def _move(
    store: Store,
    found: Recorded,
    before: _Place,
    after: _Place,
    *,
    reason: str,
    writer: Writer,
    approval: ApprovalConfig = _ALONE,
    is_person: bool = True,
) -> None:
    """Move all pointers of a model in one transaction, if they are where they were looked at.

    Where two people have to agree on what is live, this is where it is held: nothing else moves it.
    """
    draft = store.draft()
    rollout = after.rollout
    wanted = {
        "live": after.live,
        "rollout": None if rollout is None else draft.record(rollout),
        "canary": None if rollout is None else rollout.canary,
        "shadow": None if rollout is None else rollout.shadow,
    }
    model = found.crossing.model_name
    names = _names(model)
    if all(before.pointers.get(name) == wanted[word] for word, name in names.items()):
        return
    asked = None
    if approval.second_person and after.live != before.live:
        asked = ask_or_confirm(
            *(store, model, after.live),
            approval=approval,
            reason=reason,
            writer=writer,
            is_person=is_person,
        )
        reason = f"{reason} (asked for by {asked.actor}: {asked.reason})"
    for word, name in names.items():
        draft.move_from(name, before.pointers.get(name), wanted[word], reason=reason)
    if asked is not None:
        draft.move_from(proposal_pointer(model), asked.crossing, None, reason=reason)
    store.commit(draft, writer=writer)
