"""Running a pipeline of a project: its runner, with worker processes of this project."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from interplane.pipeline.executors.pool import Pool
from interplane.pipeline.run import Runner
from interplane.project.runs import LOGS
from interplane.project.snapshot import code_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.pipeline.outcome import CodeState, Event, Outcome
    from interplane.pipeline.plan import Planner
    from interplane.pipeline.wiring import Graph
    from interplane.project.project import Project

__all__ = ["Running"]


class Running:
    """Plans and runs one pipeline of a project.

    Args:
        project: the project.
        name: the pipeline's name; the only one if not given.
        workers: how many worker processes there may be; the project file's number if not given.
        tell: is called with each event of a run.
    """

    def __init__(
        self,
        project: Project,
        name: str | None = None,
        *,
        workers: int | None = None,
        tell: Callable[[Event], None] | None = None,
    ) -> None:
        self.project = project
        self.reference, self.pipeline = project.pipeline(name)
        self._runner = Runner(
            project.store,
            root=project.root,
            project=project.config.name,
            actor=project.actor,
            pool=self._pool,
            workers=workers or project.config.run.workers,
            tell=tell,
            logs=project.workspace / LOGS,
        )

    def prepare(
        self,
        graph: Graph | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        pins: Mapping[str, str] | None = None,
        seed: int | None = None,
    ) -> Planner:
        """Look at code, workspace and parameters as they are now.

        Args:
            graph: a part of the pipeline; all of it if not given.
            parameters: hyperparameters by name or ``step.name``, as values or text.
            pins: references for inputs that are not to be the latest.
            seed: what the seeds of the steps are derived from; the project file's if not given.
        """
        return self._runner.prepare(
            graph or self.pipeline.graph(),
            parameters=parameters,
            pins=pins,
            seed=self.project.config.run.seed if seed is None else seed,
        )

    def run(self, planner: Planner) -> Outcome:
        """Run what was prepared; see `pipeline.run.Runner.run` for what it raises."""
        return self._runner.run(planner, code=self._code)

    def _pool(self, workers: int) -> Pool:
        return Pool(
            [sys.executable, "-m", "interplane.project.worker"],
            root=self.project.root,
            pipeline=self.reference,
            workspace=self.project.workspace,
            workers=workers,
        )

    def _code(self) -> CodeState:
        return code_state(self.project.root)
