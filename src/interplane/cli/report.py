"""``interplane report``: what is known of a crossing, or of two data versions, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interplane.cli.output import json_option, print_json, say, size
from interplane.errors import UsageError

if TYPE_CHECKING:
    from interplane.project.project import Project
    from interplane.project.reports.document import Report

__all__ = ["report"]


_EXAMPLES = """\b
For example:
  interplane report flights@2
  interplane report flights@2 --against flights@1 --out review.html
  interplane report --data flights@1 flights@2
"""


@click.command(epilog=_EXAMPLES)
@click.argument("what", nargs=-1, required=True)
@click.option(
    "--against",
    metavar="CROSSING",
    help="Compare the crossing with this one, instead of its champion.",
)
@click.option("--data", "is_data", is_flag=True, help="WHAT are two versions of a dataset.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; without it, WHAT.html in this folder.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@json_option
def report(
    what: tuple[str, ...],
    *,
    against: str | None,
    is_data: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write a report as one HTML file, to be read, mailed or printed.

    WHAT is a crossing: its name (flights@2, flights@live) or the beginning of its digest after an
    @. The report says what it is, how good and where, how it stands beside its champion, what its
    gate asked, when it answered, and what it stands on. With --data, WHAT are two versions of a
    dataset, and the report says what came and went and how far each column moved.

    The file has its pictures and styles in itself, runs no script and asks no network for anything:
    it shows the same next year, on a machine that has no Interplane.
    """
    from interplane.project.project import Project

    found = _made(Project.find(), what, against=against, is_data=is_data)
    path = out or Path(f"{'-'.join(each.replace('/', '-') for each in what)}.html")
    written = found.save(path, replace=force)
    if as_json:
        print_json({"title": found.title, "file": str(path), "bytes": written})
    else:
        say(f"{found.title}: {size(written)} written to {path}")


def _made(project: Project, what: tuple[str, ...], *, against: str | None, is_data: bool) -> Report:
    wanted = 2 if is_data else 1
    if len(what) != wanted or (is_data and against is not None):
        raise UsageError(
            f"the report is to be about {' '.join(what)}" + (f" and {against}" if against else ""),
            expected="one crossing, or with --data two versions of a dataset",
            do="Two crossings are compared by --against: interplane report flights@2 --against flights@1",
        )
    if is_data:
        from interplane.project.reports.data_report import data_report

        return data_report(project, *what)
    from interplane.project.reports.crossing_report import crossing_report

    return crossing_report(project, what[0], against=against)
