"""What a thing comes from and what came of it, read from what is on record."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from interplane.errors import UnknownName, UsageError
from interplane.project.feature_reading import FeatureReading
from interplane.project.lineage import Draft, Lineage, Thing
from interplane.project.views import list_views
from interplane.record import (
    Addition,
    Crossing,
    DataVersion,
    Digest,
    Run,
    RunEnd,
    Snapshot,
    StepRun,
    ViewVersion,
    short,
)
from interplane.views.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interplane.project.chronicle import Chronicle, CodePoint, DataPoint, RunLine, Strut
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.project.views import RecordedView
    from interplane.record import Record

__all__ = ["LineageReading"]

_LOOKED_AT: Final = 60
_FEW: Final = 3
_FILES: Final = 12
_WEIGHTS: Final = ("live", "canary", "shadow")


class LineageReading:
    """Reads what comes of what in a project.

    Args:
        project: the project.
        chronicle: what happened in it.
    """

    def __init__(self, project: Project, chronicle: Chronicle) -> None:
        self._project = project
        self._store = project.store
        self._planes = chronicle.planes()
        self._recorded = {each.digest: each for each in chronicle.crossings()}

    # ---- from what -------------------------------------------------------------------------

    def of_digest(self, text: str) -> Lineage:
        """Return the lineage of what has a digest that begins so: a record, a commit, or whole bytes.

        Raises:
            UnknownName: if nothing has.
            UsageError: if several have.
        """
        found = self._store.catalog.resolve(text)
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} digests begin with {text!r}", expected="one", do="Give more of it"
            )
        if found:
            return self._of_record(found[0], self._store.catalog.get(found[0]).record)
        commit = next((each for each in self._planes.code if each.name.startswith(text)), None)
        if commit is not None:
            return self._of_commit(commit)
        held = self._store.catalog.standing_on(Digest(text))
        if held:
            return self._of_bytes(Digest(text), held)
        raise UnknownName(
            f"no digest begins with {text!r}",
            expected="one on record: of bytes the whole digest",
            name=text,
        )

    def of_dataset(self, name: str) -> Lineage:
        """Return the lineage of a dataset: its files, its versions, and what came of them."""
        points = [each for each in self._planes.data if each.dataset == name]
        if not points:
            raise UnknownName.of("dataset", name, sorted({p.dataset for p in self._planes.data}))
        count = len(points)
        note = "1 version" if count == 1 else f"{count:,} versions"
        focus = Thing(id=f"dataset:{name}", kind="dataset", name=name, note=note)
        draft = Draft(focus)
        newest = list(reversed(points))
        files = [each.source for each in newest]
        for file in draft.some("file", "below", files, of=focus.id):
            draft.add(_file(file), under=[focus.id])
        used = {
            version for strut in self._planes.crossings if strut.pointers for version in strut.data
        }
        ranked = sorted(newest, key=lambda each: each.version not in used)
        digests: list[str] = [each.version for each in ranked]
        for key in draft.some("data-version", "above", digests, of=focus.id):
            draft.add(self._version(Digest(key)), on=[focus.id])
        for point in ranked:
            if f"data-version:{point.version}" in draft:
                self._above_version(draft, point.version, datasets=(name,))
        return draft.done()

    def of_model(self, name: str) -> Lineage:
        """Return the lineage of a model: its crossings with all below them, and what answers."""
        struts = [each for each in self._planes.crossings if each.model == name]
        if not struts:
            raise UnknownName.of("model", name, sorted({s.model for s in self._planes.crossings}))
        focus = Thing(id=f"model:{name}", kind="model", name=name)
        draft = Draft(focus)
        for key in draft.some("crossing", "below", _ranked(struts), of=focus.id, room=4):
            strut = self._struts[Digest(key)]
            draft.add(_crossing(strut), under=[focus.id])
            self._below_crossing(draft, strut)
            for word in strut.pointers:
                self._deployment(draft, strut, word, on=focus.id)
        return draft.done()

    def of_feature(self, kind: str, name: str) -> Lineage:
        """Return the lineage of a feature: what it is made of, and the crossings that use it.

        Raises:
            UnknownName: if there is none.
        """
        reading = FeatureReading(self._project, list(self._recorded.values()))
        of_view = reading.find_in_views(name) if kind == "view" else None
        of_model = reading.find_in_models(name) if kind == "model" else None
        if of_view is not None:
            known, used_by = of_view.known, reading.uses.users(of_view.version.view, of_view.name)
        elif of_model is not None:
            known = of_model.known
            used_by = reading.uses.model_users(of_model.crossing, of_model.name)
        else:
            there = reading.of_views() if kind == "view" else reading.of_models()
            raise UnknownName.of("feature", name, [each.known.name for each in there])
        focus = Thing(
            id=f"feature:{name}", kind="feature", name=name, note=known.type or "", of=kind
        )
        draft = Draft(focus)
        if of_view is not None:
            key = self._keys[of_view.version.view.digest]
            self._below_view(draft, self._views[key], under=focus.id)
        elif of_model is not None:
            self._below_feature(draft, of_model.crossing, known.sources, under=focus.id)
        names = {each.name: digest for digest, each in self._recorded.items()}
        used = [names[use.crossing] for use in used_by if use.crossing in names]
        self._crossings(draft, used, on=focus.id)
        return draft.done()

    def _of_record(self, digest: Digest, record: Record) -> Lineage:
        if isinstance(record, Addition):
            digest, record = record.version, self._store.record(record.version, DataVersion)
        if isinstance(record, RunEnd):
            digest, record = record.run, self._store.record(record.run, Run)
        if isinstance(record, DataVersion) and digest in self._points:
            found = self._of_version(digest)
        elif isinstance(record, Snapshot):
            name = record.commit or digest
            found = self._of_commit(next(e for e in self._planes.code if e.name == name))
        elif isinstance(record, Run):
            found = self._of_run(self._runs[digest])
        elif isinstance(record, StepRun):
            found = self._of_step(digest, record)
        elif isinstance(record, Crossing) and digest in self._struts:
            found = self._of_crossing(self._struts[digest])
        elif isinstance(record, ViewVersion):
            found = self._of_view(self._views[digest])
        else:
            found = self._of_other(digest, record)
        return found

    def _of_version(self, digest: Digest) -> Lineage:
        focus = self._version(digest)
        draft = Draft(focus)
        self._below_version(draft, digest, under=None, with_parent=True)
        for child in self._children(digest):
            for key in draft.some("data-version", "above", [child], of=focus.id, room=_FEW):
                draft.add(self._version(Digest(key)), on=[focus.id])
        datasets = {each.dataset for each in self._planes.data if each.version == digest}
        self._above_version(draft, digest, datasets=datasets)
        return draft.done()

    def _of_commit(self, commit: CodePoint) -> Lineage:
        focus = _commit(commit.name, commit.subject)
        draft = Draft(focus)
        struts = [each.crossing for each in self._planes.crossings if each.code == commit.name]
        self._crossings(draft, struts, on=focus.id, by_runs=True)
        self._more_runs(
            draft, (each for each in self._planes.runs if each.code == commit.name), on=focus.id
        )
        return draft.done()

    def _of_view(self, view: RecordedView) -> Lineage:
        focus = self._view(view)
        draft = Draft(focus)
        self._below_view(draft, view, under=None)
        names: list[str] = [f"{view.view.name}.{name}" for name in view.view.types]
        for name in draft.some("feature", "above", names, of=focus.id):
            thing = Thing(id=f"feature:{name}", kind="feature", name=name, of="view")
            draft.add(thing, on=[focus.id])
        self._views_on(draft, view)
        return draft.done()

    def _of_run(self, run: RunLine) -> Lineage:
        focus = _run(run)
        draft = Draft(focus)
        self._below_run(draft, run)
        self._crossings(draft, self._published(run.run), on=focus.id)
        return draft.done()

    def _of_step(self, digest: Digest, step: StepRun) -> Lineage:
        focus = _step(digest, step)
        draft = Draft(focus)
        steps = self._steps_of(step.run)
        takes = set(step.key.inputs.values())
        makers = [each for each, other in steps if takes & _made(other) and each != digest]
        known = dict(steps)
        keys: list[str] = list(makers)
        for key in draft.some("step", "below", keys, of=focus.id):
            draft.add(_step(Digest(key), known[Digest(key)]), under=[focus.id])
        self._run_below(draft, step.run, under=[f"step:{each}" for each in makers] or [focus.id])
        self._readers(draft, _made(step), step.run, on=focus.id, skip=digest)
        return draft.done()

    def _of_bytes(self, digest: Digest, held: Iterable[Digest]) -> Lineage:
        focus = Thing(
            id=f"bytes:{digest}", kind="bytes", name=short(digest), note="bytes", digest=digest
        )
        draft = Draft(focus)
        runs: dict[Digest, None] = {}
        makers: list[Digest] = []
        crossings: list[Digest] = []
        for each in islice(held, _LOOKED_AT):
            record = self._store.catalog.get(each).record
            if isinstance(record, StepRun) and digest in _made(record):
                makers.append(each)
                runs[record.run] = None
            elif isinstance(record, Crossing):
                crossings.append(each)
            elif isinstance(record, Addition | DataVersion | Snapshot):
                self._holder(draft, each, record, on=focus.id)
        keys: list[str] = list(makers)
        for key in draft.some("step", "below", keys, of=focus.id):
            step = self._store.record(Digest(key), StepRun)
            draft.add(_step(Digest(key), step), under=[focus.id])
            self._run_below(draft, step.run, under=[f"step:{key}"])
        for run in runs:
            self._readers(draft, {digest}, run, on=focus.id, skip=None)
        self._crossings(draft, crossings, on=focus.id)
        return draft.done()

    def _holder(self, draft: Draft, digest: Digest, record: Record, *, on: str) -> None:
        """Draw what holds some bytes: a data version, or a state of the code."""
        if isinstance(record, Addition):
            digest = record.version
        if isinstance(record, Snapshot):
            draft.add(_commit(record.commit or digest, ""), on=[on])
        elif digest in self._points:
            for key in draft.some("data-version", "above", [digest], of=on):
                draft.add(self._version(Digest(key)), on=[on])
        else:
            draft.add(_other(digest, record), on=[on])

    def _of_crossing(self, strut: Strut) -> Lineage:
        focus = _crossing(strut)
        draft = Draft(focus)
        self._below_crossing(draft, strut, with_features=True)
        champion = self._recorded[strut.crossing].crossing.champion
        if champion in self._struts:
            draft.add(_crossing(self._struts[champion], "its champion"), under=[focus.id])
        self._above_crossing(draft, strut)
        others: list[Digest] = []
        for digest in self._store.catalog.standing_on(strut.crossing):
            if digest in self._struts:
                others.append(digest)
                continue
            record = self._store.catalog.get(digest).record
            if record.kind in {"audit", "checkpoint"}:
                for key in draft.some("other", "above", [digest], of=focus.id, room=_FEW):
                    draft.add(_other(Digest(key), record), on=[focus.id])
        ranked = _ranked(self._struts[each] for each in others)
        for key in draft.some("crossing", "above", ranked, of=focus.id):
            challenger = self._struts[Digest(key)]
            draft.add(_crossing(challenger, "compared with it"), on=[focus.id])
        return draft.done()

    def _of_other(self, digest: Digest, record: Record) -> Lineage:
        focus = _other(digest, record)
        draft = Draft(focus)
        for below in dict.fromkeys(record.links()):
            entry = self._store.catalog.find(below)
            if entry is not None:
                for key in draft.some("other", "below", [below], of=focus.id):
                    draft.add(self._thing(Digest(key), entry.record), under=[focus.id])
        above: list[str] = list(reversed(self._store.catalog.standing_on(digest)))
        for key in draft.some("other", "above", above, of=focus.id):
            entry = self._store.catalog.get(Digest(key))
            draft.add(self._thing(Digest(key), entry.record), on=[focus.id])
        return draft.done()

    # ---- below -----------------------------------------------------------------------------

    def _below_version(
        self, draft: Draft, digest: Digest, *, under: str | None, with_parent: bool = False
    ) -> str:
        thing = self._version(digest)
        draft.add(thing, under=[] if under is None else [under])
        additions = list(self._additions(digest))
        sources: list[str] = [each.source_name for each in additions]
        for file in draft.some("file", "below", sources, of=thing.id, room=_FILES):
            draft.add(_file(file), under=[thing.id])
        if with_parent:
            for each in additions:
                if each.parent in self._points:
                    draft.add(self._version(each.parent), under=[thing.id])
        return thing.id

    def _below_run(self, draft: Draft, run: RunLine) -> None:
        here = f"run:{run.run}"
        keys: list[str] = [each for each in run.data if each in self._points]
        for key in draft.some("data-version", "below", keys, of=here, room=12):
            self._below_version(draft, Digest(key), under=here)
        if run.code:
            draft.add(_commit(run.code, self._subjects.get(run.code, "")), under=[here])

    def _run_below(self, draft: Draft, digest: Digest, *, under: Iterable[str]) -> None:
        run = self._runs.get(digest)
        if run is not None:
            draft.add(_run(run), under=under)
            self._below_run(draft, run)

    def _below_crossing(self, draft: Draft, strut: Strut, *, with_features: bool = False) -> None:
        here, crossing = f"crossing:{strut.crossing}", self._recorded[strut.crossing].crossing
        run = self._run_of(strut.crossing)
        if run is not None:
            draft.add(_run(run), under=[here])
            self._below_run(draft, run)
        elif strut.code:
            draft.add(_commit(strut.code, self._subjects.get(strut.code, "")), under=[here])
        data = [each for each in dict.fromkeys(strut.data) if each in self._points]
        if run is None:
            for each in data:
                self._below_version(draft, each, under=here)
        top = here
        if with_features and crossing.frozen is not None:
            top = f"features:{strut.crossing}"
            features = Thing(
                id=top,
                kind="features",
                name="features",
                note=crossing.frozen.summary,
                digest=crossing.frozen.digest,
                of=strut.model,
            )
            draft.add(features, under=[here])
            if not crossing.views:
                for each in data:
                    draft.join(f"data-version:{each}", top)
        views: list[str] = [each for each in crossing.views.values() if each in self._views]
        for key in draft.some("view", "below", views, of=top):
            self._below_view(draft, self._views[Digest(key)], under=top, data=data, run=run)

    def _below_feature(
        self, draft: Draft, crossing: Recorded, sources: Iterable[str], *, under: str
    ) -> None:
        """Draw what a model's feature is made of: the views that it reads, or else the data."""
        wanted = set(sources)
        views = [self._views[each] for each in crossing.crossing.views.values()]
        read = [each for each in views if wanted & set(each.view.sources)]
        for each in read:
            self._below_view(draft, each, under=under)
        if not read:
            for use in crossing.crossing.data.values():
                if use.version in self._points:
                    self._below_version(draft, use.version, under=under)

    def _below_view(
        self,
        draft: Draft,
        view: RecordedView,
        *,
        under: str | None,
        data: Iterable[Digest] = (),
        run: RunLine | None = None,
    ) -> None:
        """Draw a view with the tables that its events come from.

        Args:
            draft: where.
            view: the view.
            under: what stands on it, by id; None where it is what was asked for.
            data: the versions of datasets that it was read of, if that is known.
            run: the run that made its other tables, if that is known.
        """
        here = draft.add(self._view(view), under=[] if under is None else [under])
        if isinstance(view.view, Derived):
            for use in view.view.parents.values():
                key = self._keys.get(use.view.digest)
                if key is not None:
                    self._below_view(draft, self._views[key], under=here, data=data, run=run)
            return
        for source in view.view.sources:
            there = [each for each in data if self._points[each].dataset == source]
            for each in there:
                draft.join(f"data-version:{each}", here)
            if not there and source in self._datasets:
                dataset = Thing(id=f"dataset:{source}", kind="dataset", name=source, note="dataset")
                draft.add(dataset, under=[here])
            elif not there:
                table = Thing(
                    id=f"table:{source}", kind="table", name=source, note="made by a step"
                )
                draft.add(table, on=[] if run is None else [f"run:{run.run}"], under=[here])

    # ---- above -----------------------------------------------------------------------------

    def _above_version(self, draft: Draft, digest: Digest, *, datasets: Iterable[str]) -> None:
        here = f"data-version:{digest}"
        struts = [each.crossing for each in self._planes.crossings if digest in each.data]
        self._crossings(draft, struts, on=here, by_runs=True)
        self._more_runs(draft, (each for each in self._planes.runs if digest in each.data), on=here)
        for name in datasets:
            for each in self._views.values():
                if not isinstance(each.view, Derived) and name in each.view.sources:
                    for key in draft.some("view", "above", [self._key(each)], of=here):
                        draft.add(self._view(self._views[Digest(key)]), on=[here])
                        self._join_views(draft, self._views[Digest(key)])

    def _more_runs(self, draft: Draft, runs: Iterable[RunLine], *, on: str) -> None:
        keys: list[str] = [each.run for each in reversed(list(runs))]
        for key in draft.some("run", "above", keys, of=on):
            draft.add(_run(self._runs[Digest(key)]), on=[on])

    def _crossings(
        self, draft: Draft, found: Iterable[Digest], *, on: str, by_runs: bool = False
    ) -> None:
        """Draw crossings above something, each with the run between where that is asked for."""
        ranked = _ranked(self._struts[each] for each in found if each in self._struts)
        for key in draft.some("crossing", "above", ranked, of=on):
            strut = self._struts[Digest(key)]
            here = draft.add(_crossing(strut))
            run = self._run_of(strut.crossing) if by_runs else None
            if run is None:
                draft.join(on, here)
            else:
                draft.add(_run(run), on=[on], under=[here])
            self._above_crossing(draft, strut)

    def _above_crossing(self, draft: Draft, strut: Strut) -> None:
        here = f"crossing:{strut.crossing}"
        for word in strut.pointers:
            self._deployment(draft, strut, word, on=here)
        if strut.was_live and "live" not in strut.pointers:
            self._deployment(draft, strut, "was live", on=here)

    def _deployment(self, draft: Draft, strut: Strut, word: str, *, on: str) -> None:
        thing = Thing(
            id=f"deployment:{strut.crossing}:{word}",
            kind="deployment",
            name=word if word == "was live" else f"{word} now",
            note=f"{strut.model}@{strut.number}",
            of=strut.model,
        )
        here = draft.add(thing, on=[on])
        if any(rule.model == strut.model for rule in self._project.config.monitor):
            predictions = Thing(
                id=f"predictions:{strut.model}",
                kind="predictions",
                name="predictions",
                note=f"of {strut.model}, monitored",
                of=strut.model,
            )
            draft.add(predictions, on=[here])

    def _views_on(self, draft: Draft, view: RecordedView) -> None:
        """Draw the views that stand on a view, and the crossings that read it."""
        here = f"view:{self._key(view)}"
        for each in self._views.values():
            if isinstance(each.view, Derived) and any(
                use.view.digest == view.view.digest for use in each.view.parents.values()
            ):
                for key in draft.some("view", "above", [self._key(each)], of=here):
                    draft.add(self._view(each), on=[here])
                    self._crossings(draft, self._readers_of(each), on=f"view:{key}")
        self._crossings(draft, self._readers_of(view), on=here)

    def _join_views(self, draft: Draft, view: RecordedView) -> None:
        """Draw which of the crossings that are there read a view."""
        for digest in self._readers_of(view):
            if f"crossing:{digest}" in draft:
                draft.join(f"view:{self._key(view)}", f"crossing:{digest}")

    def _readers(
        self,
        draft: Draft,
        made: set[Digest],
        run: Digest,
        *,
        on: str,
        skip: Digest | None,
    ) -> None:
        """Draw the steps of a run that take something, and the crossings that hold it."""
        for digest, step in self._steps_of(run):
            if digest != skip and made & set(step.key.inputs.values()):
                for key in draft.some("step", "above", [digest], of=on):
                    draft.add(_step(Digest(key), step), on=[on])
        holding = [each for each in self._published(run) if made & self._held_by(each)]
        self._crossings(draft, holding, on=on)

    # ---- what is known ----------------------------------------------------------------------

    @cached_property
    def _points(self) -> dict[Digest, DataPoint]:
        return {each.version: each for each in self._planes.data}

    @cached_property
    def _datasets(self) -> set[str]:
        return {each.dataset for each in self._planes.data}

    @cached_property
    def _runs(self) -> dict[Digest, RunLine]:
        return {each.run: each for each in self._planes.runs}

    @cached_property
    def _struts(self) -> dict[Digest, Strut]:
        return {each.crossing: each for each in self._planes.crossings}

    @cached_property
    def _subjects(self) -> dict[str, str]:
        return {each.name: each.subject for each in self._planes.code}

    @cached_property
    def _views(self) -> dict[Digest, RecordedView]:
        """The versions of views by the digest of what records them."""
        return {
            ViewVersion(name=each.view.name, definition=each.view.to_dict()).digest: each
            for each in list_views(self._store)
        }

    @cached_property
    def _keys(self) -> dict[Digest, Digest]:
        """What records each version of a view, by the digest of its definition."""
        return {each.view.digest: key for key, each in self._views.items()}

    def _key(self, view: RecordedView) -> Digest:
        return self._keys[view.view.digest]

    def _readers_of(self, view: RecordedView) -> list[Digest]:
        """Return the crossings that read a version of a view, oldest first."""
        wanted = self._key(view)
        return [
            digest
            for digest, each in self._recorded.items()
            if wanted in each.crossing.views.values()
        ]

    def _held_by(self, crossing: Digest) -> set[Digest]:
        record = self._recorded.get(crossing)
        return set() if record is None else set(record.crossing.links())

    def _additions(self, version: Digest) -> Iterator[Addition]:
        """Yield the first additions that brought a version: they stand on it before all else."""
        for digest in self._store.catalog.standing_on(version)[:_FEW]:
            record = self._store.catalog.get(digest).record
            if isinstance(record, Addition) and record.version == version:
                yield record

    def _children(self, version: Digest) -> Iterator[Digest]:
        """Yield the versions that rows were added to this one for."""
        for digest in self._store.catalog.standing_on(version)[:_LOOKED_AT]:
            record = self._store.catalog.get(digest).record
            if isinstance(record, Addition) and record.parent == version:
                yield record.version

    def _run_of(self, crossing: Digest) -> RunLine | None:
        """Return the first run that published a crossing, if one did."""
        for digest in self._store.catalog.standing_on(crossing)[:_LOOKED_AT]:
            record = self._store.catalog.get(digest).record
            if isinstance(record, RunEnd) and crossing in record.crossings:
                return self._runs.get(record.run)
        return None

    def _end_of(self, run: Digest) -> RunEnd | None:
        for digest in reversed(self._store.catalog.standing_on(run)):
            record = self._store.catalog.get(digest).record
            if isinstance(record, RunEnd):
                return record
        return None

    def _published(self, run: Digest) -> tuple[Digest, ...]:
        end = self._end_of(run)
        return () if end is None else end.crossings

    def _steps_of(self, run: Digest) -> list[tuple[Digest, StepRun]]:
        end = self._end_of(run)
        found = () if end is None else end.step_runs.values()
        return [(digest, self._store.record(digest, StepRun)) for digest in found]

    # ---- things -----------------------------------------------------------------------------

    def _thing(self, digest: Digest, record: Record) -> Thing:
        """Return what a record is, under the id of any record."""
        if digest in self._struts:
            strut = self._struts[digest]
            return Thing(
                id=f"other:{digest}",
                kind="crossing",
                name=f"{strut.model}@{strut.number}",
                digest=digest,
            )
        return _other(digest, record)

    def _version(self, digest: Digest) -> Thing:
        point = self._points[digest]
        return Thing(
            id=f"data-version:{digest}",
            kind="data-version",
            name=f"{point.dataset}@{point.number}",
            note="its check is broken" if point.check == "broken" else f"{point.rows:,} new rows",
            digest=digest,
        )

    def _view(self, view: RecordedView) -> Thing:
        digest = self._key(view)
        count = len(view.view.types)
        return Thing(
            id=f"view:{digest}",
            kind="view",
            name=view.name,
            note="1 feature" if count == 1 else f"{count} features",
            digest=digest,
        )


def _file(name: str) -> Thing:
    return Thing(id=f"file:{name}", kind="file", name=name, note="was added")


def _commit(name: str, subject: str) -> Thing:
    return Thing(
        id=f"commit:{name}",
        kind="commit",
        name=short(Digest(name)),
        note=subject,
        digest=Digest(name),
    )


def _run(run: RunLine) -> Thing:
    note = f"{run.pipeline}, {'goes on' if run.status == 'open' else run.status}"
    return Thing(
        id=f"run:{run.run}", kind="run", name=f"run {short(run.run)}", note=note, digest=run.run
    )


def _step(digest: Digest, step: StepRun) -> Thing:
    note = f"step, {step.status}"
    return Thing(
        id=f"step:{digest}", kind="step", name=step.key.step, note=note, digest=digest, of=step.run
    )


def _crossing(strut: Strut, note: str = "") -> Thing:
    said = note or ", ".join(strut.pointers) or ("passed" if strut.passed else "refused")
    return Thing(
        id=f"crossing:{strut.crossing}",
        kind="crossing",
        name=f"{strut.model}@{strut.number}",
        note=said,
        digest=strut.crossing,
    )


def _other(digest: Digest, record: Record) -> Thing:
    return Thing(
        id=f"other:{digest}", kind="other", name=record.kind, note=short(digest), digest=digest
    )


def _made(step: StepRun) -> set[Digest]:
    """Return what a step made: what its outputs are called, and their bytes."""
    return {digest for each in step.outputs.values() for digest in (each.digest, *each.blobs)}


def _ranked(struts: Iterable[Strut]) -> list[str]:
    """Return the digests of crossings, the most important first; of equal ones the newest."""
    newest = list(struts)[::-1]
    newest.sort(key=_weight)
    return [each.crossing for each in newest]


def _weight(strut: Strut) -> int:
    """Return how early a crossing is drawn: what answers, what did, what might, the others."""
    for weight, word in enumerate(_WEIGHTS):
        if word in strut.pointers:
            return weight
    return len(_WEIGHTS) + (0 if strut.was_live else 1 if strut.passed else 2)
