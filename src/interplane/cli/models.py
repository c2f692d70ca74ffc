"""``interplane models | show | diff``: crossings, looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from interplane.cli.output import age, figures, json_option, print_json, print_table, say, width
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.evaluation.evaluation import Evaluation
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.record import Artifact
    from interplane.storage.store import Store

__all__ = ["diff", "models", "show", "summary"]

_SLICES = 6
_WRAP = 89


@click.command()
@json_option
def models(*, as_json: bool) -> None:
    """List models and their crossings, with verdict and figures."""
    from interplane.project.crossings import list_crossings

    project = _project()
    found = list_crossings(project.store)
    if as_json:
        print_json([summary(project.store, item) for item in found])
        return
    if not found:
        say('No crossing yet. Make one with "interplane run".')
        return
    rows = [
        (
            item.name,
            ", ".join(item.pointers),
            "passed" if item.crossing.verdict.passed else "gate closed",
            _headline(_evaluation(project.store, item.crossing.evaluation)),
            short(item.digest),
            age(item.at),
        )
        for item in found
    ]
    print_table(("crossing", "is", "verdict", "figures", "digest", "recorded"), rows)


@click.command()
@click.argument("ref")
@json_option
def show(ref: str, *, as_json: bool) -> None:
    """Show a crossing, for example flights@2: everything that the model stands on."""
    from interplane.project.crossings import find_crossing

    project = _project()
    found = find_crossing(project.store, ref)
    if as_json:
        print_json({**summary(project.store, found), "crossing": found.crossing.to_dict()})
        return
    live = f"  {', '.join(found.pointers)}" if found.pointers else ""
    say(f"{found.name}  {short(found.digest)}{live}  recorded {age(found.at)} by {found.actor}\n")
    for heading, text in _sections(project.store, found):
        _say_section(heading, text)
    evaluation = _evaluation(project.store, found.crossing.evaluation)
    if evaluation is not None:
        say(f"\n{evaluation.to_text(slices=_SLICES, width=width())}")


@click.command()
@click.argument("before")
@click.argument("after")
@json_option
def diff(before: str, after: str, *, as_json: bool) -> None:
    """Say in what crossing AFTER differs from BEFORE, plane by plane."""
    from interplane.project.crossings import differences, find_crossing

    store = _project().store
    old, new = find_crossing(store, before), find_crossing(store, after)
    changes = differences(old.crossing, new.crossing)
    if as_json:
        print_json([change._asdict() for change in changes])
        return
    if not changes:
        say(f"{old.name} and {new.name} stand on the same and are the same.")
        return
    print_table(("plane", "what", old.name, new.name), changes)
    judged = [_evaluation(store, item.crossing.evaluation) for item in (old, new)]
    if all(judged):
        say(f"\n{old.name}  {_headline(judged[0])}\n{new.name}  {_headline(judged[1])}")
    say(f"\n{new.name} {new.crossing.verdict.to_text()}")
    for line in new.crossing.verdict.held:
        say(f"  held  {line}")


def _project() -> Project:
    from interplane.project.project import Project

    return Project.find()


def _evaluation(store: Store, artifact: Artifact | None) -> Evaluation | None:
    from interplane.project.crossings import load

    if artifact is None:
        return None
    loaded: Evaluation = load(store, artifact)
    return loaded


def _headline(evaluation: Evaluation | None) -> str:
    return "" if evaluation is None else figures(evaluation.overall.metrics)


def _sections(store: Store, found: Recorded) -> Iterator[tuple[str, str]]:
    crossing = found.crossing
    verdict = crossing.verdict
    held = [f"  held  {line}" for line in verdict.held]
    yield "verdict", "\n".join([verdict.to_text(), *held])
    changed = f" + uncommitted changes {short(crossing.diff)}" if crossing.diff else ""
    code = f"commit {crossing.commit[:12]}{changed}" if crossing.commit else "not in git"
    pieces = {name for key in crossing.steps.values() for name in key.code}
    yield "code", f"{code}; {len(crossing.steps)} steps reach {len(pieces)} pieces of the project"
    yield "data", ", ".join(_data(store, found))
    yield "parameters", _parameters(found)
    if crossing.frozen is not None:
        yield "features", f"{crossing.frozen.summary}  {short(crossing.frozen.digest)}"
    if crossing.views:
        from interplane.project.views import view_name

        names = (f"{key}: {view_name(store, digest)}" for key, digest in crossing.views.items())
        yield "views", ", ".join(names)
    yield "model", f"{crossing.model.summary}  {short(crossing.model.digest)}"
    yield "parity", _parity(crossing.parity) if crossing.parity else "not proved"
    if crossing.request_schema is not None:
        yield "request", _request(crossing.request_schema)
    else:
        yield "request", "no schema: publish(…, train=OUTPUT) derives it from the training rows"
    yield "environment", _environment(store, found)
    if crossing.champion is not None:
        yield "champion", _name_of(store, crossing.champion)


def _data(store: Store, found: Recorded) -> Iterator[str]:
    from interplane.record import DataVersion
    from interplane.storage.names import series_name

    for use in found.crossing.data.values():
        members = store.catalog.series(series_name("data", use.dataset))
        number = next((m.number for m in members if m.digest == use.version), "?")
        rows = store.record(use.version, DataVersion).rows
        as_of = f" as of {use.as_of}" if use.as_of else ""
        yield f"{use.dataset}@{number} ({rows:,} rows{as_of})"


def _parameters(found: Recorded) -> str:
    return "; ".join(
        f"{step}: {', '.join(f'{name} {value}' for name, value in values.items())}"
        for step, values in found.crossing.parameters.items()
        if values
    )


_TWO: Final = ("engine", "row")
_EXECUTORS: Final = {"row": "row program", "many rows": "its loop"}


def _parity(parity: dict[str, Any]) -> str:
    *others, last = (_EXECUTORS.get(name, name) for name in parity.get("executors") or _TWO)
    compared = f"{', '.join(others)} and {last}"
    of = f" of {parity['of_rows']:,}" if parity.get("of_rows") is not None else ""
    return (
        f"{compared} agree bit for bit on {parity['values']:,} values: "
        f"{parity['rows']:,}{of} training rows and {parity['edge_rows']:,} edge rows"
    )


def _request(schema: dict[str, Any]) -> str:
    fields = schema.get("fields", [])
    required = sum(1 for field in fields if field.get("required"))
    return f"{len(fields)} columns, {required} of them required"


def _environment(store: Store, found: Recorded) -> str:
    import msgspec

    lock = msgspec.json.decode(store.read(found.crossing.environment))
    return (
        f"Python {lock['python']}, {lock['system']} {lock['machine']}, "
        f"{len(lock['distributions'])} distributions  {short(found.crossing.environment)}"
    )


def _name_of(store: Store, digest: str) -> str:
    from interplane.project.crossings import find_crossing

    return find_crossing(store, digest).name


def _say_section(heading: str, text: str) -> None:
    lines = text.splitlines() or [""]
    for number, line in enumerate(lines):
        label = heading if number == 0 else ""
        for index, piece in enumerate(_wrapped(line)):
            say(f"{label if index == 0 else '':<13}{piece}")


def _wrapped(line: str) -> list[str]:
    import textwrap

    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line.strip(),
        (width() or _WRAP) - 13,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
    ) or [line]


def summary(store: Store, found: Recorded) -> dict[str, Any]:
    """Return a crossing in a few plain values, as ``--json`` prints it."""
    evaluation = _evaluation(store, found.crossing.evaluation)
    return {
        "name": found.name,
        "digest": found.digest,
        "pointers": list(found.pointers),
        "passed": found.crossing.verdict.passed,
        "metrics": {}
        if evaluation is None
        else {name: item.to_dict() for name, item in evaluation.overall.metrics.items()},
        "at": found.at,
        "actor": found.actor,
    }
