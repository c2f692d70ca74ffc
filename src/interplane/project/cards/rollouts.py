"""What a notebook shows of a canary, of a shadow, and of an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.markup import Markup, element
from interplane.charts.notebook import card, interval, part
from interplane.charts.numbers import number
from interplane.charts.tables import pairs, state, table
from interplane.evaluation.results import slice_name
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.monitoring.canary_criteria import Criterion
    from interplane.monitoring.shadow import Change
    from interplane.monitoring.shadow_quality import Paired
    from interplane.project.audit import Audited
    from interplane.project.canaries import RolloutLook
    from interplane.project.shadow_report import Shadowed

__all__ = ["audited_html", "rollout_html", "shadowed_html"]

_SHOWN: Final = 30
_STATES: Final = {"harmed": "failed", "fine": "passed", "open": "open", "unjudged": "waiting"}


def rollout_html(it: RolloutLook) -> str:
    """Return how a canary stands, criterion by criterion."""
    decision = it.decision
    lead = (
        f"{it.canary} answers {it.share:.1%} beside {it.live} since {it.began}: {decision.rows:,}"
        f" rows beside {decision.live_rows:,}, {decision.refused:,} requests not answered"
    )
    header = ["criterion", "canary", "live", "off by", "margin", ""]
    criteria = table(header, map(_criterion, decision.criteria), right=(False, *[True] * 4))
    why = [element("p", each) for each in decision.reasons[:1]]
    failed = [element("p", it.error, class_="warned")] if it.error else []
    did = it.done or decision.action
    return card(f"canary of {it.model}", lead, criteria, *why, *failed, state=state(did))


def _criterion(it: Criterion) -> tuple[object, ...]:
    word = state(_STATES[it.state])
    off = (number(it.effect, 4), number(it.margin, 4)) if not it.unjudged else ("-", "-")
    says = f"{it.state}: {it.unjudged}" if it.unjudged else it.state
    return it.name, number(it.canary, 4), number(it.live, 4), *off, element("span", word, says)


def shadowed_html(it: Shadowed) -> str:
    """Return what a shadow would have changed, in all rows and in each slice."""
    report = it.report
    lead = (
        f"{it.shadow} shadows {it.live} since {it.since}: {report.compared:,} of"
        f" {report.answered:,} rows compared"
    )
    header = ["slice", "rows", "other decisions", "to true", "to false", "live", "shadow", "moves"]
    names = list(dict.fromkeys(name for each in report.slices for name in each.quality))
    names = list(dict.fromkeys([*report.overall.quality, *names]))
    rows = [_change(each, names) for each in (report.overall, *report.slices[:_SHOWN])]
    right = (False, *[True] * (len(header) - 1 + len(names)))
    left_out = len(report.slices) - _SHOWN
    notes = [f"and {left_out:,} slices more"] if left_out > 0 else []
    if report.small:
        notes.append(f"{report.small:,} slices have fewer than {report.min_rows:,} rows")
    if report.because:
        why = ", ".join(f"{count:,} {code}" for code, count in report.because.items())
        notes.append(f"it could not answer {report.overall.unanswered:,} rows: {why}")
    changed = table([*header, *names], rows, right=right)
    return card(
        f"shadow of {it.model}",
        lead,
        changed,
        *(element("p", each, class_="soft") for each in notes),
    )


def _change(it: Change, names: list[str]) -> tuple[object, ...]:
    quality = (_quality(it.quality.get(name)) for name in names)
    return (
        slice_name(it.by, it.values) or "all rows",
        f"{it.rows:,}",
        f"{it.flipped:.2%}",
        f"{it.to_positive:,}",
        f"{it.to_negative:,}",
        number(it.live_mean),
        number(it.shadow_mean),
        number(it.mean_change),
        *quality,
    )


def _quality(it: Paired | None) -> Markup:
    """Return the difference in colour where it is beyond chance."""
    if it is None:
        return Markup("")
    change = it.difference
    went = "unsure"
    if not change.low <= 0 <= change.high:
        went = "better" if (change.value > 0) == it.higher_is_better else "worse"
    return element("span", interval(change.value, change.low, change.high), class_=went)


def audited_html(it: Audited) -> str:
    """Return an audit: how often what was served is not what the data give, and where first."""
    report = it.report
    lead = (
        f"{report.rows:,} predictions made again (seed {it.seed}): {report.skewed:,} differ, of"
        f" {report.pending:,} some history has not arrived"
    )
    differing = sorted((e for e in report.figures if e.differing), key=lambda each: -each.rate)
    shown = differing or list(report.figures)
    rows = [
        (
            each.name,
            each.kind.replace("_", " "),
            f"{each.compared:,}",
            f"{each.differing:,}",
            f"{each.rate:.2%}",
            f"{each.high:.2%}",
        )
        for each in shown[:_SHOWN]
    ]
    header = ["what", "of", "compared", "differ", "skew rate", "at most"]
    figures = table(header, rows, right=(False, False, *[True] * 4))
    left_out = len(shown) - len(rows)
    more = element("p", f"and {left_out:,} more", class_="soft") if left_out else ""
    return card(f"audit of {it.crossing.name}", lead, figures, more, *_first(it))


def _first(it: Audited) -> Iterator[Markup]:
    first = it.report.first
    if first is not None:
        lines = [
            ("prediction", f"{short(first.prediction_id)} of {first.time}"),
            ("in", first.what),
            ("operation", first.operation or "none by itself"),
            ("from the data", first.recomputed),
            ("served", first.served),
        ]
        yield part("the first that differs", pairs(lines))
