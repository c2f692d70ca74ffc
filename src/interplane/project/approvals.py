"""What one person asked for and another has to confirm, where the project file wants two.

The pointer ``proposal/MODEL`` is at the crossing that somebody asked to be live; its move says who
asked, when and why. It is void as soon as what is live moves, or when it is too old. Who does the
same as was asked for, under another name, confirms it: what is live and the proposal move in one
transaction, with both names on record.

Who asked may withdraw it, and anybody else who may operate may refuse it, with a reason: `decline`
takes the pointer back to nothing, and the log of moves says which of the two it was. Each of these
moves holds only if the pointer is where it was looked at, so that of a confirmation and a refusal at
once one happens and the other is told so.

A program that decides about canaries may ask. It is nobody's second person, and what a person
refused it does not ask for again as long as the same canary is beside the same live crossing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import Unconfirmed, UsageError
from interplane.project.crossings import find_crossing
from interplane.storage.names import named_pointer, proposal_pointer, rollout_pointer

if TYPE_CHECKING:
    from interplane.project.config_approval import ApprovalConfig
    from interplane.project.crossings import Recorded
    from interplane.record import Digest
    from interplane.storage.ports import Writer
    from interplane.storage.store import Store

__all__ = ["Proposal", "ask_or_confirm", "check_share", "decline", "find_proposal", "proposals"]


class Proposal(NamedTuple):
    """What is asked for and not confirmed.

    Attributes:
        crossing: what is to be live.
        actor: who asked.
        at: when, ISO 8601, UTC.
        reason: why.
    """

    crossing: Digest
    actor: str
    at: str
    reason: str


def find_proposal(
    store: Store, model: str, approval: ApprovalConfig, *, now: datetime | None = None
) -> Proposal | None:
    """Return what is asked for of a model and may still be confirmed, or None.

    Args:
        store: the workspace.
        model: the model's name.
        approval: what the project file says.
        now: the time; the clock's if not given.
    """
    asked = store.catalog.moves(proposal_pointer(model))
    if not asked or asked[-1].target is None:
        return None
    last = asked[-1]
    moved = store.catalog.moves(named_pointer("model", model, "live"))
    if moved and moved[-1].sequence > last.sequence:
        return None
    age = (now or datetime.now(UTC)) - datetime.fromisoformat(last.at)
    if last.target is None or age.total_seconds() > approval.within_s:
        return None
    return Proposal(last.target, last.actor, last.at, last.reason)


def proposals(
    store: Store, approval: ApprovalConfig, *, now: datetime | None = None
) -> dict[str, Proposal]:
    """Return what is asked for and may still be confirmed, by model.

    Args:
        store: the workspace.
        approval: what the project file says.
        now: the time; the clock's if not given.
    """
    models = (series.partition("/")[2] for series in store.catalog.names("model/"))
    found = {model: find_proposal(store, model, approval, now=now) for model in models}
    return {model: asked for model, asked in found.items() if asked is not None}


def decline(
    store: Store, text: str, *, approval: ApprovalConfig, reason: str, writer: Writer
) -> tuple[Recorded, str]:
    """Withdraw what one asked for oneself, or refuse what somebody else did; nothing else moves.

    Args:
        store: the workspace.
        text: the crossing that is asked to be live, for example ``flights@2``.
        approval: what the project file says.
        reason: why.
        writer: who.

    Returns:
        The crossing, and what became of the wish: ``withdrawn`` or ``refused``.

    Raises:
        UnknownName: if there is no such crossing.
        UsageError: if no reason is given, or it is not asked to be live (any more).
        Fenced: if somebody confirmed or declined it meanwhile.
    """
    if not reason.strip():
        raise UsageError(
            "a wish that is declined without a reason",
            expected="why it is not to be live",
            do='Say it with --reason "…"',
        )
    found = find_crossing(store, text)
    model = found.crossing.model_name
    asked = find_proposal(store, model, approval)
    if asked is None or asked.crossing != found.digest:
        other = "nothing" if asked is None else find_crossing(store, asked.crossing).name
        raise UsageError(
            f"{found.name} is not asked to be live; {other} of {model} is",
            expected="what somebody asked for, and nobody confirmed or declined yet",
            do='"interplane proposals" lists what is asked for',
        )
    is_own = asked.actor == writer.actor
    word = "withdrawn" if is_own else "refused"
    said = reason if is_own else f"{reason} (asked for by {asked.actor}: {asked.reason})"
    draft = store.draft()
    draft.move_from(proposal_pointer(model), asked.crossing, None, reason=f"{word}: {said}")
    store.commit(draft, writer=writer)
    return found, word


def ask_or_confirm(
    store: Store,
    model: str,
    crossing: Digest | None,
    *,
    approval: ApprovalConfig,
    reason: str,
    writer: Writer,
    is_person: bool,
) -> Proposal:
    """Return what somebody else asked for and is confirmed by this; else ask for it.

    Args:
        store: the workspace.
        model: the model's name.
        crossing: what is to be live.
        approval: what the project file says.
        reason: why.
        writer: who.
        is_person: whether they may be the second person.

    Raises:
        Unconfirmed: if it is asked for now, or was before by the same person, or a program asks
            for what a person declined.
        Fenced: if somebody else asked for something meanwhile.
    """
    if not is_person and crossing is not None:
        _refuse_again(store, model, crossing)
    found = find_proposal(store, model, approval)
    is_same = found is not None and found.crossing == crossing
    if found is not None and is_same and is_person and found.actor != writer.actor:
        return found
    name = model if crossing is None else find_crossing(store, crossing).name
    if not is_same:
        pointer = proposal_pointer(model)
        draft = store.draft()
        before = store.catalog.pointer(pointer)
        if before == crossing:  # asked for before, and void: it is asked for anew
            draft.move_from(pointer, before, None, reason="it was never confirmed")
            store.commit(draft, writer=writer)
            draft, before = store.draft(), None
        draft.move_from(pointer, before, crossing, reason=reason)
        store.commit(draft, writer=writer)
    asker = writer.actor if found is None or not is_same else found.actor
    raise Unconfirmed(
        f"{name} is asked to be live by {asker}, and nothing was moved: two people have to agree",
        expected=f"somebody else than {asker} to do the same within {approval.within}",
        do=f'They do it by "interplane deploy {name} --reason …", or on the pages',
        model=model,
        crossing=crossing,
        asked_by=asker,
    )


def _refuse_again(store: Store, model: str, crossing: Digest) -> None:
    """Refuse to ask for what was declined since the canary began and what is live moved."""
    asked = store.catalog.moves(proposal_pointer(model))
    if not asked or asked[-1].target is not None or asked[-1].previous != crossing:
        return
    last = asked[-1]
    pointers = (named_pointer("model", model, "live"), rollout_pointer(model))
    if any(
        move.sequence > last.sequence for each in pointers for move in store.catalog.moves(each)
    ):
        return
    name = find_crossing(store, crossing).name
    raise Unconfirmed(
        f"{name} was asked to be live, and {last.actor} said no ({last.reason})",
        expected="a person who wants it live all the same",
        do=f'They do it by "interplane deploy {name} --reason …", or on the pages',
        model=model,
        crossing=crossing,
        asked_by=last.actor,
    )


def check_share(share: float | None, approval: ApprovalConfig) -> None:
    """Refuse a canary that is as good as live, where what is live takes two people.

    Raises:
        UsageError: if its share is larger than one person may give.
    """
    if approval.second_person and share is not None and share > approval.canary_up_to:
        raise UsageError(
            f"a canary with a share of {share:g}",
            expected=f"at most {approval.canary_up_to:g} (approval.canary_up_to): more is as good as "
            "live, which two people have to agree on",
            do="Give it less, or ask for it to be live",
        )
