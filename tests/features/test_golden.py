"""Frozen features of every version stay readable and give the bits that they gave; the page says the form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from interplane.errors import DataError
from interplane.expressions.constants import constant_from_text
from interplane.features import frozen as module
from interplane.features.frozen import Frozen
from interplane.features.training import Parity, Training

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
PAGE = (Path(__file__).parents[2] / "docs" / "frozen-form.md").read_text(encoding="utf-8")


def read(path):
    """Return what a golden file holds: written by the code of its time, and never again."""
    return json.loads(path.read_text(encoding="utf-8"))


def decoded(row, types):
    """Return a row as the row program takes it."""
    return {
        name: constant_from_text(value, types[name])
        if types[name] in {"date", "timestamp"}
        else value
        for name, value in row.items()
    }


def hexed(number):
    """Return a float as golden files have it."""
    return number.hex() if number == number else "nan"


def test_every_version_has_a_golden_file():
    """A new version brings one; none is ever taken away."""
    versions = {read(path)["frozen"]["version"] for path in GOLDEN}
    assert set(range(1, module._VERSION + 1)) == versions


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_old_version_is_read(path):
    """It keeps its name, and is written as it was."""
    golden = read(path)
    frozen = Frozen.from_dict(golden["frozen"])
    assert golden["digest"] == frozen.digest
    assert golden["frozen"] == json.loads(json.dumps(frozen.to_dict()))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_old_version_gives_the_same_bits(path):
    """Every feature of every row, one row and many."""
    golden = read(path)
    frozen = Frozen.from_dict(golden["frozen"])
    for answer in golden["answers"]:
        row = decoded(answer["row"], frozen.inputs)
        views = answer.get("views", {})
        assert answer["vector"] == list(map(hexed, frozen.vector(row, **views)))
        looked_up = {f"{p}.{name}": value for p, of in views.items() for name, value in of.items()}
        values = [{**row, **looked_up}[name] for name in frozen.columns]
        assert answer["vector"] == list(map(hexed, frozen.program.many([values])))


def test_a_version_to_come_is_refused():
    """By its number: nothing of it is guessed."""
    plain = {**read(GOLDEN[0])["frozen"], "version": module._VERSION + 1}
    with pytest.raises(DataError, match=rf"have version {module._VERSION + 1} of their form"):
        Frozen.from_dict(plain)


def test_what_is_not_known_is_refused_where_it_could_decide():
    """What training rows and the proof say more than is known here, is passed over."""
    plain = read(GOLDEN[0])["frozen"]
    with pytest.raises(DataError, match="unknown field `more`"):
        Frozen.from_dict({**plain, "more": 1})
    for name in ("training", "parity"):
        told = {**plain, name: {**plain[name], "more": 1}}
        assert Frozen.from_dict(plain) == Frozen.from_dict(told)


def test_the_example_of_the_page_is_read():
    """And written again as it stands there."""
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    plain = json.loads(block)
    frozen = Frozen.from_dict(plain)
    assert plain == json.loads(json.dumps(frozen.to_dict()))
    assert {"far": 1.0, "flown": 1.0} == frozen.row({"distance": 500.0, "carrier": "AA"})


@pytest.mark.parametrize(
    ("header", "of"),
    [
        ("member", module._Plain),
        ("of `training`", Training),
        ("of `parity`", Parity),
    ],
)
def test_the_page_names_every_member(header, of):
    """In its tables: no more and no fewer than the code reads."""
    table = PAGE.split(f"| {header} | what it is |\n|---|---|\n")[1].split("\n\n")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
    assert sorted(field.name for field in msgspec.structs.fields(of)) == sorted(named)


def test_the_page_names_every_kind_of_node():
    """Those that a golden file has, and no others."""
    table = PAGE.split("| node | its members |\n|---|---|\n")[1].split("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE))
    nodes = [
        node
        for path in GOLDEN
        for feature in read(path)["frozen"]["features"]
        for node in feature["expression"]["nodes"]
    ]
    assert named == {next(iter(node)) for node in nodes}
