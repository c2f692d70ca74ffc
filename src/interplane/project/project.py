"""A project: its folder, its file, its pipelines, its workspace. The composition root."""

from __future__ import annotations

import getpass
import importlib
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from interplane.errors import ConfigError, UnknownName, UsageError, did_you_mean
from interplane.project.config import ProjectConfig, find_project_file, read_config

if TYPE_CHECKING:
    from interplane.pipeline.graph import Pipeline
    from interplane.storage.store import Store

__all__ = ["Project"]


class Project:
    """A folder with a project file, and what hangs on it.

    Args:
        root: the folder of the project file.
        config: what the file says.
        actor: who acts, for the record; the user's name if not given.
    """

    def __init__(self, root: Path, config: ProjectConfig, *, actor: str | None = None) -> None:
        self.root = root
        self.config = config
        self.actor = actor or os.environ.get("INTERPLANE_ACTOR") or _user()

    @classmethod
    def find(cls, start: Path | None = None) -> Self:
        """Return the project of ``start`` (or of the current folder).

        Raises:
            ConfigError: if there is none, or its file is wrong.
        """
        file = find_project_file((start or Path.cwd()).resolve())
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

        return create_workspace(self.workspace)

    def schema_path(self, dataset: str) -> Path:
        """Return where the schema of a dataset is by convention: ``schemas/NAME.toml``."""
        return self.root / "schemas" / f"{dataset}.toml"

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

        module_name, _, attribute = reference.partition(":")
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))
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
