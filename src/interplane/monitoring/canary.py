"""The canary's decision: promoted, rolled back, or not known yet. Pure: no clock, no store.

Harm of a criterion is proved when its bound of p is below the part of ``alpha`` that this look has
for it: the parts of all criteria and of all looks, without end, add up to ``alpha``. So one may look
as often as one likes, and a canary within all margins is still rolled back for harm in at most
``alpha`` of all rollouts. For a promotion *every* criterion that can be judged has to be proved to
be within its margin; whoever is beyond one passes with a chance of at most ``alpha``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from interplane.monitoring.canary_criteria import JUDGES, Criterion, Groups, active, quality_of
from interplane.monitoring.margins import spent
from interplane.record.base import Value

if TYPE_CHECKING:
    from interplane.monitoring.canary_policy import CanaryPolicy
    from interplane.monitoring.tally import Tally

__all__ = ["Decision", "decide"]

Action = Literal["promote", "roll back", "go on"]


class Decision(Value, frozen=True, kw_only=True):
    """What follows from a look at a canary.

    Attributes:
        action: what to do.
        reasons: why: first what decided, then each criterion with what was found.
        criteria: the criteria.
        look: the number of the look.
        rows: the rows that the canary answered.
        live_rows: those that the live crossing answered meanwhile.
        refused: requests that the canary could not answer.
        elapsed_s: how long it has been answering.
        level: below which p harm of one criterion is proved at this look.
    """

    action: Action
    reasons: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    look: int
    rows: int
    live_rows: int
    refused: int
    elapsed_s: float
    level: float


def decide(
    live: Tally,
    canary: Tally,
    *,
    refused: int,
    elapsed_s: float,
    policy: CanaryPolicy,
    look: int,
    kind: Literal["classification", "regression"] = "classification",
    skewed: str = "",
) -> Decision:
    """Decide about a canary.

    Args:
        live: what the live crossing answered since the rollout began, counted by one layout.
        canary: what the canary answered, counted by the same layout.
        refused: the requests that the canary could not answer; the live crossing did.
        elapsed_s: how long the rollout has been under way.
        policy: what it has to show.
        look: the number of this look, from 1.
        kind: whether outcomes are classes or values.
        skewed: why its skew forbids a promotion; empty if it does not.
    """
    groups = Groups(live, canary, refused, policy)
    names = active(policy, kind)
    part = spent(policy.alpha, look)
    level = part / max(len(names), 1)
    criteria = tuple(_judged(name, groups, level=level, fine=part) for name in names)
    action, why = _follows(criteria, groups, elapsed_s, skewed)
    return Decision(
        action=action,
        reasons=(why, *map(_text, criteria)),
        criteria=criteria,
        look=look,
        rows=canary.rows,
        live_rows=live.rows,
        refused=refused,
        elapsed_s=elapsed_s,
        level=level,
    )


def _judged(name: str, groups: Groups, *, level: float, fine: float) -> Criterion:
    policy = groups.policy
    labelled = min(groups.live.labelled, groups.canary.labelled)
    if quality_of(name) and labelled < policy.min_outcomes:
        found = Criterion(
            name=name,
            unjudged=f"{labelled:,} outcomes of {policy.min_outcomes:,} that are needed of either",
        )
    else:
        found = JUDGES[name](groups)
    state: Literal["harmed", "fine", "open", "unjudged"] = "open"
    if found.unjudged:
        state = "unjudged"
    elif found.p_harm <= level:
        state = "harmed"
    elif found.p_fine <= fine:
        state = "fine"
    return Criterion(**{**found.to_dict(), "state": state})


def _follows(
    criteria: tuple[Criterion, ...], groups: Groups, elapsed_s: float, skewed: str
) -> tuple[Action, str]:
    policy = groups.policy
    harmed = [each for each in criteria if each.state == "harmed"]
    if harmed:
        return "roll back", f"harm is proved: {', '.join(each.name for each in harmed)}"
    missing = _missing(criteria, groups, elapsed_s, skewed)
    if not missing:
        return "promote", "it is within the margin of every criterion that can be judged"
    if elapsed_s >= policy.max_time_s:
        return "roll back", f"after {policy.max_time} it was not shown to be fit: {missing[0]}"
    return "go on", missing[0]


def _missing(
    criteria: tuple[Criterion, ...], groups: Groups, elapsed_s: float, skewed: str
) -> list[str]:
    """Return what a promotion still needs."""
    policy, rows = groups.policy, groups.canary.rows
    missing = []
    if rows < policy.min_rows:
        missing.append(f"it has answered {rows:,} rows of {policy.min_rows:,}")
    if elapsed_s < policy.min_time_s:
        missing.append(f"it has answered for {_minutes(elapsed_s)} of {policy.min_time}")
    still = [each.name for each in criteria if each.state == "open"]
    if still:
        missing.append(f"not shown yet: {', '.join(still)}")
    unjudged = [e.name for e in criteria if e.state == "unjudged" and quality_of(e.name)]
    judged = [e.name for e in criteria if e.state == "fine" and quality_of(e.name)]
    if policy.needs_outcomes and not judged:
        missing.append(f"quality has to be judged, and is not: {', '.join(unjudged) or 'left out'}")
    if not any(each.state == "fine" for each in criteria):
        missing.append("nothing of it could be judged")
    if skewed:
        missing.append(skewed)
    return missing


def _minutes(seconds: float) -> str:
    """Return a length of time for a person.

    >>> _minutes(90), _minutes(5400), _minutes(12)
    ('2 min', '90 min', '12 s')
    """
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _text(found: Criterion) -> str:
    """Return what was found of a criterion.

    >>> _text(
    ...     Criterion(
    ...         name="errors",
    ...         live=0.0,
    ...         canary=0.04,
    ...         effect=0.04,
    ...         margin=0.01,
    ...         p_harm=1e-9,
    ...         state="harmed",
    ...     )
    ... )
    'errors: harmed: 0.04, live 0; off by 0.04, margin 0.01 (p <= 1e-09)'
    """
    if found.state == "unjudged":
        return f"{found.name}: not judged: {found.unjudged}"
    canary, live = (
        "unknown" if value is None else f"{value:.4g}" for value in (found.canary, found.live)
    )
    p = {"harmed": found.p_harm, "fine": found.p_fine}.get(found.state)
    shown = "" if p is None else f" (p <= {p:.1g})"
    return (
        f"{found.name}: {found.state}: {canary}, live {live}; off by {found.effect:.3g}, "
        f"margin {found.margin:.3g}{shown}"
    )
