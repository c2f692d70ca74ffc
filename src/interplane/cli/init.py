"""``interplane init``: a new project that runs as it is."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import click

from interplane.cli.output import say
from interplane.errors import StorageError, UsageError
from interplane.record import check_name

__all__ = ["init"]

_TEMPLATE = Path(__file__).with_name("template")
_ROWS = 4_000


@click.command()
@click.argument("name")
def init(name: str) -> None:
    """Make a new project in the folder NAME: a pipeline, a test, a CI file and a little data.

    It runs as it is; change it into yours.
    """
    check_name(name, of="project")
    folder = Path(name)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            f"the folder {name!r} is there and not empty",
            expected="a new name, or an empty folder",
            do="Choose another name",
        )
    building = Path(f".{name}.new")
    try:
        _build(building, name)
        building.rename(folder)
    except OSError as error:
        raise StorageError.from_os(error, doing=f"making the project {name!r}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    say(f"Made {name}/. Next:\n")
    say(f"  cd {name}")
    say("  interplane data add trips trips.csv   the first version of a dataset")
    say("  interplane plan                       what a run would do, and why")
    say("  interplane run                        train, evaluate, gate, record")
    say("  interplane show tips@1                everything that the model stands on")


def _build(folder: Path, name: str) -> None:
    for source in sorted(path for path in _TEMPLATE.rglob("*") if path.is_file()):
        # The ending keeps tools from taking the templates for code of this package.
        parts = str(source.relative_to(_TEMPLATE)).removesuffix(".txt").split("/")
        target = folder.joinpath(*(part.replace("dot-", ".") for part in parts))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace("PROJECT", name)
        target.write_text(text, encoding="utf-8")
    _write_trips(folder / "trips.csv")


def _write_trips(path: Path) -> None:
    """Write made-up taxi trips: whether the tip is big depends on distance, hour and payment."""
    draw = random.Random(7)  # noqa: S311 - made-up data, the same for everybody
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["trip_id", "started_at", "company", "miles", "payment", "big_tip"])
        for number in range(_ROWS):
            hour, day = draw.randrange(24), draw.randrange(1, 29)
            miles = round(draw.lognormvariate(1.0, 0.7), 2)
            payment = draw.choice(["card", "card", "cash", "mobile"])
            company = draw.choice(["Amber", "Blue", "Checker", ""])
            chance = 0.1 + 0.35 * (payment != "cash") + 0.2 * (hour >= 18) + 0.03 * min(miles, 8)
            writer.writerow(
                [
                    f"t{number}",
                    f"2026-01-{day:02}T{hour:02}:{draw.randrange(60):02}:00",
                    company,
                    miles,
                    payment,
                    str(draw.random() < chance).lower(),
                ]
            )
