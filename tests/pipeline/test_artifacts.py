"""What steps return comes back as it was, in the form that is asked for, and alone."""

import dataclasses
import math
from datetime import date, datetime
from pathlib import Path
from typing import Optional

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.splits import split_by_entity
from interplane.data.table import Table
from interplane.errors import UnknownArtifact
from interplane.features.definition import features
from interplane.features.frozen import Frozen
from interplane.features.leaks import seen_rows
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model
from interplane.pipeline.artifacts import Artifacts
from interplane.pipeline.codecs.attached import Picture
from interplane.pipeline.codecs.plain import from_json, to_json
from interplane.pipeline.codecs.wants import ANYTHING, Want
from interplane.pipeline.files import Files
from interplane.record import Breach, Verdict
from interplane.testing.stores import memory_store


@dataclasses.dataclass(frozen=True)
class Inner:
    """A dataclass inside another."""

    rows: pd.DataFrame
    limit: Optional[int] = None  # noqa: UP045 - both spellings count


@dataclasses.dataclass
class Outer:
    """A dataclass of artifacts."""

    name: str
    matrix: np.ndarray
    inner: Inner


class Workbench:
    """Artifacts over a store in memory."""

    def __init__(self, folder):
        self.store = memory_store()
        self.artifacts = Artifacts(self.store)
        self.folder = folder
        self.count = 0

    def save(self, value):
        """Save and commit a value."""
        draft = self.store.draft()
        artifact = self.artifacts.save(value, draft, place="output 'x' of step 'made'")
        self.store.commit(draft, writer=self.store.catalog.writer("test"))
        return artifact

    def load(self, artifact, annotation=None):
        """Load an artifact as a parameter with this annotation gets it."""
        want = Want.of(annotation, "the input 'x' of step 'used'")
        return self.artifacts.load(artifact, scratch=self.scratch, want=want)

    def scratch(self):
        """Return a new folder."""
        self.count += 1
        folder = self.folder / f"scratch{self.count}"
        folder.mkdir()
        return folder

    def there_and_back(self, value, annotation=None):
        """Save and load a value."""
        return self.load(self.save(value), annotation)


@pytest.fixture
def bench(tmp_path):
    """Return a workbench."""
    return Workbench(tmp_path)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(max_size=5) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3)
    | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text("ab$", max_size=3) | st.integers(), inner, max_size=3)
    | st.sets(st.integers(), max_size=3),
    max_leaves=8,
)  # fmt: skip


def same(one, other):
    """Compare values and types; NaN equals itself, a dict keeps its order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )  # fmt: skip
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    return one == other


@given(PLAIN)
def test_json_values_come_back_as_they_are(value):
    """Tuples, sets, NaN, huge integers, the order of a dict, keys that are numbers."""
    assert same(value, from_json(to_json(value, "x")))


@given(PLAIN)
def test_json_values_survive_a_store(value):
    """Through bytes."""
    bench = Workbench(Path("/nonexistent"))
    assert same(value, bench.there_and_back(value))


FRAME = pd.DataFrame(
    {"a": [1, 2], "b": ["x", None], "t": pd.to_datetime(["2013-01-01", "2013-01-02"])},
    index=["first", "second"],
)
ROWS = {"a": [1, None], "b": [0.5, 1.5], "c": [True, False]}


def test_frames_come_back_in_their_library(bench):
    """With index and types."""
    pd.testing.assert_frame_equal(FRAME, bench.there_and_back(FRAME))
    polars = pl.DataFrame(ROWS)
    assert polars.equals(bench.there_and_back(polars))
    arrow = pa.table({"a": pa.array([1, 2], pa.uint8()), "l": [[1], []]})
    assert arrow.equals(bench.there_and_back(arrow))


def test_rows_take_the_form_of_the_annotation(bench):
    """A table becomes any frame, a frame becomes any other and a table; numbers a matrix."""
    table = Table.from_columns(ROWS)
    for made in (bench.save(table), bench.save(pl.DataFrame(ROWS)), bench.save(pa.table(ROWS))):
        assert isinstance(bench.load(made, pd.DataFrame), pd.DataFrame)
        assert isinstance(bench.load(made, pl.DataFrame), pl.DataFrame)
        assert isinstance(bench.load(made, pa.Table), pa.Table)
        assert bench.load(made, Table | None).to_rows() == table.to_rows()
        matrix = bench.load(made, np.ndarray)
        assert np.array_equal([[1, 0.5, 1], [np.nan, 1.5, 0]], matrix, equal_nan=True)
    assert isinstance(bench.there_and_back(table), Table)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(3.5),
        np.array(["a", "bc"]),
        np.array(["2013-01-01"], "datetime64[D]"),
        np.zeros((0, 4), np.float32),
        np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]),
    ],
    ids=str,
)
def test_arrays_come_back(bench, array):
    """Shape, type and values; in row order, so that equal arrays have one digest."""
    found = bench.there_and_back(array)
    assert found.dtype == array.dtype
    assert np.array_equal(array, found)
    assert bench.save(array).digest == bench.save(np.array(array, order="C")).digest


def test_dataclasses_come_back_where_they_are_annotated(bench):
    """Nested, with fields of any kind; without the annotation the parameter is told to have one."""
    value = Outer("x", np.ones(2), Inner(FRAME, 3))
    found = bench.there_and_back(value, Outer)
    assert "x" == found.name
    assert 3 == found.inner.limit
    pd.testing.assert_frame_equal(FRAME, found.inner.rows)
    with pytest.raises(UnknownArtifact, match="receives a dataclass Outer, and does not say so"):
        bench.there_and_back(value)
    with pytest.raises(UnknownArtifact, match="annotated with Inner and receives a Outer"):
        bench.there_and_back(value, Inner)


def test_verdicts_pictures_and_dates_come_back(bench):
    """The small kinds."""
    verdict = Verdict(asked=2, breaches=(Breach(rule="r", where="w", found="f"),), held=("h",))
    assert verdict == bench.there_and_back(verdict)
    assert date(2013, 5, 1) == bench.there_and_back(date(2013, 5, 1))
    assert datetime(2013, 5, 1, 2) == bench.there_and_back(datetime(2013, 5, 1, 2))  # noqa: DTZ001


def test_a_figure_comes_back_as_a_picture(bench):
    """Equal drawings have one digest."""
    matplotlib = pytest.importorskip("matplotlib.figure")

    def draw():
        figure = matplotlib.Figure(figsize=(1, 1))
        figure.subplots().plot([1, 2])
        return figure

    made = bench.save(draw())
    picture = bench.load(made)
    assert isinstance(picture, Picture)
    assert picture.startswith(b"\x89PNG")
    assert made.digest == bench.save(draw()).digest == bench.save(picture).digest


def test_files_come_back_as_copies(bench, tmp_path):
    """A folder, one file, or `Files`; a change of the copy reaches nobody."""
    folder = tmp_path / "made"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("one")
    (folder / "b.bin").write_bytes(bytes(20_000))
    made = bench.save(folder)
    copy = bench.load(made)
    (copy / "deep" / "a.txt").write_text("changed")
    assert "one" == (bench.load(made, Path) / "deep" / "a.txt").read_text()
    assert (folder / "deep" / "a.txt").exists()
    files = bench.load(made, Files)
    assert ("b.bin", "deep/a.txt") == files.names
    assert b"one" == files.read("deep/a.txt")
    assert "one" == bench.there_and_back(folder / "deep" / "a.txt").read_text()
    assert made.digest != bench.save(files).digest  # it comes back in another form


REFUSED = [
    (object(), "is a builtins.object"),
    ((item for item in []), "Return list"),
    ({"a": {1: object()}}, r"output 'x' of step 'made'\['a'\]\[1\] holds a builtins.object"),
    (pd.Series([1]), "to_frame"),
    (np.array([object()]), "an array of objects"),
    (np.ma.array([1.0]), "is a MaskedArray"),
    (pd.DataFrame({"x": [1, "a"]}), "does not come back as it is"),
    (pd.DataFrame({"x": [object()]}), "does not come back as it is"),
    (Outer("x", np.ones(1), len), "'made'.inner is a builtins.builtin_function_or_method"),
    (Path("/nowhere/at/all"), "no file or folder is there"),
    ("\ud800", "half a character"),
]


@pytest.mark.parametrize(("value", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_anything_else_is_refused_by_name(bench, value, words):
    """With step, output and type, and what to do."""
    with pytest.raises(UnknownArtifact, match="output 'x' of step 'made'") as caught:
        bench.save(value)
    assert caught.match(words)


def test_nesting_without_end_is_refused(bench):
    """Before the stack is."""
    value = []
    value.append(value)
    with pytest.raises(UnknownArtifact, match="nested deeper"):
        bench.save(value)


WRONG = [
    (3, pd.DataFrame, "annotated with pandas.DataFrame and receives 3"),
    (np.ones(2), Table, "annotated with interplane.Table and receives an array"),
    (Table.from_columns({"a": ["x"]}), np.ndarray, "column 'a' is str"),
    (Verdict(asked=1), pl.DataFrame, "receives a verdict"),
    (Table.from_columns({"a": ["x"]}), Path, "receives a table of 1 rows"),
]


@pytest.mark.parametrize(("value", "annotation", "words"), WRONG)
def test_a_form_that_cannot_be_is_refused(bench, value, annotation, words):
    """With what the annotation says and what there is."""
    with pytest.raises(UnknownArtifact, match=words):
        bench.there_and_back(value, annotation)


def test_what_one_receiver_does_reaches_no_other(bench):
    """Each gets its own."""
    for value in ([1, [2]], np.ones(3), FRAME, {"a": [1]}):
        made = bench.save(value)
        first = bench.load(made)
        if isinstance(first, pd.DataFrame):
            first.loc["first", "a"] = 99
        elif isinstance(first, np.ndarray):
            first[0] = 99
        else:
            (first.append if isinstance(first, list) else first["a"].append)(99)
        assert made.digest == bench.save(bench.load(made, ANYTHING.annotation)).digest


def test_small_values_take_no_blob(bench):
    """They live in the row."""
    bench.save({"a": 1})
    bench.save(np.ones(3))
    assert [] == list(bench.store.blobs.list())
    bench.save(np.ones(10_000))
    assert 1 == len(list(bench.store.blobs.list()))


def test_a_link_among_files_is_refused(bench, tmp_path):
    """It could point anywhere."""
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "a").symlink_to("/etc/hostname")
    with pytest.raises(UnknownArtifact, match="a in made is a link or no file"):
        bench.save(folder)
    with pytest.raises(UnknownArtifact, match="no file or folder is there"):
        bench.save(folder / "a")


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../b", ".", "", "a//b", "a\0b"])
def test_files_stay_in_their_folder(tmp_path, name):
    """A name that leads out of it is refused when it is given."""
    with pytest.raises(UnknownArtifact, match="cannot name a file"):
        Files({name: tmp_path})


def test_a_part_of_a_split_keeps_its_promise_through_the_store(bench):
    """What a step returned comes back with what it promised; other tables are described as ever."""
    rows = Table.from_columns({"who": [f"p{n}" for n in range(20)]})
    split = split_by_entity(rows, "who", salt="v2")
    for part in split:
        assert part.promise == bench.there_and_back(part, Table).promise
    plain = bench.artifacts.describe(bench.save(rows))
    assert ["kind", "columns", "parts"] == list(plain)


@features(label="late", key=["id"])
def named(row):
    """Features of rows that a key names."""
    return {"x": row.x}


def test_the_keys_that_a_fit_saw_travel_beside_the_features(bench):
    """As a blob of the artifact, with the model too; nobody reads it who only loads them."""
    rows = Table.from_columns({"id": [1, 2, 3], "x": [0.1, 0.2, 0.3], "late": [True, False, True]})
    frozen = named.fit(rows)
    [seen] = frozen.training.seen
    for saved in (frozen, Model(FeatureScore("x"), features=frozen)):
        artifact = bench.save(saved)
        assert seen.digest in artifact.blobs
        loaded = bench.load(artifact)
        again = loaded if saved is frozen else loaded.features
        assert (frozen.digest, frozen.read_seen(seen)) == (again.digest, again.read_seen(seen))
        assert [False, True] == seen_rows(again, Table.from_columns({"id": [7, 3]})).tolist()


def test_features_that_came_without_the_keys_are_saved_without_them(bench):
    """Their form says what the set was; where it is not, nobody can tell."""
    rows = Table.from_columns({"id": [1, 2], "x": [0.1, 0.2], "late": [True, False]})
    copied = Frozen.from_dict(named.fit(rows).to_dict())
    again = bench.there_and_back(bench.there_and_back(copied))
    assert copied.digest == again.digest
    assert (None, None) == (again.read_seen, seen_rows(again, rows))
