"""Rewrite the generated pages: operations, commands, the project file. `make docs` runs this."""

# ruff: noqa: INP001 - a script, in no package

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from interplane.cli.main import COMMANDS, cli
from interplane.expressions.page import operations_page
from interplane.monitoring.alerts.owners import DeliveryConfig, Owner, Smtp
from interplane.monitoring.canary_policy import CanaryPolicy
from interplane.monitoring.metrics import METRICS
from interplane.monitoring.rules import Action, Rule
from interplane.monitoring.triggers.trigger import Trigger
from interplane.project.config import ProjectConfig, RunConfig
from interplane.project.config_approval import ApprovalConfig
from interplane.project.config_learning import LearnerConfig
from interplane.project.config_monitoring import MonitoringConfig
from interplane.project.config_online import OnlineConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.monitoring.metrics import Metric

HERE = Path(__file__).resolve().parent
WIDTH = 100

TOP = """\
# Commands

What `--help` says of each command. This page is generated from it (`make docs`); a test holds it.

Every command works on the project that it is called in: the nearest `interplane.toml`, or
`[tool.interplane]` in `pyproject.toml`. A reference to a version is `NAME@NUMBER`, `NAME@latest`,
`NAME@live`, or `@` and the beginning of a digest.

| environment variable | what it says |
|---|---|
| `INTERPLANE_WORKSPACE` | where records and bytes are kept, instead of what the project file says |
| `INTERPLANE_ACTOR` | who acts, for the record, instead of the user's name |
| `INTERPLANE_DEBUG` | anything: show the whole traceback of an error, as `--debug` does |
"""


def commands_page() -> str:
    """Return the page of all commands, as Markdown."""
    parts = [TOP, _section(cli, "interplane", level=2)]
    parts += [text for name in COMMANDS for text in _sections(name)]
    return "\n".join(parts)


def _sections(name: str) -> Iterator[str]:
    command = cli.get_command(_context(cli, "interplane"), name)
    if command is None:
        raise LookupError(name)
    yield _section(command, f"interplane {name}", level=2)
    if isinstance(command, click.Group):
        for below, inner in command.commands.items():
            yield _section(inner, f"interplane {name} {below}", level=3)


def _section(command: click.Command, path: str, *, level: int) -> str:
    # Its own help only: what a pipeline's hyperparameters add depends on the project.
    formatter = click.HelpFormatter(width=WIDTH)
    context = _context(command, path)
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    if isinstance(command, click.Group):
        command.format_options(context, formatter)
    else:
        click.Command.format_options(command, context, formatter)
    command.format_epilog(context, formatter)
    return f"{'#' * level} {path}\n\n```\n{formatter.getvalue().strip()}\n```\n"


def _context(command: click.Command, path: str) -> click.Context:
    return click.Context(command, info_name=path, **cli.context_settings)


FILE_TOP = """\
# The project file

`interplane.toml`, or `[tool.interplane]` in `pyproject.toml`. This page is generated from the code that reads the file (`make docs`);
a test holds it. What is not named here is refused, with the name that was perhaps meant. `examples/flights/interplane.toml` is a whole one.

```toml
[[monitor]]                      # by the hour, and by origin: more positive answers than four Mondays at this hour had?
model = "flights"
metric = "positive_rate"
window = "1h"
slices = ["origin", ["origin", "carrier"]]
against = { same = "hour-of-week", weeks = 4 }
moves_by = 0.03
min_rows = 200
owner = "operations"
then = "run:flights"
```

## Metrics that a rule can name
"By column" metrics are of each column in `columns` (all that have bins, if it is left out): a column of the requests, `PARAMETER.FEATURE` of a
feature view, or `features.NAME`, a feature of the model. Outcomes are waited for: `coverage`, `patience`.

| metric | what it is | of |
|---|---|---|
"""

TABLES = (
    ("", "the top of the file", ProjectConfig),
    ("[run]", "how runs are made", RunConfig),
    ("[monitoring]", "what all monitors share", MonitoringConfig),
    ("[[monitor]]", "a rule over windows", Rule),
    ("[monitor.then]", "what an alert of the rule above starts", Action),
    ("[owners.NAME]", "who is told of alerts", Owner),
    ("[delivery]", "which outgoing connections may be opened", DeliveryConfig),
    ("[delivery.smtp]", "the mail server", Smtp),
    ("[[trigger]]", "what starts a run by itself", Trigger),
    ("[rollout]", "what a canary has to show", CanaryPolicy),
    ("[approval]", "what two people have to agree on", ApprovalConfig),
    ("[[learner]]", "a learner that is advanced", LearnerConfig),
    ("[online]", "where the events of feature views are kept", OnlineConfig),
)


# What the reader of the file makes of a setting that is not there.
READ = {(Rule, "name"): "made of the others", (Rule, "direction"): "the bad way of the metric"}


def file_page() -> str:
    """Return the page of the project file, as Markdown."""
    parts = [FILE_TOP + "\n".join(map(_metric, METRICS.values()))]
    for title, what, kind in TABLES:
        heading = f"`{title}`: {what}" if title else "The top of the file"
        rows = "\n".join(_setting(kind, name, text) for name, text in _attributes(kind))
        parts.append(f"## {heading}\n| setting | unless said | what it is |\n|---|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _metric(metric: Metric) -> str:
    of = "by column" if metric.per_column else "predictions"
    if metric.needs_outcomes:
        of = f"outcomes ({metric.outcomes})" if metric.outcomes else "outcomes"
    elif metric.kind == "outside":
        of = "the server, the views, or audits; bounds only"
    return f"| `{metric.name}` | {metric.doc} | {of} |"


def _attributes(kind: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    """Yield what a class says of its attributes, in the order of its fields."""
    _, _, text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    said: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith(" " * 8):
            said[name] += f" {line.strip()}"
        elif line.startswith(" " * 4):
            name, _, first = line.strip().partition(": ")
            said[name] = first
        elif line:
            break
    # Tables of their own are told below.
    below = {
        "run",
        "rollout",
        "approval",
        "monitoring",
        "monitor",
        "owners",
        "delivery",
        "trigger",
        "learner",
    }
    hidden = below if kind is ProjectConfig else {"smtp"} if kind is DeliveryConfig else set()
    for field in msgspec.structs.fields(kind):
        if field.name not in hidden:
            yield field.name, said[field.name]


def _setting(kind: type[msgspec.Struct], name: str, text: str) -> str:
    field = next(each for each in msgspec.structs.fields(kind) if each.name == name)
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    unless = "must be said" if default is msgspec.NODEFAULT else f"`{_toml(default)}`"
    if default in (None, "", (), {}):
        unless = ""
    unless = READ.get((kind, name), unless)
    text = text.replace("``", "`").replace("|", "\\|")
    return f"| `{field.encode_name}` | {unless} | {text} |"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


PAGES = {
    "operations.md": operations_page,
    "commands.md": commands_page,
    "project-file.md": file_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        HERE.joinpath(name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
