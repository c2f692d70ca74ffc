"""``interplane data``: add, list, show, diff, check datasets; write a schema."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import (
    age,
    json_option,
    print_json,
    print_table,
    progress,
    say,
    size,
    width,
)
from interplane.errors import SchemaBroken, UsageError
from interplane.record import Ref, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.data.adding import Added
    from interplane.data.datasets import VersionInfo
    from interplane.data.schema import Schema
    from interplane.project.project import Project
    from interplane.storage.store import Store

__all__ = ["data"]

schema_option = click.option(
    "--schema",
    "schema_file",
    type=click.Path(path_type=Path),
    help="A schema file; without it schemas/NAME.toml, where there is one.",
)


@click.group()
def data() -> None:
    """Datasets and their versions.

    A dataset is a named table; each change makes a new, immutable version: flights@1, flights@2 …
    flights alone means the latest.
    """


@data.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--append", is_flag=True, help="Put the rows after those of the latest version.")
@click.option("--again", is_flag=True, help="Append a file although its rows were added before.")
@schema_option
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="How a text file is written, e.g. delimiter=';' encoding=latin-1 skip_rows=3 types.zip=str.",
)
@json_option
def add(
    name: str,
    file: Path,
    *,
    append: bool,
    again: bool,
    schema_file: Path | None,
    options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add FILE (CSV, zipped or not, Parquet, Arrow) as the next version of dataset NAME.

    It is read exactly or refused with line and byte, checked against the dataset's schema,
    profiled, and becomes visible in one piece. The same call twice gives the same version. The
    first version of a dataset without a schema writes one to be reviewed.
    """
    from interplane.data.options import ReadOptions

    project = _project()
    schema = _schema(project, name, schema_file)
    try:
        with progress(f"adding to {name}") as tell:
            added = project.add(
                name,
                file,
                append=append,
                again=again,
                schema=schema,
                options=ReadOptions.of(read_options(options)),
                progress=_stages(tell),
            )
    except SchemaBroken as error:
        if not as_json and error.verdict is not None:
            say(error.verdict.to_text())
        raise
    written = None if schema is not None else _write_first_schema(project, project.store, name)
    if as_json:
        print_json({**_added(added), "schema_written": written})
        return
    _say_added(added, append=append)
    if written:
        say(f"  wrote {written}: review it; from now on each version is checked against it")


@data.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List datasets."""
    from interplane.data.datasets import list_datasets

    found = list_datasets(_project().store)
    if as_json:
        print_json([{"name": info.name, **_version(info.latest)} for info in found])
        return
    if not found:
        say('No dataset yet. Add one with "interplane data add NAME FILE".')
        return
    print_table(
        ("dataset", "rows", "columns", "size", "checked", "added"),
        [
            (
                f"{info.name}@{info.latest.number}",
                f"{info.latest.version.rows:,}",
                len(info.latest.version.columns),
                size(info.latest.version.size_bytes),
                _checked(info.latest),
                age(info.latest.at),
            )
            for info in found
        ],
        right=("rows", "columns", "size"),
    )


@data.command()
@click.argument("ref")
@click.option("--rows", default=5, show_default=True, help="How many first rows to show.")
@json_option
def show(ref: str, *, rows: int, as_json: bool) -> None:
    """Show a version: how it came, its profile, its first rows; and the dataset's versions."""
    from interplane.data.datasets import profile_of, versions
    from interplane.data.history import resolve_version
    from interplane.data.parts import parts_table
    from interplane.data.render import table_text

    store = _project().store
    digest, version = resolve_version(store, ref)
    profile = profile_of(store, ref)
    name = Ref.parse(ref).name
    members = versions(store, name) if name else []
    if as_json:
        print_json(
            {
                "digest": digest,
                "rows": version.rows,
                "columns": [column.to_dict() for column in version.columns],
                "profile": profile.to_dict(),
                "versions": [_version(member) for member in members],
            }
        )
        return
    say(f"{ref}  {short(digest)}  {version.rows:,} rows, {size(version.size_bytes)}\n")
    say(profile.to_text(width=width()))
    if rows:
        first = parts_table(version, store.blobs).head(rows)
        say(f"\n{table_text(first, rows=rows, columns=len(first.names), width=width())}")
    if members:
        say("")
        print_table(
            ("version", "rows", "added", "from", "checked", "by", "when"),
            [_version_row(name or "", member) for member in members[-20:]],
            right=("rows", "added"),
        )


@data.command()
@click.argument("before")
@click.argument("after")
@json_option
def diff(before: str, after: str, *, as_json: bool) -> None:
    """Say how version AFTER differs from BEFORE, for example flights@1 flights@2."""
    from dataclasses import asdict

    from interplane.data.datasets import diff as difference_of

    difference = difference_of(_project().store, before, after)
    if as_json:
        print_json(asdict(difference))
        return
    say(difference.to_text())


@data.command()
@click.argument("ref")
@schema_option
@click.option("--against", metavar="REF", help="An earlier version, for rules of drift.")
@json_option
def check(ref: str, *, schema_file: Path | None, against: str | None, as_json: bool) -> None:
    """Check a version against a schema; exit code 3 if a rule that stops is broken."""
    from interplane.data.checks import check as check_table
    from interplane.data.datasets import profile_of
    from interplane.data.history import resolve_version
    from interplane.data.parts import parts_table

    project = _project()
    name = Ref.parse(ref).name or "data"
    schema = _schema(project, name, schema_file)
    if schema is None:
        raise UsageError(
            f"there is no schema for {name!r}",
            expected=f"schemas/{name}.toml, or --schema FILE",
            do=f'Write one with "interplane data schema {ref}"',
        )
    _, version = resolve_version(project.store, ref)
    earlier = None if against is None else profile_of(project.store, against)
    table = parts_table(version, project.store.blobs)
    verdict = check_table(table, schema, against=earlier, now=datetime.now(UTC).isoformat())
    if as_json:
        print_json({"passed": verdict.passed, **verdict.to_dict()})
    else:
        say(f"{ref}: {verdict.to_text()}")
    if not verdict.passed:
        raise click.exceptions.Exit(SchemaBroken.exit_code)


@data.command()
@click.argument("ref")
@click.option("--write", is_flag=True, help="Write it to schemas/NAME.toml; never over a file.")
def schema(ref: str, *, write: bool) -> None:
    """Print a schema that a version keeps, as TOML to be reviewed and edited."""
    from interplane.data.datasets import profile_of
    from interplane.data.schema_writer import schema_text

    project = _project()
    name = Ref.parse(ref).name or "data"
    text = schema_text(profile_of(project.store, ref), name=name)
    if not write:
        click.echo(text, nl=False)
        return
    path = project.schema_path(name)
    if path.exists():
        raise UsageError(
            f"{path.relative_to(project.root)} is there already",
            do="Compare it with what this command prints without --write",
        )
    _write(path, text)
    say(f"Wrote {path.relative_to(project.root)}: review it")


def read_options(given: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of ``NAME=VALUE`` words; ``types.zip=str`` sets one of a mapping.

    >>> read_options(("delimiter=;", "skip_rows=3", "types.zip=str", "null_values=NA,-"))
    {'delimiter': ';', 'skip_rows': 3, 'types': {'zip': 'str'}, 'null_values': ['NA', '-']}
    """
    options: dict[str, Any] = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(
                f"--option {word!r} has no value",
                expected="NAME=VALUE",
                do="For example --option 'delimiter=;'",
            )
        name, dot, column = key.partition(".")
        if dot:
            options.setdefault(name, {})[column] = value
        elif name in {"null_values", "names"}:
            options[name] = value.split(",")
        elif name in {"header", "skip_initial_space"}:
            options[name] = value.lower() in {"true", "yes", "1"}
        else:
            options[name] = int(value) if name == "skip_rows" and value.isdigit() else value
    if options.get("delimiter") == "\\t":
        options["delimiter"] = "\t"
    return options


def _project() -> Project:
    from interplane.project.project import Project

    return Project.find()


def _schema(project: Project, name: str, file: Path | None) -> Schema | None:
    from interplane.data.schema_file import read_schema

    return project.schema(name) if file is None else read_schema(file)


def _write_first_schema(project: Project, store: Store, name: str) -> str | None:
    """Write the schema of a dataset's first version, and return where; None if there is one."""
    from interplane.data.datasets import profile_of
    from interplane.data.schema_writer import schema_text

    path = project.schema_path(name)
    if path.exists():
        return None
    _write(path, schema_text(profile_of(store, name), name=name))
    return str(path.relative_to(project.root))


def _write(path: Path, text: str) -> None:
    """Write a file in one piece: half a schema would be read as a whole one that asks for less."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _stages(tell: Callable[[float], None]) -> Callable[[str, int, int], None]:
    begins = {"read": 0.0, "check": 0.4, "store": 0.6}

    def stage(name: str, done: int, total: int) -> None:
        tell(begins[name] + 0.4 * (done / total if total else 0.0))

    return stage


def _say_added(added: Added, *, append: bool) -> None:
    name = f"{added.dataset}@{added.number}"
    if added.note:
        say(f"{name}: {added.note}")
        return
    how = f"{added.rows:,} rows appended, " if append else ""
    say(f"{name}  {how}{added.version.rows:,} rows  {short(added.digest)}")
    if added.verdict is not None:
        for line in added.verdict.to_text().splitlines():
            say(f"  {line}")


def _added(added: Added) -> dict[str, Any]:
    return {
        "dataset": added.dataset,
        "number": added.number,
        "digest": added.digest,
        "rows": added.version.rows,
        "rows_added": added.rows,
        "new": added.new,
        "note": added.note,
        "verdict": None if added.verdict is None else added.verdict.to_dict(),
    }


def _version(info: VersionInfo) -> dict[str, Any]:
    return {
        "number": info.number,
        "digest": info.digest,
        "rows": info.version.rows,
        "columns": len(info.version.columns),
        "size_bytes": info.version.size_bytes,
        "at": info.at,
        "actor": info.actor,
        "addition": None if info.addition is None else info.addition.to_dict(),
        "is_latest": info.is_latest,
    }


def _version_row(name: str, info: VersionInfo) -> tuple[object, ...]:
    added = info.addition
    return (
        f"{name}@{info.number}{' *' if info.is_latest else ''}",
        f"{info.version.rows:,}",
        f"{added.rows:,}" if added else "",
        added.source_name if added else "",
        _checked(info),
        info.actor,
        age(info.at),
    )


def _checked(info: VersionInfo) -> str:
    if info.verdict is None:
        return "no schema"
    broken = len(info.verdict.breaches)
    return "passed" if not broken else f"passed, {broken} noted"
