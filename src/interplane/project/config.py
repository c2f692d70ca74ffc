"""The project file: ``interplane.toml``, or ``[tool.interplane]`` in ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from interplane.errors import ConfigError
from interplane.monitoring.alerts.owners import DeliveryConfig, Owner
from interplane.monitoring.canary_policy import CanaryPolicy, check_policy
from interplane.monitoring.rules import Rule
from interplane.monitoring.triggers.trigger import Trigger
from interplane.project.config_approval import ApprovalConfig, read_approval
from interplane.project.config_learning import LearnerConfig, read_learners
from interplane.project.config_monitoring import (
    MonitoringConfig,
    is_reference,
    read_sections,
)
from interplane.project.config_online import OnlineConfig, read_online
from interplane.record import check_name
from interplane.record.base import Value
from interplane.record.sections import check_settings

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FILE_NAME", "ProjectConfig", "RunConfig", "find_project_file", "read_config"]

FILE_NAME = "interplane.toml"


class RunConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How runs are made.

    Attributes:
        workers: how many worker processes steps may run in; 1 runs them in this process.
        seed: the seed that every step's random sources are derived from.
    """

    workers: int = 2
    seed: int = 0


class ProjectConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the project file says.

    Attributes:
        name: the project's name.
        pipelines: where its pipelines are, as ``module:attribute``.
        operations: the modules that declare operations of the project's own; imported before
            features that name one are read.
        workspace: where records and bytes are kept, relative to the project file.
        run: how runs are made.
        rollout: what a canary has to show before it is promoted.
        approval: what two people have to agree on.
        monitoring: what all monitors share.
        monitor: the rules over windows.
        owners: who is told of alerts, by name.
        delivery: which outgoing connections may be opened.
        trigger: what starts runs by itself, beside alerts.
        learner: the models whose learners go on while the project is kept running.
        online: where the events of feature views are kept for servers.
    """

    name: str
    pipelines: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    workspace: str = ".interplane"
    run: RunConfig = RunConfig()
    rollout: CanaryPolicy = CanaryPolicy()
    approval: ApprovalConfig = ApprovalConfig()
    monitoring: MonitoringConfig = MonitoringConfig()
    monitor: tuple[Rule, ...] = ()
    owners: dict[str, Owner] = {}  # noqa: RUF012 - msgspec copies an empty default
    delivery: DeliveryConfig = DeliveryConfig()
    trigger: tuple[Trigger, ...] = ()
    learner: tuple[LearnerConfig, ...] = ()
    online: OnlineConfig = OnlineConfig()

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules by name."""
        return {rule.name: rule for rule in self.monitor}


def find_project_file(start: Path) -> Path:
    """Return the nearest project file in ``start`` or a folder above it.

    Raises:
        ConfigError: if there is none.
    """
    for folder in (start, *start.parents):
        candidate = folder / FILE_NAME
        if candidate.is_file():
            return candidate
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file() and "interplane" in _parse(pyproject).get("tool", {}):
            return pyproject
    raise ConfigError(
        f"there is no project in {start} or above it",
        expected=f"a file {FILE_NAME}, or [tool.interplane] in pyproject.toml",
        do='Go to your project, or make one here with "interplane init"',
    )


def read_config(path: Path) -> ProjectConfig:
    """Read and check a project file.

    Raises:
        ConfigError: if it is no TOML, or says something that Interplane does not know.
    """
    document = _parse(path)
    if path.name == "pyproject.toml":
        document = document.get("tool", {}).get("interplane", {})
    place = path.name
    _refuse_unknown(document, ProjectConfig, place, "")
    _refuse_unknown(document.get("run", {}), RunConfig, place, "run.")
    _refuse_unknown(document.get("rollout", {}), CanaryPolicy, place, "rollout.")
    sections = read_sections(document, place=place)
    sections["learner"] = read_learners(document.get("learner", []), place=place)
    sections["approval"] = read_approval(document.get("approval", {}), place=place)
    sections["online"] = read_online(document.get("online", {}), place=place)
    rest = {key: value for key, value in document.items() if key not in sections}
    try:
        config = msgspec.structs.replace(msgspec.convert(rest, ProjectConfig), **sections)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{place}: {error}",
            expected='for example name = "flights" and pipelines = ["flights:pipeline"]',
            do="Mend that line",
        ) from error
    _check(config, place)
    return config


def _check(config: ProjectConfig, place: str) -> None:
    check_name(config.name, of="project")
    check_policy(config.rollout, place=place)
    if config.run.workers < 1:
        raise ConfigError(
            f"{place}: run.workers is {config.run.workers}", expected="1 or more", do="Mend it"
        )
    for reference in config.pipelines:
        if not is_reference(reference):
            raise ConfigError(
                f"{place}: {reference!r} in pipelines does not say where a pipeline is",
                expected='"module:attribute", for example "flights:pipeline"',
                do="Mend it",
            )

    for module in config.operations:
        if not all(part.isidentifier() for part in module.split(".")):
            raise ConfigError(
                f"{place}: {module!r} in operations does not say which module declares them",
                expected='a module, for example "operations" or "shop.operations"',
                do="Mend it",
            )


def _refuse_unknown(table: Any, struct: type[msgspec.Struct], place: str, prefix: str) -> None:
    if not isinstance(table, dict):
        raise ConfigError(
            f"{place}: {prefix.rstrip('.')} is {table!r}",
            expected=f"a table [{prefix.rstrip('.')}]",
            do="Mend it",
        )
    check_settings(table, struct.__struct_fields__, place=place, name=prefix.rstrip("."))


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path.name} is no TOML: {error}", do="Mend that line and run the command again"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path.name} is not UTF-8: byte {error.start}", do="Save it as UTF-8"
        ) from error
