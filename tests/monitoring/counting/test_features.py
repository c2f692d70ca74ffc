"""Features of logged rows are those of the model, and are counted like columns; baselines are counted once."""

import pytest
from by_hand import random_log, rounded
from toy_log import RECIPE

import interplane as ip
from interplane.data.table import Table
from interplane.errors import UnknownName
from interplane.features.definition import features
from interplane.monitoring.counting.baselines import baseline_tallies
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.features import with_features
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.counting.recipe import Recipe
from interplane.testing.memory_windows import MemoryWindows


@features(label="late")
def flown(flight):
    """Two features of two columns."""
    return {"wind": flight.wind.fill_null(0.0) * 2, "weekday": ip.one_hot(flight.weekday)}


@pytest.fixture(scope="module")
def log():
    """Return rows of the log."""
    return random_log(1, 200)[1]


@pytest.fixture(scope="module")
def frozen(log):
    """Return features fitted on these rows as they were before."""
    return flown.fit(raw(log))


def raw(log):
    """Return the columns of requests."""
    return Table.from_columns(
        {n.removeprefix("row."): log.column(n) for n in log.names if n.startswith("row.")}
    )


def test_features_of_logged_rows_are_those_of_the_model(log, frozen):
    """All together, and in batches; the columns stay."""
    found = with_features(log, frozen)
    expected = frozen.transform(raw(log))
    names = [f"features.{name}" for name in frozen.names]
    assert [*log.names, *names] == list(found.names)
    for name in frozen.names:
        assert expected.column(name).to_pylist() == found.column(f"features.{name}").to_pylist()
    batches = list(found.select("row.id", names[0]).batches(rows=50))
    assert [50] * 4 == [batch.num_rows for batch in batches]
    assert log.column("row.id").to_pylist() == [v for b in batches for v in b.column(0).to_pylist()]
    assert log.column("score").to_pylist() == found.column("score").to_pylist()
    assert 5 == found.head(5).rows
    assert {"n": 200} in found.sql("SELECT count(*) AS n FROM self").to_rows()


def test_features_are_counted_like_columns(log, frozen):
    """By name; and without them, rows say what is missing."""
    found = with_features(log, frozen)
    layout = make_layout(found)
    tally = count(found, layout, columns=["features.wind"]).tally()
    assert 200 == sum(tally.columns["features.wind"])
    with pytest.raises(UnknownName, match=r"no feature 'features.wind' in the rows"):
        count(log, layout)
    with pytest.raises(UnknownName, match="no column 'weekday' in the logged rows"):
        with_features(log.select("score", "row.wind"), frozen)


def test_a_baseline_is_counted_once(log):
    """And again where the recipe or the layout is another one; without rows there is none."""
    windows, asked = MemoryWindows(), []

    def rows():
        asked.append(1)
        return log

    layout = make_layout(log)
    for slicing in ((), ("origin",)):
        expected = count(log, layout, slicings=[("origin",)]).tallies(slicing)
        for _ in range(2):
            found = baseline_tallies(windows, "c", rows, layout, recipe=RECIPE, slicing=slicing)
            # Sums of losses differ in the last bits, as their order does.
            assert {v: rounded(t) for v, t in expected.items()} == {
                v: rounded(t) for v, t in found.items()
            }
    assert 2 == len(asked)
    narrow = Recipe(columns=["wind"])
    tally = baseline_tallies(windows, "c", rows, layout, recipe=narrow)[()]
    assert {"row.wind", "score", "took_us"} == tally.columns.keys()
    baseline_tallies(windows, "c", rows, make_layout(log, threshold=0.1))
    assert 4 == len(asked)
    assert baseline_tallies(windows, "d", lambda: None, layout) is None
