"""Finding anything by its name or by the beginning of its digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from interplane.project.feature_reading import FeatureReading
from interplane.project.journal import find_journal
from interplane.project.runs import find_run
from interplane.project.watch_report import alert_words
from interplane.record.base import Value
from interplane.web.pages.naming import Names
from interplane.web.places import Text
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.chronicle import Planes

__all__ = ["PAGES", "SearchPage"]

_DIGEST: Final = re.compile(r"@?[0-9a-f]{4,64}")
_MOST: Final = 60
_PREFIX: Final = 4


class Found(Value, frozen=True, kw_only=True):
    """Something that was found."""

    kind: str
    name: str
    href: str


class SearchPage(Value, frozen=True, kw_only=True):
    """What was found for some words.

    Attributes:
        words: the words.
        found: the first of what they are about.
        in_all: how much they are about.
    """

    words: str
    found: tuple[Found, ...]
    in_all: int


def read_search(asked: Asked) -> SearchPage:
    """Return what is called by some words, or has a digest that begins so."""
    words = asked.query.get("q", "").strip()[:200]
    found = tuple(dict.fromkeys(_search(asked, words.lower()))) if words else ()
    return SearchPage(words=words, found=found[:_MOST], in_all=len(found))


def _search(asked: Asked, words: str) -> Iterator[Found]:
    store = asked.project.store
    if _DIGEST.fullmatch(words):
        names = Names(store)
        for digest in store.catalog.resolve(words.removeprefix("@")):
            named = names.of(store.catalog.get(digest))
            yield Found(kind=named.kind, name=f"{named.name} ({digest[:12]})", href=named.href)
    yield from _named(asked, words)
    yield from _alerts(asked, words)
    planes = asked.chronicle.planes()
    for point in reversed(planes.code):
        if words in point.subject.lower() or point.name.startswith(words):
            name = f"{point.name[:12]} {point.subject}"
            yield Found(kind="commit", name=name, href=f"/lineage/{point.name[:16]}")


def _named(asked: Asked, words: str) -> Iterator[Found]:
    """Yield what has a name, or a name and a number, that is meant."""
    planes = asked.chronicle.planes()
    data = {(point.dataset, point.number) for point in planes.data}
    crossings = {(strut.model, strut.number) for strut in planes.crossings}
    yield from _numbered(data, words, ("dataset", "data version"), "/data")
    yield from _numbered(crossings, words, ("model", "crossing"), "/models")
    yield from _pointed(planes, words)
    for pipeline in sorted({run.pipeline for run in planes.runs}):
        if words in pipeline.lower():
            yield Found(kind="pipeline", name=pipeline, href=f"/pipelines/{pipeline}")
    yield from _steps(asked, planes, words)
    for kind, name in _features(asked):
        if words in name.lower():
            yield Found(kind="feature", name=name, href=f"/features/{kind}/{quote(name)}")


def _steps(asked: Asked, planes: Planes, words: str) -> Iterator[Found]:
    """Yield the steps of the last run of each pipeline, which shows them."""
    last = {run.pipeline: run.run for run in planes.runs}
    for pipeline, digest in sorted(last.items()):
        info = find_run(asked.project.store, digest, details=False)
        # Runs of before said not what their steps take: of these, what is known when they end.
        for step in info.run.takes or info.steps:
            if words in step.lower():
                name = f"{step} of {pipeline}, in its last run"
                yield Found(kind="step", name=name, href=f"/runs/{digest[:12]}")


def _alerts(asked: Asked, words: str) -> Iterator[Found]:
    """Yield the alerts whose id begins so, or whose rule is called so, open ones first."""
    journal = find_journal(asked.project)
    if journal is None:
        return
    try:
        alerts = journal.alerts()
    finally:
        journal.close()
    for each in alerts:
        if words in each.cell.rule.lower() or (len(words) >= _PREFIX and each.id.startswith(words)):
            name = f"{each.cell.rule}: {alert_words(each)} ({each.id[:12]})"
            yield Found(kind="alert", name=name, href=f"/alerts/{each.id[:12]}")


def _features(asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield the features of the catalogue, and whether each is a view's or a model's."""
    reading = FeatureReading(asked.project, asked.chronicle.crossings())
    yield from (("view", each.known.name) for each in reading.of_views())
    yield from (("model", each.known.name) for each in reading.of_models())


def _pointed(planes: Planes, words: str) -> Iterator[Found]:
    """Yield what a pointer is at: by its name (``live``), or with whose it is (``flights@live``)."""
    wanted, is_whole, word = words.rpartition("@")
    for strut in planes.crossings:
        if word in strut.pointers and (not is_whole or wanted == strut.model.lower()):
            name = f"{strut.model}@{word} is {strut.model}@{strut.number}"
            yield Found(kind="pointer", name=name, href=f"/models/{strut.model}/{strut.number}")
    newest = {point.dataset: point.number for point in planes.data}
    for dataset, number in newest.items():
        if word == "latest" and (not is_whole or wanted == dataset.lower()):
            name = f"{dataset}@{word} is {dataset}@{number}"
            yield Found(kind="pointer", name=name, href=f"/data/{dataset}/{number}")


def _numbered(
    members: set[tuple[str, int]], words: str, kinds: tuple[str, str], place: str
) -> Iterator[Found]:
    wanted, _, number = words.partition("@")
    for name in sorted({name for name, _ in members}):
        if words in name.lower():
            yield Found(kind=kinds[0], name=name, href=f"{place}/{name}")
        if wanted == name.lower() and number.isdecimal() and (name, int(number[:9])) in members:
            yield Found(kind=kinds[1], name=f"{name}@{number}", href=f"{place}/{name}/{number}")


PAGES: Final = (
    Page(
        name="search",
        path="/search",
        permission="look",
        read=read_search,
        template="search.html",
        query={"q": Text("a name, a part of one, a pointer, or the beginning of a digest")},
    ),
)
