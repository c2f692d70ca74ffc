"""What a notebook shows of a crossing, and of a batch prediction by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import card, part
from interplane.charts.tables import pairs, state
from interplane.evaluation.tables import evaluation_parts, evaluation_title
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.crossings import Recorded
    from interplane.project.prediction import Prediction
    from interplane.record import Crossing, Verdict

__all__ = ["prediction_html", "recorded_html", "states", "verdict_part"]

_SHOWN = 20


def recorded_html(found: Recorded) -> str:
    """Return a crossing: what the model is, all that it stands on, what its gate said."""
    return card(
        found.name,
        f"crossing {short(found.digest)}, recorded {found.at} by {found.actor}",
        pairs(_lines(found.crossing)),
        verdict_part(found.crossing.verdict),
        state=states(found),
    )


def states(found: Recorded) -> Markup:
    """Return what is pointed at it; where nothing is, whether its gate let it pass."""
    passed = "passed" if found.crossing.verdict.passed else "refused"
    return joined(state(word) for word in found.pointers or (passed,))


def _lines(crossing: Crossing) -> Iterator[tuple[str, object]]:
    yield "model", crossing.model.summary
    if crossing.frozen is not None:
        yield "features", crossing.frozen.summary
    changed = " with uncommitted changes" if crossing.diff else ""
    code = f"commit {short(crossing.commit)}{changed}" if crossing.commit else "not in git"
    yield "code", f"{code}; {len(crossing.steps)} steps of the pipeline {crossing.pipeline}"
    for name, use in crossing.data.items():
        as_of = f", as of {use.as_of}" if use.as_of else ""
        yield f"data: {name}", f"{use.dataset}, version {short(use.version)}{as_of}"
    for step, values in crossing.parameters.items():
        if values:
            yield step, ", ".join(f"{name} {value}" for name, value in values.items())
    for name, digest in crossing.views.items():
        yield f"view: {name}", short(digest)
    proof = crossing.parity
    yield (
        "serves as trained",
        "not proved" if proof is None else f"proved on {proof['values']:,} values, bit for bit",
    )
    if crossing.champion is not None:
        yield "compared with", short(crossing.champion)


def verdict_part(verdict: Verdict) -> Markup:
    """Return what was asked of something before it was let through: what broke, then what held."""
    broken = [
        joined([element("b", f"{each.rule}: "), f"{each.where}: {each.found}. {each.do}".rstrip()])
        for each in verdict.breaches[:_SHOWN]
    ]
    left_out = len(verdict.breaches) - len(broken)
    more = element("p", f"and {left_out:,} more", class_="warned") if left_out else ""
    held = "; ".join(verdict.held)
    return part(
        f"what was asked of it: {verdict.asked} rules, {len(verdict.breaches)} broken",
        *(element("p", each, class_="warned") for each in broken),
        more,
        element("p", f"held: {held}", class_="soft small-text") if held else "",
    )


def prediction_html(it: Prediction) -> str:
    """Return a batch prediction: what scored which rows, and how good the scores are."""
    beside = "" if it.beside is None else f", beside {it.beside.name}"
    lead = (
        f"{it.added.dataset}@{it.added.number}: {it.added.rows:,} rows of {it.output}, scored by"
        f" {it.crossing.name}{beside}"
    )
    found = it.evaluation
    if found is None:
        return card("prediction", lead, element("p", f"Not evaluated: {it.unevaluated}"))
    title = element("p", evaluation_title(found), class_="lead")
    return card("prediction", lead, title, *evaluation_parts(found))
