"""What a workspace holds, and how two versions differ."""

from __future__ import annotations

import pytest

from interplane.data.adding import add
from interplane.data.dataset import Dataset
from interplane.data.datasets import diff, list_datasets, profile_of, versions
from interplane.data.schema_file import parse_schema
from interplane.data.table import Table
from interplane.errors import UnknownName, UsageError


@pytest.fixture
def put(store, writer):
    """Add columns as a version of a dataset."""

    def put(name="d", **columns):
        return add(store, name, Table.from_columns(columns), writer=writer)

    return put


def test_list_and_versions(store, put):
    """Datasets by name; versions with how they came about; the latest is marked."""
    put(n=[1])
    put(n=[1, 2])
    put(n=[1])
    put("a", s=["x"])
    assert [(info.name, info.versions, info.latest.number) for info in list_datasets(store)] == [
        ("a", 1, 1),
        ("d", 2, 1),
    ]
    found = versions(store, "d")
    assert [(info.number, info.version.rows, info.is_latest) for info in found] == [
        (1, 1, True),
        (2, 2, False),
    ]
    assert found[1].addition.source_name == "Table"
    assert (found[0].actor, found[0].verdict) == ("tester", None)


def test_unknown_dataset(store, put):
    """A typo finds its neighbour."""
    put("flights", n=[1])
    with pytest.raises(UnknownName, match="Did you mean 'flights'"):
        versions(store, "flihgts")
    with pytest.raises(UnknownName, match="Did you mean 'flights'"):
        diff(store, "flihgts@1", "flights")


def test_difference_of_rows(store, put):
    """Rows that only one side has, counted as often as they are there."""
    put(n=[1, 2, 2, 3], s=["a", "b", "b", None])
    put(n=[2, 2, 2, 3, 9], s=["b", "b", "b", None, "z"])
    found = diff(store, "d@1", "d@2")
    assert (found.rows_removed, found.rows_added) == (1, 2)
    assert (found.rows_before, found.rows_after) == (4, 5)
    assert [change.name for change in found.columns] == ["n", "s"]
    assert "(2 added, 1 removed)" in found.to_text()
    same = diff(store, "d@2", "d@2")
    assert (same.rows_removed, same.rows_added, same.parts_new) == (0, 0, 0)
    assert "all as they were" in same.to_text()


def test_difference_of_columns(store, put):
    """Added, removed and changed columns are named; rows are not compared then."""
    put(a=[1], b=["x"], c=[1])
    put(a=[1.5], c=[1], d=[True])
    found = diff(store, "d@1", "d@2")
    assert [(change.name, change.change) for change in found.columns] == [
        ("a", "type"),
        ("b", "removed"),
        ("d", "added"),
    ]
    assert found.rows_added is None
    assert "removed" in found.to_text()


def test_only_parts_that_differ_are_read(store, writer):
    """An append shares all parts but the last."""
    table = Table.from_columns({"n": list(range(600_000)), "x": [0.5] * 600_000})
    add(store, "d", table, writer=writer)
    add(store, "d", Table.from_columns({"n": [-1], "x": [1.0]}), writer=writer, append=True)
    found = diff(store, "d@1", "d@2")
    assert (found.rows_removed, found.rows_added, found.parts_new) == (0, 1, 1)
    assert found.parts_shared >= 1


def test_profile_of_a_version(store, put):
    """By number, by pointer, by digest."""
    added = put(n=[1, 3])
    expected = profile_of(store, "d@1")
    assert expected["n"].mean == 2.0
    assert profile_of(store, "d") == expected
    assert profile_of(store, f"@{added.digest[:12]}") == expected


def test_verdicts_are_kept(store, writer):
    """The latest check of a version is shown with it."""
    schema = parse_schema("columns.n = {type='int', max=0, on_breach='warn'}")
    add(store, "d", Table.from_columns({"n": [1]}), writer=writer, schema=schema)
    (info,) = versions(store, "d")
    assert info.verdict.breaches[0].rule == "n at most 0"


def test_declaration():
    """A name and a schema's path below the project; nothing else."""
    assert Dataset("flights").schema is None
    assert Dataset("flights", schema="schemas/flights.toml").__fingerprint__() == {
        "dataset": "flights",
        "schema": "schemas/flights.toml",
    }
    with pytest.raises(UsageError, match="cannot name a dataset"):
        Dataset("Flights!")
    for path in ("/etc/passwd", "../x.toml", "a/../../x.toml"):
        with pytest.raises(UsageError, match="below the project"):
            Dataset("flights", schema=path)
