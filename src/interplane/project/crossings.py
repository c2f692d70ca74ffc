"""Crossings as a project's people see them: listed, opened, compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.errors import UnknownName
from interplane.record import Crossing, Ref, short
from interplane.storage.names import named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interplane.record import Artifact, Digest, StepKey
    from interplane.storage.ports import Entry
    from interplane.storage.store import Store

__all__ = [
    "Change",
    "Recorded",
    "differences",
    "find_crossing",
    "list_crossings",
    "load",
]

_POINTERS = ("live", "canary", "shadow")


@dataclass(frozen=True)
class Recorded:
    """A crossing with what the workspace says of it.

    Attributes:
        digest: its digest.
        crossing: the record.
        number: its number under its model's name; None if it is in no series here.
        at: when it was recorded.
        actor: who recorded it.
        pointers: the pointers that are at it now: ``live``, ``canary``, ``shadow``.
    """

    digest: Digest
    crossing: Crossing
    number: int | None
    at: str
    actor: str
    pointers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For example ``flights@7``."""
        number = self.number if self.number is not None else short(self.digest)
        return f"{self.crossing.model_name}@{number}"

    def _repr_html_(self) -> str:
        from interplane.project.cards.crossings import recorded_html

        return recorded_html(self)


class Change(NamedTuple):
    """One thing in which two crossings differ."""

    plane: str
    what: str
    before: str
    after: str


def list_crossings(store: Store) -> list[Recorded]:
    """Return the crossings of every model, models by name and each oldest first."""
    found = []
    for series in store.catalog.names("model/"):
        there = _pointers(store, series.partition("/")[2])
        for member in store.catalog.series(series):
            entry = store.catalog.get(member.digest)
            found.append(_of(entry, number=member.number, pointers=there))
    return found


def find_crossing(store: Store, text: str) -> Recorded:
    """Return the crossing that a reference such as ``flights@2`` means.

    Raises:
        UnknownName: if there is none.
        UsageError: if the reference means another kind of entry.
    """
    digest = store.resolve(Ref.parse(text), series="model")
    store.record(digest, Crossing)
    return _recorded(store, store.catalog.get(digest))


def load(store: Store, artifact: Artifact) -> Any:
    """Return what an artifact is: a model, an evaluation, rows. Verified when it is read."""
    from interplane.pipeline.artifacts import Artifacts

    return Artifacts(store).load(artifact, scratch=store.blobs.scratch)


def differences(before: Crossing, after: Crossing) -> list[Change]:
    """Return in what two crossings differ, plane by plane: code, data, parameters, outcome."""
    return [
        *_mapped("code", _code(before), _code(after), cut=True),
        *_mapped("code", {"commit": before.commit}, {"commit": after.commit}, cut=True),
        *_mapped("data", _data(before), _data(after), cut=True),
        *_mapped("parameters", _parameters(before), _parameters(after)),
        *_mapped("seeds", before.seeds, after.seeds),
        *_mapped("features", before.views, after.views, cut=True),
        *_mapped("environment", _distributions(before), _distributions(after)),
        *_mapped("outcome", _outcome(before), _outcome(after), cut=True),
    ]


def _code(crossing: Crossing) -> dict[str, str]:
    return {name: d for key in crossing.steps.values() for name, d in key.code.items()}


def _data(crossing: Crossing) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for name, use in crossing.data.items():
        pairs[name] = use.version
        if use.schema is not None:
            pairs[f"schema of {name}"] = use.schema
    return pairs


def _parameters(crossing: Crossing) -> dict[str, Any]:
    return {
        f"{step}.{name}": value
        for step, values in crossing.parameters.items()
        for name, value in values.items()
    }


def _distributions(crossing: Crossing) -> dict[str, str]:
    keys: Iterator[StepKey] = iter(crossing.steps.values())
    return {name: version for key in keys for name, version in key.distributions.items()}


def _outcome(crossing: Crossing) -> dict[str, str]:
    return {
        "features": crossing.frozen.digest if crossing.frozen else "none",
        "model": crossing.model.digest,
        "verdict": "passed" if crossing.verdict.passed else "failed",
    }


def _mapped(
    plane: str, before: Mapping[str, Any], after: Mapping[str, Any], *, cut: bool = False
) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Change(plane, name, _word(old, cut=cut), _word(new, cut=cut))


def _word(value: Any, *, cut: bool) -> str:
    if value is None:
        return "-"
    return short(str(value)) if cut and len(str(value)) >= 40 else str(value)


def _recorded(store: Store, entry: Entry) -> Recorded:
    name = _crossing(entry).model_name
    members = store.catalog.series(series_name("model", name))
    number = next((m.number for m in members if m.digest == entry.digest), None)
    return _of(entry, number=number, pointers=_pointers(store, name))


def _of(entry: Entry, *, number: int | None, pointers: Mapping[str, Digest]) -> Recorded:
    return Recorded(
        digest=entry.digest,
        crossing=_crossing(entry),
        number=number,
        at=entry.at,
        actor=entry.actor,
        pointers=tuple(word for word in _POINTERS if pointers.get(word) == entry.digest),
    )


def _crossing(entry: Entry) -> Crossing:
    if not isinstance(entry.record, Crossing):
        raise UnknownName.of("crossing", short(entry.digest), ())
    return entry.record


def _pointers(store: Store, model: str) -> dict[str, Digest]:
    """Return where the pointers of a model are now, by their words."""
    names = {named_pointer("model", model, word): word for word in _POINTERS}
    there = store.catalog.pointers(names)
    return {word: there[name] for name, word in names.items() if name in there}
