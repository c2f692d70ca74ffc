"""Profiles: the statistics are right, and the same every time."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from interplane.data.profile import QUANTILES, Profile, profile
from interplane.data.profiler import Profiler
from interplane.data.readers import read_table
from interplane.data.table import Table
from interplane.testing.random_tables import tables


@settings(max_examples=30)
@given(tables())
def test_any_table_has_a_profile_that_round_trips(table):
    """Total: NaN, infinities, extremes, nulls; the JSON form gives it back."""
    found = profile(table)
    assert found.rows == table.rows
    assert Profile.from_bytes(found.to_bytes()) == found
    assert profile(table).to_bytes() == found.to_bytes()
    for column in found.columns:
        values = table.column(column.name).to_pylist()
        known = [v for v in values if v is not None]
        finite = [v for v in known if not isinstance(v, float) or math.isfinite(v)]
        assert column.nulls == len(values) - len(known)
        assert column.not_finite == len(known) - len(finite)
        assert column.distinct == len(set(finite))
        assert sum(column.counts) in {0, len(finite)}
        assert sum(column.spread) in {0, len(finite)}
    assert found.to_text()


def test_statistics_of_numbers():
    """Against NumPy."""
    values = np.random.default_rng(1).gamma(2.0, 10.0, 5_000)
    column = profile(Table.from_columns({"x": values}))["x"]
    assert column.mean == pytest.approx(values.mean(), rel=1e-12)
    assert column.std == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert (column.low, column.high) == (values.min(), values.max())
    exact = np.quantile(values, QUANTILES, method="inverted_cdf")
    assert np.allclose(column.quantiles, exact, rtol=0.01)
    edges = np.array(column.edges)
    assert column.counts == tuple(np.bincount(np.searchsorted(edges, values), minlength=10))


def test_not_finite_values_count_apart():
    """NaN and infinities are in no statistic but their own."""
    column = profile(Table.from_columns({"x": [1.0, math.nan, math.inf, -math.inf, None, 3.0]}))[
        "x"
    ]
    assert (column.nulls, column.not_finite, column.distinct) == (1, 3, 2)
    assert (column.low, column.high, column.mean) == (1.0, 3.0, 2.0)


def test_moments_of_very_large_numbers():
    """Squares that overflow are scaled first."""
    column = profile(Table.from_columns({"x": [1e300, 3e300]}))["x"]
    assert column.mean == pytest.approx(2e300)
    assert column.std == pytest.approx(math.sqrt(2) * 1e300)


def test_values_of_text_and_booleans():
    """The most frequent first, equal ones in order; a boolean's mean is its share."""
    found = profile(
        Table.from_columns(
            {"s": ["b", "a", "b", "a", "c", None], "ok": [True, True, False, None, None, None]}
        )
    )
    assert found["s"].top == (("a", 2), ("b", 2))
    assert found["s"].distinct == 3
    assert found["ok"].mean == pytest.approx(2 / 3)
    assert "s" in found
    assert "gone" not in found


def test_bins_of_values_that_repeat():
    """A column that is mostly zero has few bins, none of them empty."""
    column = profile(Table.from_columns({"n": [0] * 95 + [1, 2, 3, 4, 5]}))["n"]
    assert column.edges == (0,)
    assert column.counts == (95, 5)


def test_large_tables_say_where_quantiles_come_from(monkeypatch):
    """Beyond the limit every n-th row is looked at, and the profile says so."""
    monkeypatch.setattr("interplane.data.profiler._SAMPLE_ROWS", 1000)
    monkeypatch.setattr("interplane.data.profiler._COUNTED_DISTINCT", 100)
    table = Table.from_columns({"n": pa.array(range(10_000))})
    with Profiler(table) as profiler:
        found = profiler.run()
    assert found.quantile_rows == 1000
    assert found["n"].quantiles[4] == pytest.approx(5000, abs=20)
    assert not found["n"].distinct_exact
    assert found["n"].distinct == pytest.approx(10_000, rel=0.1)
    assert "medians of 1,000 of them" in found.to_text()


@pytest.mark.parametrize("width", [70, 80, 120])
def test_a_profile_fits_the_line(width):
    """Columns that do not fit are left out, what says most is kept; without a width, all are."""
    table = Table.from_columns(
        {
            "pickup_community_area": [1, 2, 77],
            "company": ["Taxi Affiliation Services", "0118 - 42111 Godfrey S.Awir", None],
        }
    )
    found = profile(table)
    assert max(len(line) for line in found.to_text(width=width).splitlines()) <= width
    header = found.to_text(width=width).splitlines()[0].split()
    assert {"column", "type", "nulls", "distinct", "low"} <= set(header)
    assert ("high" in header) is (width >= 80)
    assert "mean" in found.to_text().splitlines()[0]


def test_a_share_of_nulls_is_never_rounded_to_none_or_all():
    """Two nulls in many rows show, and so does one value among nulls."""
    rows = 10_000
    found = profile(
        Table.from_columns(
            {"few": [None, *range(1, rows)], "most": [1, *[None] * (rows - 1)], "all": [1.0] * rows}
        )
    )
    few, most, none = found.to_text().splitlines()[1:4]
    assert "<0.1%" in few
    assert ">99.9%" in most
    assert "%" not in none


def test_weather(flights_data):
    """The wind of 1,048 mph shows; gusts are null in 80 %."""
    found = profile(read_table(flights_data / "weather.csv").table)
    assert found["wind_speed"].high == pytest.approx(1048.36058)
    assert found["wind_gust"].nulls / found.rows == pytest.approx(0.796, abs=0.001)
    assert "1048.36" in found.to_text()


def test_a_notebook_shows_a_line_a_column():
    """With its histogram; names and values are text."""
    table = Table.from_columns({"<b>n</b>": [1.5, 2.5, 2.5, None], "who": ["<i>", "<i>", "x", "y"]})
    html = profile(table)._repr_html_()
    assert 3 == html.count("<tr>")
    assert 2 == html.count("<svg")
    assert "&lt;b&gt;n&lt;/b&gt;" in html
    assert "&lt;i&gt;" in html
    assert not [word for word in ("<b>", "<i>", "<script") if word in html]
