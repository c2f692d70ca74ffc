"""Rewrite the generated pages: docs/operations.md and docs/commands.md. `make docs` runs this."""

# ruff: noqa: INP001 - a script, in no package

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interplane.cli.main import COMMANDS, cli
from interplane.expressions.page import operations_page

if TYPE_CHECKING:
    from collections.abc import Iterator

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


PAGES = {"operations.md": operations_page, "commands.md": commands_page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        HERE.joinpath(name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
