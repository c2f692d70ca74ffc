"""What a model's page of monitoring shows of skew: what was served beside what the data give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.monitoring.skew import FirstSkew  # noqa: TC001 - the type of a field
from interplane.project.audit import latest_report
from interplane.project.crossings import find_crossing
from interplane.record import Digest, Value
from interplane.storage.names import audit_pointer, named_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.monitoring.skew import SkewFigure
    from interplane.project.project import Project

__all__ = ["SkewLine", "SkewPart", "read_skew"]

_SHOWN: Final = 20
_KINDS: Final = {"looked_up": "looked up", "feature": "feature"}
_WORDS: Final = ("live", "canary")


class SkewLine(Value, frozen=True, kw_only=True):
    """How often one thing was not what the data give.

    Attributes:
        name: the feature, what was looked up, or the score.
        kind: which of these.
        compared: how many predictions could be compared.
        differing: how many differ.
        rate: the share of them.
        high: the rate is at most this, with the audit's confidence.
        is_much: whether that is more than the project puts up with.
    """

    name: str
    kind: str
    compared: int
    differing: int
    rate: float
    high: float
    is_much: bool


class SkewPart(Value, frozen=True, kw_only=True):
    """The latest audit of a crossing.

    Attributes:
        crossing: what the crossing is called.
        word: what it is to its model.
        at: when it was audited.
        rows: how many predictions were made again.
        skewed: of how many anything differs.
        pending: of how many some history has not arrived.
        most: the greatest rate that the project puts up with.
        lines: what differs, most often first.
        alike: how many things never differ.
        left_out: how many differ and are not shown.
        first: the earliest prediction that differs, and the first operation that does.
    """

    crossing: str
    word: str
    at: str
    rows: int
    skewed: int
    pending: int
    most: float
    lines: tuple[SkewLine, ...]
    alike: int
    left_out: int
    first: FirstSkew | None


def read_skew(project: Project, model: str) -> tuple[SkewPart, ...]:
    """Return the latest audits of what answers a model."""
    return tuple(_parts(project, model))


def _parts(project: Project, model: str) -> Iterator[SkewPart]:
    catalog = project.store.catalog
    for word in _WORDS:
        crossing = catalog.pointer(named_pointer("model", model, word))
        found = None if crossing is None else _part(project, crossing, word)
        if found is not None:
            yield found


def _part(project: Project, crossing: Digest, word: str) -> SkewPart | None:
    store, most = project.store, project.config.rollout.max_skew
    report = latest_report(store, crossing)
    if report is None:
        return None
    compared = [each for each in report.figures if each.compared]
    differing = sorted((each for each in compared if each.differing), key=_order)
    return SkewPart(
        crossing=find_crossing(store, crossing).name,
        word=word,
        at=store.catalog.moves(audit_pointer(crossing))[-1].at,
        rows=report.rows,
        skewed=report.skewed,
        pending=report.pending,
        most=most,
        lines=tuple(_line(each, most) for each in differing[:_SHOWN]),
        alike=len(compared) - len(differing),
        left_out=max(len(differing) - _SHOWN, 0),
        first=report.first,
    )


def _order(figure: SkewFigure) -> tuple[float, str]:
    return -figure.rate, figure.name


def _line(figure: SkewFigure, most: float) -> SkewLine:
    return SkewLine(
        name=figure.name,
        kind=_KINDS.get(figure.kind, figure.kind),
        compared=figure.compared,
        differing=figure.differing,
        rate=figure.rate,
        high=figure.high,
        is_much=figure.rate > most,
    )
