"""A project: its folder, its file, its pipelines, its workspace. The composition root."""

from __future__ import annotations

import getpass
import importlib
import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from interplane.errors import ConfigError, UnknownName, UsageError, did_you_mean
from interplane.project.config import ProjectConfig, find_project_file, read_config
from interplane.record import Ref
from interplane.record.arguments import checked_methods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from interplane.data.adding import Added
    from interplane.data.options import ReadOptions
    from interplane.data.schema import Schema
    from interplane.data.table import Table
    from interplane.models.model import Model
    from interplane.outcomes.counts import Counts
    from interplane.outcomes.store import SqliteOutcomes
    from interplane.pipeline.graph import Pipeline
    from interplane.pipeline.metric_curves import MetricCurve
    from interplane.pipeline.outcome import Outcome
    from interplane.pipeline.plan import Plan
    from interplane.project.adding_outcomes import Added as AddedOutcomes
    from interplane.project.audit import Audited
    from interplane.project.canaries import RolloutLook
    from interplane.project.crossings import Recorded
    from interplane.project.known_features import FeatureDetail, KnownFeatures
    from interplane.project.learning import Advance
    from interplane.project.materializing import Materialization
    from interplane.project.online_views import OnlineFeatures
    from interplane.project.prediction import Prediction
    from interplane.project.reports.document import Report
    from interplane.project.rollouts import Deployment, Rolling
    from interplane.project.shadow_report import Shadowed
    from interplane.project.watching import Watched
    from interplane.storage.store import Store
    from interplane.views.ports import OnlineStore
    from interplane.views.pushing import Pushed

__all__ = ["Project"]


@checked_methods("ReadOptions", "Schema")
class Project:
    """A folder with a project file, and what hangs on it: what the commands do, from Python.

    ``ip.Project.find()`` in a notebook is what a command is in a terminal. Runs happen in this
    process unless ``workers`` says more.

    Args:
        root: the folder of the project file.
        config: what the file says.
        actor: who acts, for the record; the user's name if not given.

    Attributes:
        patience_s: how long a write waits while others write; set it before the first.
    """

    patience_s: float = 60.0

    def __init__(self, root: Path, config: ProjectConfig, *, actor: str | None = None) -> None:
        self.root = root
        self.config = config
        self.actor = actor or os.environ.get("INTERPLANE_ACTOR") or _user()
        if config.operations:
            from interplane.expressions.own_operations import when_missing
            from interplane.project.operations import import_operations

            when_missing(str(root), partial(import_operations, root, config.operations))

    @classmethod
    def find(cls, start: str | Path | None = None) -> Self:
        """Return the project of ``start``, a folder or one below it (or of the current folder).

        Raises:
            ConfigError: if there is none, or its file is wrong.
        """
        place = Path.cwd() if start is None else Path(start)
        if not place.exists():
            raise ConfigError(
                f"there is no folder {str(place)!r} to find a project in",
                expected="the folder of a project, or one below it",
                do="Correct the path; without one the current folder is taken",
            )
        file = find_project_file(place.resolve())
        return cls(file.parent, read_config(file))

    @property
    def workspace(self) -> Path:
        """The folder of the workspace; ``INTERPLANE_WORKSPACE`` says another one."""
        return self.root / (os.environ.get("INTERPLANE_WORKSPACE") or self.config.workspace)

    @cached_property
    def store(self) -> Store:
        """The workspace, made where there is none yet.

        Raises:
            StorageError: if it cannot be opened.
        """
        from interplane.storage.workspace import create_workspace

        return create_workspace(self.workspace, patience_s=self.patience_s)

    def open_online(self) -> OnlineStore:
        """Open the online store: the history that servers look up, made where there is none yet.

        Raises:
            StorageError: if it cannot be opened.
            MissingExtra: if it is in Redis, and the client library is not installed.
        """
        from interplane.project.online import open_online_store

        _ = self.store  # the workspace is there from now on
        return open_online_store(self.workspace, self.config.online)

    def open_outcomes(self) -> SqliteOutcomes:
        """Open what came true of predictions, made where there is none yet.

        Raises:
            StorageError: if it cannot be opened.
        """
        from interplane.outcomes.store import SqliteOutcomes

        _ = self.store  # the workspace is there from now on
        return SqliteOutcomes(self.workspace / "outcomes.sqlite")

    def schema_path(self, dataset: str) -> Path:
        """Return where the schema of a dataset is by convention: ``schemas/NAME.toml``."""
        return self.root / "schemas" / f"{dataset}.toml"

    # ---- data ------------------------------------------------------------------------------

    def schema(self, dataset: str) -> Schema | None:
        """Return the schema of a dataset, if the project has one at `schema_path`.

        Raises:
            ConfigError: if the file is no schema.
        """
        from interplane.data.schema_file import read_schema

        path = self.schema_path(dataset)
        return read_schema(path) if path.is_file() else None

    def add(
        self,
        name: str,
        source: Any,
        *,
        append: bool = False,
        again: bool = False,
        schema: Schema | None = None,
        options: ReadOptions | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Added:
        """Add a file, or a frame that speaks Arrow, as the next version of a dataset.

        Args:
            name: the dataset's name.
            source: a path, or a table such as a pandas or Polars frame.
            append: put the rows after those of the latest version.
            again: append a source although its rows were added before.
            schema: what to check against; the dataset's own if not given.
            options: how a text file is written.
            progress: is told the stage, the rows done and the rows in all.

        Raises:
            DataError: if it cannot be read exactly, or breaks the schema. Nothing was added.
        """
        from datetime import UTC, datetime

        from interplane.data.adding import add

        return add(
            self.store,
            name,
            source,
            writer=self.store.catalog.writer(self.actor),
            append=append,
            again=again,
            schema=schema or self.schema(name),
            options=options,
            now=datetime.now(UTC).isoformat(),
            progress=progress,
        )

    def table(self, ref: str) -> Table:
        """Return the rows of a version such as ``flights@3``, read through the dataset's schema.

        Raises:
            UnknownName: if there is no such dataset or version.
        """
        from interplane.data.adding import version_table
        from interplane.data.history import resolve_version

        _, version = resolve_version(self.store, ref)
        name = Ref.parse(ref).name
        return version_table(self.store, version, schema=self.schema(name) if name else None)

    # ---- models ----------------------------------------------------------------------------

    def crossing(self, ref: str) -> Recorded:
        """Return the crossing that a reference such as ``flights@live`` means."""
        from interplane.project.crossings import find_crossing

        return find_crossing(self.store, ref)

    def model(self, ref: str) -> Model:
        """Return the model of a crossing, verified: ``predict(table)`` and ``predict_row(dict)``."""
        from interplane.project.crossings import load

        model: Model = load(self.store, self.crossing(ref).crossing.model)
        return model

    def report(self, ref: str, *, against: str | None = None) -> Report:
        """Return what is known of a crossing as a report, which a notebook shows.

        Its ``save(path)`` writes it as one file; see `reports.crossing_report.crossing_report`.

        Args:
            ref: the crossing, for example ``flights@2``.
            against: what it is compared with; its champion if not given.
        """
        from interplane.project.reports.crossing_report import crossing_report

        return crossing_report(self, ref, against=against)

    def deploy(
        self,
        ref: str,
        *,
        reason: str,
        force: bool = False,
        canary: float | None = None,
        shadow: bool = False,
    ) -> Recorded:
        """Make a crossing the live one of its model, its canary, or its shadow.

        See `deployment.deploy`. It is loaded as a server would first, and its golden rows are
        replayed. What the latest audit found too much skew of does not go live without force,
        which the record then says.
        """
        from interplane.project.audit import refuse_skewed, skew_of
        from interplane.project.deployment import deploy
        from interplane.project.serving import check_serves

        def check(found: Recorded) -> None:
            if not (force or shadow or canary is not None):
                refuse_skewed(self, found)
            check_serves(self, found)

        is_skewed = force and skew_of(self, self.crossing(ref)) is not None
        return deploy(
            self.store,
            ref,
            reason=f"skewed: {reason}" if is_skewed and reason.strip() else reason,
            writer=self.store.catalog.writer(self.actor),
            force=force,
            canary=canary,
            shadow=shadow,
            check=check,
            approval=self.config.approval,
        )

    def promote(self, model: str, *, reason: str) -> Recorded:
        """Make the canary of a model the live crossing; see `deployment.promote`.

        It is loaded as a server would first, and its golden rows are replayed. One of which the
        latest audit found too much skew is refused: `deploy` it with force where it has to be.
        """
        from interplane.project.audit import refuse_skewed
        from interplane.project.deployment import promote
        from interplane.project.serving import check_serves

        def check(found: Recorded) -> None:
            refuse_skewed(self, found)
            check_serves(self, found)

        return promote(
            self.store,
            model,
            reason=reason,
            writer=self.store.catalog.writer(self.actor),
            check=check,
            approval=self.config.approval,
        )

    def rollback(
        self,
        model: str,
        *,
        reason: str,
        shadow: bool = False,
        canary: bool = False,
        live: bool = False,
    ) -> Recorded:
        """End a canary, else make live again what was live before; see `deployment.rollback`.

        What is to be live is loaded as a server would first, and its golden rows are replayed.

        Args:
            model: the model's name.
            reason: why.
            shadow: end the shadow, and nothing else.
            canary: end the canary, and nothing else: where there is none any more, nothing moves.
            live: take back what is live, also where a canary is under way: that ends with it.

        Returns:
            What is live now.
        """
        from interplane.project.deployment import rollback
        from interplane.project.rollouts import get_canary
        from interplane.project.serving import check_serves

        return rollback(
            self.store,
            model,
            reason=reason,
            writer=self.store.catalog.writer(self.actor),
            shadow=shadow,
            canary=get_canary(self.store, model) if canary else None,
            live=live,
            check=lambda found: check_serves(self, found),
            approval=self.config.approval,
        )[1]

    def decline(self, ref: str, *, reason: str) -> tuple[Recorded, str]:
        """Withdraw what one asked to be live, or refuse what somebody else did.

        See `approvals.decline`. Nothing that answers is moved.

        Returns:
            The crossing, and what became of the wish: ``withdrawn`` or ``refused``.
        """
        from interplane.project.approvals import decline

        return decline(
            self.store,
            ref,
            approval=self.config.approval,
            reason=reason,
            writer=self.store.catalog.writer(self.actor),
        )

    def rollout(self, model: str) -> Rolling | None:
        """Return what is under way beside the live crossing of a model; None if nothing is."""
        from interplane.project.rollouts import find_rollout

        return find_rollout(self.store, model)

    def decide_rollouts(self, *models: str) -> list[RolloutLook]:
        """Look at canaries, decide, and do what was decided; see `canaries.decide_rollouts`.

        Args:
            models: those of these models; all if none is named.
        """
        from interplane.project.canaries import decide_rollouts

        return decide_rollouts(self, models=models)

    def shadow_report(
        self,
        model: str,
        *,
        slices: Sequence[tuple[str, ...]] = (),
        min_rows: int = 100,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Shadowed:
        """Return what the shadow of a model would have changed; see `shadow_report.shadow_report`."""
        from interplane.project.shadow_report import shadow_report

        return shadow_report(
            self, model, slices=slices, min_rows=min_rows, since=since, until=until
        )

    def audit(
        self,
        ref: str,
        *,
        rows: int = 500,
        since: datetime | None = None,
        until: datetime | None = None,
        seed: int = 0,
        pins: Mapping[str, str] | None = None,
    ) -> Audited:
        """Make logged predictions of a crossing again, and compare; see `audit.audit`."""
        from interplane.project.audit import audit

        return audit(self, ref, rows=rows, since=since, until=until, seed=seed, pins=pins)

    def deployments(self, model: str, *, at: str | None = None) -> list[Deployment]:
        """Return every move of what answers a model, oldest first; see `rollouts.deployments`.

        Args:
            model: the model's name.
            at: only those until this time (ISO 8601, UTC): the last one says what answered then.
        """
        from interplane.project.rollouts import deployments

        return deployments(self.store, model, at=at)

    def predict(
        self,
        ref: str,
        *,
        out: str,
        pins: Mapping[str, str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        beside: str | None = None,
    ) -> Prediction:
        """Score rows in batch and keep the scores as the dataset ``out``; see `prediction.predict`."""
        from interplane.project.prediction import predict
        from interplane.project.running import Running

        running = Running(self, self.crossing(ref).crossing.pipeline, workers=1)
        return predict(running, ref, out=out, pins=pins, since=since, until=until, beside=beside)

    def materialize(
        self, ref: str, *, since: datetime | None = None, pins: Mapping[str, str] | None = None
    ) -> list[Materialization]:
        """Bring the history that a crossing looks up into the online store.

        See `materializing.materialize`.
        """
        from interplane.project.materializing import materialize
        from interplane.project.running import Running

        running = Running(self, self.crossing(ref).crossing.pipeline, workers=1)
        return materialize(running, ref, since=since, pins=pins)

    def features(self, *, everything: bool = False) -> KnownFeatures:
        """Return the features of the project's views and models: what each is, and who uses it.

        Args:
            everything: list all versions of views, not those alone that matter now.
        """
        from interplane.project.feature_catalogue import list_features

        return list_features(self, everything=everything)

    def feature(self, name: str) -> FeatureDetail:
        """Return all that is known of a feature, for example ``carrier_history.late_rate_7d``.

        Raises:
            UnknownName: if there is none.
            UsageError: if a view and a model have one of that name.
        """
        from interplane.project.feature_catalogue import find_feature

        return find_feature(self, name)

    def push(self, source: str, rows: Sequence[Mapping[str, Any]]) -> Pushed:
        """Push events to every feature view of a source; durable when this returns.

        Args:
            source: the name of the source.
            rows: plain values by column, as JSON, Python or NumPy has them. A known-at time that is
                missing is that of now; one that is null is refused: such a row is not known yet.

        Raises:
            UnknownName: if the online store has no view of that source.
            RequestRejected: if rows are refused: names each with its reason (of many the first
                ones). The others were taken, and the same rows may come again.
        """
        from time import time_ns

        from interplane.project.online_views import plain_rows
        from interplane.views.pushing import Push, Pusher, refused_rows

        online = self.open_online()
        try:
            push = Push.of(source, plain_rows(rows), now_us=time_ns() // 1000, at="rows")
            (pushed,) = Pusher(online).push([push])
        finally:
            online.close()
        if isinstance(pushed, UnknownName):
            raise pushed
        if pushed.refused:
            raise refused_rows(pushed.refused, of=len(rows))
        return pushed

    def online_features(
        self,
        view: str,
        entities: Sequence[Mapping[str, Any]],
        *,
        at: datetime | None = None,
    ) -> list[OnlineFeatures]:
        """Return what the online store knows of entities under a feature view.

        What a server is given for a prediction at that time, and how each value was found.

        Args:
            view: the view, for example ``weather``: the version that is live, else the newest; or
                ``weather@2``.
            entities: of each the values of the columns that name it; null names none.
            at: for when (UTC where it has no time zone); now, if not given.

        Raises:
            UnknownName: if there is no such view.
            RequestRejected: if an entity is none, or the time is before what the store keeps.
            NotFound: if nothing was materialized of the view.
        """
        from interplane.project.online_views import read_online

        return read_online(self, view, entities, at=at)

    def tables(
        self, ref: str, *names: str, pins: Mapping[str, str] | None = None
    ) -> dict[str, Table]:
        """Return outputs, or inputs, of the pipeline of a crossing, made of the latest data.

        The crossing's own recorded steps make them, or they are reused.

        Args:
            ref: the crossing, for example ``flights@live``.
            names: the names of the outputs and inputs.
            pins: references for inputs that are not to be the latest.

        Raises:
            UsageError: if their code, schemas or datasets are no longer those of the crossing.
            UnknownName: if a name is neither an output nor an input of the pipeline.
        """
        from interplane.project.recorded import recorded_tables
        from interplane.project.running import Running

        found = self.crossing(ref)
        running = Running(self, found.crossing.pipeline, workers=1)
        return recorded_tables(running, found, names, pins)

    def predictions(
        self,
        model: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Table:
        """Return the predictions that servers logged; see `interplane.project.predictions`.

        Args:
            model: the model; all of them if not given.
            since: those whose prediction time is not before this; UTC where there is no zone.
            until: those whose prediction time is before this.
        """
        from interplane.project.predictions import logged

        return logged(self, model, since=since, until=until)

    # ---- outcomes --------------------------------------------------------------------------

    def add_outcomes(
        self,
        model: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        name: str = "label",
        replay: bool = False,
    ) -> AddedOutcomes:
        """Add what came true of a model's predictions; durable when this returns.

        Args:
            model: the model's name.
            rows: plain values: ``{"key": {"flight_id": "UA1"}, "value": True}`` or
                ``{"id": "<prediction id>", …}``, each with ``known_at`` and ``name`` if wanted. An
                outcome without ``known_at`` is known now, and not kept again if it counts already.
            name: the name of those that do not say one: ``label``, or a proxy's such as ``clicked``.
            replay: take known-at times however far ahead of the clock.

        Raises:
            UnknownName: if there is no such model.
            RequestRejected: for the first row that is wrong. Nothing was added.
        """
        from interplane.project.adding_outcomes import add_rows

        return add_rows(self, model, rows, name=name, replay=replay)

    def outcomes(self, model: str) -> list[Counts]:
        """Return how many outcomes of a model there are, by name: matched, unmatched and so on.

        Raises:
            UnknownName: if there is no such model.
        """
        from interplane.project.outcomes import counted

        return counted(self, model)

    def matched(
        self,
        model: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
        name: str = "label",
    ) -> Table:
        """Return the logged predictions of a model with what came true; see `outcomes.matching`.

        Args:
            model: the model.
            since: those whose prediction time is not before this; UTC where there is no zone.
            until: those whose prediction time is before this.
            as_of: with what was known by then; with all that is known if not given.
            name: ``label``, or a proxy's name.
        """
        from interplane.project.outcomes import matched

        return matched(self, model, since=since, until=until, as_of=as_of, name=name)

    def shadow_predictions(
        self,
        model: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Table:
        """Return what shadows predicted, under the ids of the predictions that servers answered.

        A row without a score has the reason in ``because``. See `predictions` for the columns.

        Args:
            model: the model; all of them if not given.
            since: those whose prediction time is not before this; UTC where there is no zone.
            until: those whose prediction time is before this.
        """
        from interplane.project.predictions import shadow_folder, table_of

        return table_of(self, shadow_folder(self), model, since=since, until=until)

    def watch(self, *, now: datetime | None = None) -> list[Watched]:
        """Look at every model once: count what is new, judge what is closed; see `watching`.

        Args:
            now: the time, UTC where there is no zone; the clock's if not given. In a replay it is
                the log's own time that counts then.
        """
        from datetime import UTC

        from interplane.project.watching import look_at_models
        from interplane.views.view import micros

        if now is not None and now.tzinfo is not None:
            now = now.astimezone(UTC).replace(tzinfo=None)
        return look_at_models(self, now_us=None if now is None else micros(now))

    def learn(self, model: str, *, now: datetime | None = None) -> Advance:
        """Let the learner of a model go on with what came true; see `interplane.project.learning`.

        Args:
            model: the model; its live crossing has to be a learner.
            now: outcomes that are known later wait; the clock's if not given, UTC without a zone.
        """
        from datetime import UTC, datetime

        from interplane.project.learning import Learning

        return Learning(self, model).advance(now or datetime.now(UTC))

    # ---- pipelines -------------------------------------------------------------------------

    def plan(self, pipeline: str | None = None, **parameters: Any) -> Plan:
        """Return what a run with these hyperparameters would do, and why. Nothing runs."""
        from interplane.project.running import Running

        return Running(self, pipeline).prepare(parameters=parameters).plan()

    def run(self, pipeline: str | None = None, *, workers: int = 1, **parameters: Any) -> Outcome:
        """Run a pipeline (the only one if not named) with these hyperparameters.

        Raises:
            StepFailed: if the code of a step raised.
        """
        from interplane.project.running import Running

        running = Running(self, pipeline, workers=workers)
        return running.run(running.prepare(parameters=parameters))

    def metrics(self, run: str = "last") -> dict[str, dict[str, MetricCurve]]:
        """Return the metrics that the steps of a run told as they trained, by step and name.

        A reused step has those of when it ran; one that is at work those until now.

        Args:
            run: the beginning of its digest.

        Raises:
            UnknownName: if there is no such run.
        """
        from interplane.project.run_metrics import metrics_of
        from interplane.project.runs import find_run

        found = metrics_of(self, find_run(self.store, run))
        return {step: {each.name: each for each in curves} for step, curves in found.items()}

    def pipelines(self) -> dict[str, tuple[str, Pipeline]]:
        """Return all pipelines by name, each with its reference ``module:attribute``.

        Raises:
            ConfigError: if one cannot be imported, or two have one name.
        """
        found: dict[str, tuple[str, Pipeline]] = {}
        for reference in self.config.pipelines:
            pipeline = self.load_pipeline(reference)
            if pipeline.name in found:
                raise ConfigError(
                    f"{found[pipeline.name][0]} and {reference} both define the pipeline "
                    f"{pipeline.name!r}",
                    expected="one pipeline of each name",
                    do="Rename one of them",
                )
            found[pipeline.name] = (reference, pipeline)
        return found

    def pipeline(self, name: str | None = None) -> tuple[str, Pipeline]:
        """Return a pipeline by name, with its reference; the only one if no name is given.

        Raises:
            UnknownName: if there is no such pipeline.
            ConfigError: if the project has none.
            UsageError: if it has several and no name is given.
        """
        found = self.pipelines()
        if name is not None:
            if name not in found:
                raise UnknownName.of("pipeline", name, found, where="this project")
            return found[name]
        if len(found) == 1:
            return next(iter(found.values()))
        if not found:
            raise ConfigError(
                "the project file names no pipeline",
                expected='for example pipelines = ["flights:pipeline"], as module:attribute',
                do="Say there where yours is",
            )
        raise UsageError(
            f"the project has {len(found)} pipelines: {', '.join(sorted(found))}",
            expected="the name of one of them",
            do="Put it behind the command",
        )

    def load_pipeline(self, reference: str) -> Pipeline:
        """Import a pipeline by its reference ``module:attribute``.

        Raises:
            ConfigError: if the module cannot be imported or holds no such pipeline.
        """
        from interplane.pipeline import user_code
        from interplane.pipeline.graph import Pipeline
        from interplane.pipeline.importing import import_from

        module_name, _, attribute = reference.partition(":")
        import_from(self.root)
        module, error = user_code.call(importlib.import_module, module_name)
        if error is not None:
            if isinstance(error, ModuleNotFoundError) and error.name == module_name:
                modules = [path.stem for path in self.root.glob("*.py")]
                raise ConfigError(
                    f"there is no module {module_name!r} in {self.root.name}/, where the project "
                    f"file looks for the pipeline {reference!r}",
                    expected=f"a file {module_name.replace('.', '/')}.py",
                    do=f"{did_you_mean(module_name, modules)}Mend pipelines in the project file",
                ) from error
            raised = user_code.Raised.of(error, self.root)
            raise ConfigError(
                f"the pipeline {reference!r} cannot be imported: {raised} ({raised.place})",
                expected=f"a module {module_name} in {self.root.name}/ that imports",
                do="Mend that line, or what pipelines says in the project file",
            ) from error
        pipeline = getattr(module, attribute, None)
        if not isinstance(pipeline, Pipeline):
            raise ConfigError(
                f"{module_name}.py has no pipeline {attribute!r}",
                expected=f'{attribute} = interplane.Pipeline("…")',
                do="Mend what pipelines says in the project file",
            )
        pipeline.graph()
        return pipeline


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        return f"uid-{os.getuid()}"
