"""The report of two data versions: what came and went, and how far each column moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element
from interplane.charts.tables import table
from interplane.charts.times import exact
from interplane.data.datasets import diff, profile_of, versions
from interplane.data.difference_card import difference_parts
from interplane.data.difference_text import difference_lines
from interplane.data.history import History, resolve_version
from interplane.data.profile_card import profile_table
from interplane.errors import UsageError
from interplane.project.cards.crossings import verdict_part
from interplane.project.reports.card_parts import section
from interplane.project.reports.document import Report
from interplane.record import Ref, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.project import Project
    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["data_report"]


def data_report(project: Project, before: str, after: str) -> Report:
    """Return the report of two versions of a dataset.

    Args:
        project: where they are.
        before: the earlier one, for example ``flights@1``.
        after: the later one.

    Raises:
        UnknownName: if there is no such version.
        UsageError: if both are the same version.
    """
    store = project.store
    names = _called(store, before), _called(store, after)
    if names[0] == names[1]:
        raise UsageError(
            f"{names[0]} is to be compared with itself",
            expected="two versions of a dataset",
            do='Name two of those that "interplane data list" knows',
        )
    found = diff(store, before, after)
    rows, parts = difference_lines(found)
    return Report(
        title=f"{names[0]} and {names[1]}",
        lead=f"Project {project.config.name}. How {names[1]} differs from {names[0]}.",
        sections=(
            section("What changed", element("p", rows), element("p", parts, class_="soft")),
            section(
                "Columns, those that moved furthest first",
                *difference_parts(found),
                element("p", _DISTANCE, class_="soft small-text"),
            ),
            section("How they came about", *_history(store, (before, after))),
            section(f"What is in {names[1]}", profile_table(profile_of(store, after))),
        ),
        state=Markup(""),
        foot=f"Their names everywhere are {_digest(store, before)} and {_digest(store, after)}.",
    )


_DISTANCE = (
    "The number beside a name is the Jensen-Shannon distance of the two profiles: 0 where they are "
    "alike, 1 where they have nothing in common."
)


def _digest(store: Store, ref: str) -> Digest:
    return resolve_version(store, ref)[0]


def _called(store: Store, ref: str) -> str:
    """Return what a version is called: by its number where its dataset is known."""
    digest = _digest(store, ref)
    name = Ref.parse(ref).name
    number = History(store, name).number(digest) if name else None
    return f"{name or 'data'}@{short(digest) if number is None else number}"


def _history(store: Store, refs: tuple[str, str]) -> Iterator[Markup]:
    """Yield how both came about, then what a schema asked of the later one."""
    lines: list[tuple[object, ...]] = []
    verdict = None
    for ref in refs:
        digest, version = resolve_version(store, ref)
        name = Ref.parse(ref).name
        known = [each for each in versions(store, name) if each.digest == digest] if name else []
        info = known[0] if known else None
        added = None if info is None else info.addition
        lines.append(
            (
                _called(store, ref),
                f"{version.rows:,}",
                "" if info is None else exact(info.at),
                "" if info is None else info.actor,
                "" if added is None else added.source_name,
                element("code", short(digest)),
            )
        )
        verdict = None if info is None else info.verdict
    header = ["version", "rows", "added", "by", "from", "digest"]
    yield table(header, lines, right=(False, True))
    if verdict is not None:
        yield verdict_part(verdict)
