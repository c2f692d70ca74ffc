"""How features are shown: rows of a table, and the lines of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.expressions.nodes import Literal
from interplane.expressions.render import render
from interplane.views.derived import Derived
from interplane.views.view import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interplane.project.known_features import FeatureDetail, KnownFeature
    from interplane.views.derived import AnyView

__all__ = [
    "HEADERS",
    "definition_of",
    "detail_lines",
    "length_text",
    "list_rows",
    "plain_table",
    "window_of",
]

HEADERS: Final = ("feature", "type", "from", "version", "used by", "age", "definition")
_UNITS: Final = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000))
_USES: Final = 10


def length_text(duration_us: int) -> str:
    """Return a length of time in its largest whole unit.

    >>> length_text(10_800_000_000)
    '3h'
    """
    for unit, length in _UNITS:
        if duration_us % length == 0:
            return f"{duration_us // length}{unit}"
    return f"{duration_us}us"


def window_of(view: AnyView, feature: str) -> str | None:
    """Return which events a feature of a view is a statistic of; None if it is none."""
    if isinstance(view, Derived):
        return None
    found = view.features[feature]
    return f"{found.span}" if isinstance(found, Window) else None


def definition_of(view: AnyView, feature: str) -> str:
    """Return the definition of a view's feature as text.

    >>> from interplane.views.view import example
    >>> definition_of(example(), "x"), definition_of(example(), "n")
    ('x', "count(x).over(last('100us'))")
    """
    if isinstance(view, Derived):
        return render(view.features[feature])
    found = view.features[feature]
    argument = view.arguments[found.argument]
    if not isinstance(found, Window):
        return render(argument)
    of = "" if isinstance(argument, Literal) else render(argument)
    return f"{found.function}({of}).over({window_of(view, feature)})"


def list_rows(features: Iterable[KnownFeature]) -> list[tuple[str, ...]]:
    """Return a row for each feature, as `HEADERS` says."""
    return [
        (
            each.name,
            each.type or "",
            ", ".join(each.sources),
            (each.version or "").rpartition("@")[2] if each.is_recorded else "not run",
            _users(each),
            _age(each),
            each.definition,
        )
        for each in features
    ]


def plain_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under headers, in columns.

    >>> print(plain_table(("a", "b"), [("1", "22")]))
    a  b
    1  22
    """
    widths = [max(len(row[place]) for row in (headers, *rows)) for place in range(len(headers))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (headers, *rows)
    )


def detail_lines(detail: FeatureDetail) -> Iterator[tuple[str, str]]:
    """Yield what is known of a feature, with what each line is."""
    feature = detail.feature
    yield "feature", f"{feature.name}  ({feature.type or 'type not known before a run'})"
    yield "definition", feature.definition or "not known before a run"
    for table, written in detail.fitted.items():
        yield "fitted", f"{table} = {written}"
    if detail.caution:
        yield "caution", detail.caution
    yield "of", _kind(feature)
    if feature.entity:
        yield "entity", ", ".join(feature.entity)
    if feature.sources:
        yield "from", ", ".join(feature.sources)
    if feature.stands_on:
        yield "reads", ", ".join(feature.stands_on)
    if feature.event_time:
        yield "happened", f"{feature.event_time}; known at {feature.known_at}"
    if feature.window:
        yield "window", feature.window
    if feature.ttl_us is not None:
        yield "ttl", length_text(feature.ttl_us)
    if feature.versions:
        yield "versions", ", ".join(feature.versions)
    yield "freshness", _freshness(feature)
    yield from _uses(detail)
    yield from _profile(detail)
    yield "parity", _parity(detail)


def _kind(feature: KnownFeature) -> str:
    if not feature.is_recorded:
        return f"{feature.kind}: in the project's code, and in no crossing yet"
    return f"{feature.kind} {feature.version}"


def _users(feature: KnownFeature) -> str:
    if not feature.is_recorded:
        return "none yet"
    live = f", live: {', '.join(feature.live)}" if feature.live else ""
    return f"{feature.users:,}{live}"


def _age(feature: KnownFeature) -> str:
    fresh = feature.freshness
    if fresh is None:
        return ""
    if fresh.age_s is None:
        return "no event"
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if fresh.age_s >= seconds:
            return f"{fresh.age_s // seconds:.0f} {unit}"
    return f"{fresh.age_s:.0f} s"


def _freshness(feature: KnownFeature) -> str:
    fresh = feature.freshness
    if fresh is None:
        return "nothing is looked up"
    if fresh.horizon is None:
        return "nothing was materialized"
    newest = (
        f"newest event known {fresh.newest}, {_age(feature)} ago" if fresh.newest else "no event"
    )
    return f"{newest}; can be read from {fresh.horizon} on"


def _uses(detail: FeatureDetail) -> Iterator[tuple[str, str]]:
    if not detail.used_by:
        yield "used by", "no crossing"
    title = "used by"
    # Those that are live come first; of the others the newest are shown.
    pointed = [use for use in detail.used_by if use.pointers]
    ordered = [*pointed, *(use for use in reversed(detail.used_by) if not use.pointers)]
    for use in ordered[:_USES]:
        pointers = f" ({', '.join(use.pointers)})" if use.pointers else ""
        read = f": {', '.join(use.features)}" if use.features else ""
        yield title, f"{use.crossing}{pointers}{read}"
        title = ""
    if len(ordered) > _USES:
        yield "", f"and {len(ordered) - _USES:,} more crossings"


def _profile(detail: FeatureDetail) -> Iterator[tuple[str, str]]:
    found = detail.profile
    if found is None:
        yield "profile", f"absent: {detail.profile_of}"
        return
    yield "profile", f"{detail.profile_rows:,} baseline rows of {detail.profile_of}"
    yield "", f"{found.nulls:,} null, {found.distinct:,} distinct"
    if found.mean is not None:
        std = "" if found.std is None else f", std {found.std:.6g}"
        yield "", f"mean {found.mean:.6g}{std}"
    if found.low is not None:
        yield "", f"from {found.low} to {found.high}"
    if found.quantiles:
        yield "", f"quantiles {', '.join(_short(each) for each in found.quantiles)}"
    if found.top:
        yield (
            "",
            "most frequent " + ", ".join(f"{value} ({count:,})" for value, count in found.top[:5]),
        )


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _parity(detail: FeatureDetail) -> str:
    proof = detail.parity
    if proof is None:
        return "not proved" if detail.used_by else "proved when features are fitted"
    return (
        f"proved bit for bit on {proof['values']:,} values: {proof['rows']:,} training rows and "
        f"{proof['edge_rows']:,} edge rows"
    )
