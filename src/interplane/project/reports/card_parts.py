"""The card of a model written as HTML: once for the page that is printed and for reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import interval
from interplane.charts.numbers import number
from interplane.charts.svg import one_mark
from interplane.charts.svg_residuals import residuals
from interplane.charts.tables import curves, ruler, table
from interplane.charts.times import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interplane.evaluation.figures import Figure
    from interplane.evaluation.slices_card import SliceLine, SlicesCard
    from interplane.project.reports.facts import CrossingFacts, StandsOn
    from interplane.project.reports.model_card import ModelCard, Span
    from interplane.record import Verdict

__all__ = [
    "asked_of_it",
    "card_sections",
    "how_good",
    "section",
    "slice_table",
    "what_it_is",
    "when_it_answered",
]

_BASELINE: Final = "baseline rows, which need not be its test"


def card_sections(card: ModelCard) -> Markup:
    """Return the whole card: what it is, how good, where it is worst and best, when it answered."""
    it = card.it
    parts = [what_it_is(card), how_good(it)]
    if it.by_slice is not None and card.worst:
        small = f"Of {card.too_small} slices nothing can be said: they have too few rows."
        note = element("p", small, class_="soft small-text") if card.too_small else ""
        parts.append(section("Where it is worst", slice_table(card.worst, it.by_slice), note))
    if it.by_slice is not None and card.best:
        parts.append(section("Where it is best", slice_table(card.best, it.by_slice)))
    return joined([*parts, asked_of_it(it.verdict), when_it_answered(card.spans)])


def section(name: str, *inside: object) -> Markup:
    """Return a section under its heading."""
    return element("section", element("h2", name), *inside)


def what_it_is(card: ModelCard) -> Markup:
    """Return what the model is, what it asks for, and what it was made of."""
    lines = (joined([element("dt", name), element("dd", said)]) for name, said in _known(card))
    return section("What it is", element("dl", *lines))


def _known(card: ModelCard) -> Iterator[tuple[str, object]]:
    it = card.it
    is_new = bool(it.features) and it.features not in it.model_summary
    yield "Model", f"{it.model_summary}; {it.features}" if is_new else it.model_summary
    if card.label:
        yield "Foretells", card.label
    if card.asks_for:
        yield "Asks for", _words((name, type_, "after") for name, type_ in card.asks_for)
    code = element("code", it.commit[:12]) if it.commit else None
    of = ["commit ", code] if code is not None else ["files that are in no git"]
    changed = ", with uncommitted changes" if it.uncommitted else ""
    yield "Made by", joined(["the pipeline ", it.pipeline, " of ", *of, changed])
    yield "Learned from", ", ".join(map(_data, it.data))
    for step, values in it.parameters.items():
        yield step, _words((name, value, "before") for name, value in values.items())
    proof: Mapping[str, int] = it.parity or {}
    proved = f"proved on {proof['values']:,} values, bit for bit" if proof else "not proved"
    yield "Serves as trained", proved
    yield "Digest", element("code", it.digest, class_="digest")


def _words(pairs: Iterable[tuple[str, object, str]]) -> Markup:
    """Return words with what belongs to each; the quieter one is a label."""

    def quiet(said: object) -> Markup:
        return element("span", said, class_="label")

    return joined(
        joined(
            [
                element(
                    "span",
                    *((name, " ", quiet(other)) if where == "after" else (quiet(name), " ", other)),
                    class_="pair",
                ),
                " ",
            ]
        )
        for name, other, where in pairs
    )


def _data(each: StandsOn) -> str:
    number_ = "" if each.number is None else f"@{each.number}"
    as_of = f", as of {each.as_of}" if each.as_of else ""
    return f"{each.dataset}{number_} ({each.rows:,} rows{as_of})"


def how_good(it: CrossingFacts) -> Markup:
    """Return the figures of its test beside the champion's, and the curves of its scores."""
    of = f", on {it.test_rows:,} rows of its test" if it.test_rows else ""
    parts = [_figures(it) if it.figures else element("p", "It was not evaluated.", class_="soft")]
    parts += [element("p", each, class_="why") for each in it.cautions]
    drawn = None
    if it.curves.curves is not None:
        drawn = curves(it.curves.curves)
    elif it.curves.residuals is not None:
        drawn = residuals(it.curves.residuals)
    if drawn is not None:
        rows = "the rows of its test" if it.curves.of_test else _BASELINE
        parts += [drawn, element("p", f"Of {rows}.", class_="soft small-text")]
    return section(f"How good it is{of}", *parts)


def _figures(it: CrossingFacts) -> Markup:
    header = ["figure", "value"]
    if it.champion:
        header.append(f"{it.champion} on the same rows")
    others = {each.name: each for each in it.champion_figures}
    rows: list[list[object]] = []
    for each in it.figures:
        row: list[object] = [each.name, _figure(each)]
        if it.champion:
            other = others.get(each.name)
            row.append("" if other is None else _figure(other))
        rows.append(row)
    return table(header, rows, right=(False, *[True] * (len(header) - 1)))


def _figure(it: Figure, digits: int = 4) -> Markup:
    return interval(it.value, it.low, it.high, digits=digits)


def slice_table(lines: Sequence[SliceLine], by: SlicesCard) -> Markup:
    """Return slices with the metric that they are shown by, each beside the line of all rows."""
    scale = Markup("") if by.ruler is None else ruler(by.ruler)
    return table(
        ["by", "slice", "rows", by.metric, scale],
        (_slice(each, by) for each in lines),
        right=(False, False, True, True),
    )


def _slice(it: SliceLine, by: SlicesCard) -> tuple[object, ...]:
    shown = next((_figure(each, 3) for each in it.figures if each.name == by.metric), "")
    mark: object = element("span", it.why_not, class_="soft") if it.why_not else ""
    if it.drawn is not None and by.ruler is not None:
        mark = one_mark(it.drawn, by.ruler, it.went)
    return element("span", it.by, class_="soft"), it.name, number(it.rows), shown, mark


def asked_of_it(verdict: Verdict) -> Markup:
    """Return what was asked of it before it was let through: what broke, then what held."""
    broken = (
        element(
            "li",
            element("div", element("b", each.rule), element("p", f"{each.where}: {each.found}")),
            class_="run" if each.action == "stop" else "data",
        )
        for each in verdict.breaches
    )
    held = (element("li", element("div", each), class_="held") for each in verdict.held)
    lines = [*broken, *held]
    shown = element("ul", *lines, class_="list") if lines else ""
    nothing = "" if verdict.asked else element("p", "Nothing.", class_="soft")
    return section("What was asked of it before it was let through", shown, nothing)


def when_it_answered(spans: Sequence[Span]) -> Markup:
    """Return when it was live, who decided that, and why."""
    if not spans:
        shown = element("p", "It was never live.", class_="soft")
    else:
        shown = element("ul", *map(_span, spans), class_="list")
    return section("When it answered", shown)


def _span(it: Span) -> Markup:
    until = exact(it.end) if it.end else "now"
    why = element("p", f"{it.actor}: {it.reason}")
    return element("li", element("div", f"{exact(it.begin)} to {until}", why), class_="alert")
