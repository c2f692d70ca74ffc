"""Episodes: how the findings of windows, one after the other, open, keep and resolve alerts.

Pure: alerts and findings go in, changes come out. What is kept, and who is told, is the journal's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from interplane.errors import UnknownName
from interplane.monitoring.alerts.alert import Alert, alert_id
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.monitoring.findings import Cell, Finding
    from interplane.monitoring.rules import Rule

__all__ = ["Change", "abandoned", "advance"]


class Change(Value, frozen=True, kw_only=True):
    """What a window did to an alert.

    Attributes:
        kind: ``opened`` and ``resolved`` are told to the owner, ``continued`` is kept only.
        alert: the alert as it is now; it replaces the one with the same id.
    """

    kind: Literal["opened", "continued", "resolved"]
    alert: Alert


def advance(
    alerts: Iterable[Alert], findings: Iterable[Finding], *, rules: Mapping[str, Rule]
) -> list[Change]:
    """Return what the findings of some windows do to alerts.

    A finding that fires opens an alert, unless its cell has an open one. An open one goes on while
    the effect counts, and is resolved by the rule's ``resolves_after`` windows in a row in which it
    does not. A cell that could not be judged is neither. A window that an alert has seen already, or
    one before it, does nothing: so the same window twice changes nothing.

    Args:
        alerts: the open alerts; where windows may come again, also the last resolved one of each
            cell.
        findings: of one window or of several, in any order; those of other cells are welcome.
        rules: the rules by name.

    Returns:
        The changes, in the order of the windows; of one alert each is there, the last is its state.

    Raises:
        UnknownName: if a finding opens or ends an alert of a rule that is not there.
    """
    latest: dict[Cell, Alert] = {}
    for alert in sorted(alerts, key=lambda each: each.last.end_us):
        latest[alert.cell] = alert
    changes = []
    for finding in sorted(
        findings, key=lambda each: (each.end_us, alert_id(each.cell, begin_us=0))
    ):
        change = _next(latest.get(finding.cell), finding, rules)
        if change is not None:
            latest[finding.cell] = change.alert
            changes.append(change)
    return changes


def abandoned(alerts: Iterable[Alert], *, rules: Mapping[str, Rule]) -> list[Change]:
    """Return the end of the open alerts that no window will end: nobody watches their cells any more.

    Their rule is not there, is about another model or metric now, or has not their slicing.

    Args:
        alerts: any alerts.
        rules: the rules by name.
    """
    return [
        Change(kind="resolved", alert=msgspec.structs.replace(alert, state="resolved"))
        for alert in alerts
        if alert.state == "open" and not _is_watched(alert.cell, rules.get(alert.cell.rule))
    ]


def _is_watched(cell: Cell, rule: Rule | None) -> bool:
    if rule is None or (cell.model, cell.metric) != (rule.model, rule.metric):
        return False
    return not cell.by or cell.by in rule.slices


def _next(alert: Alert | None, finding: Finding, rules: Mapping[str, Rule]) -> Change | None:
    if finding.skipped or (alert is not None and finding.end_us <= alert.last.end_us):
        return None
    if alert is None or alert.state == "resolved":
        return _open(finding, rules) if finding.fires else None
    if finding.counts:
        worse = abs(finding.effect) > abs(alert.worst.effect)
        kept = msgspec.structs.replace(
            alert,
            last=finding,
            worst=finding if worse else alert.worst,
            windows=alert.windows + 1,
            quiet=0,
        )
        return Change(kind="continued", alert=kept)
    calmer = msgspec.structs.replace(alert, last=finding, quiet=alert.quiet + 1)
    if calmer.quiet < _rule(finding, rules).resolves_after:
        return Change(kind="continued", alert=calmer)
    return Change(kind="resolved", alert=msgspec.structs.replace(calmer, state="resolved"))


def _rule(finding: Finding, rules: Mapping[str, Rule]) -> Rule:
    rule = rules.get(finding.cell.rule)
    if rule is None:
        raise UnknownName.of("rule", finding.cell.rule, rules)
    return rule


def _open(finding: Finding, rules: Mapping[str, Rule]) -> Change:
    return Change(
        kind="opened",
        alert=Alert(
            id=alert_id(finding.cell, begin_us=finding.begin_us),
            cell=finding.cell,
            owner=_rule(finding, rules).owner,
            opened=finding,
            worst=finding,
            last=finding,
        ),
    )
