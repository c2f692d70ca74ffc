"""What goes and what is merged, decided from the manifest alone; and who was first."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.predictions.entry import Head
from interplane.predictions.manifest import LoggedFile
from interplane.predictions.repeats import beginnings, settle
from interplane.predictions.retention import files_to_drop, files_to_merge

TODAY = 100


def logged(number, *, day=TODAY, rows=1000, size=1000, model="m", ids=()):
    """A file of a log."""
    return LoggedFile(
        number, f"{number}.parquet", "d", model, day, rows, size, 0, 0, 0, 0, {}, bool(ids),
        frozenset(),
    )  # fmt: skip


def test_age_is_that_of_the_day_that_ended():
    """With keep_days=1 yesterday stays until it is over for a day."""
    files = [logged(number, day=TODAY - number) for number in range(5)]
    for keep in range(6):
        going = files_to_drop(files, today=TODAY, keep_days=keep)
        assert [(file, "age") for file in reversed(files[keep + 1 :])] == going


@given(st.lists(st.integers(1, 50), max_size=12), st.integers(0, 300), st.integers(0, 12))
def test_what_is_left_is_no_larger_than_allowed(sizes, keep_bytes, keep_days):
    """And no file more goes than has to; the oldest go first."""
    files = [logged(n, day=TODAY - n // 2, size=size) for n, size in enumerate(sizes)]
    going = files_to_drop(files, today=TODAY, keep_days=keep_days, keep_bytes=keep_bytes)
    gone = [file for file, _ in going]
    left = [file for file in files if file not in gone]
    assert sum(file.size_bytes for file in left) <= keep_bytes
    assert all(file.day >= TODAY - keep_days for file in left)
    assert sorted(gone, key=lambda file: (file.day, file.number)) == gone
    if going and going[-1][1] == "size":
        assert sum(file.size_bytes for file in (*left, gone[-1])) > keep_bytes


def test_nothing_goes_that_nobody_asked_for():
    """Without a bound."""
    assert [] == files_to_drop([logged(1, day=0)], today=TODAY)


def test_a_day_that_is_over_becomes_few_files():
    """Small ones are merged with their neighbours, full ones are left alone."""
    files = [logged(n, day=TODAY - 1, rows=100_000) for n in range(12)]
    groups = files_to_merge([*files, logged(99, day=TODAY - 1, rows=300_000)], today=TODAY)
    assert [5, 5, 2] == [len(group) for group in groups]
    assert files == [file for group in groups for file in group]
    assert [] == files_to_merge([logged(1, day=TODAY - 1), logged(2, day=TODAY - 2)], today=TODAY)


def test_models_are_never_mixed():
    """Nor days."""
    files = [logged(n, day=TODAY - 1 - n // 4, model=f"m{n // 2}") for n in range(8)]
    assert [2, 2, 2, 2] == [len(group) for group in files_to_merge(files, today=TODAY)]


@pytest.mark.parametrize("late", [False, True])
def test_merging_comes_to_an_end(late):
    """Of a million rows that come in small files each is written again a few times at most."""
    draw = random.Random(7)
    files, rewritten, most = [], 0, 0
    for number in range(1000):
        files.append(logged(number, rows=draw.randrange(500, 1500), day=TODAY - late))
        for _ in range(20):
            groups = files_to_merge(files, today=TODAY)
            if not groups:
                break
            for group in groups:
                files = [file for file in files if file not in group]
                rows = sum(file.rows for file in group)
                files.append(logged(group[0].number, rows=rows, day=TODAY - late))
                rewritten += rows
        assert [] == groups
        most = max(most, len(files))
    if not late:  # a day that goes on; one that is over gets its last segments and no more
        assert rewritten < 5_000_000
        assert most < 50


# ---- who was first ------------------------------------------------------------------------


class Ids:
    """A manifest and files that know ids and when they were."""

    def __init__(self, files):
        self.files = files
        self.asked = []

    def repeatable(self, number):
        return beginnings(list(self.files[number])).tobytes()

    def read(self, file, ids):
        self.asked.append(file.number)
        return {id_: at for id_, at in self.files[file.number].items() if id_ in ids}


PLACES = st.lists(
    st.dictionaries(st.integers(0, 6), st.integers(0, 5), max_size=5), min_size=1, max_size=5
)


@given(PLACES, st.lists(st.dictionaries(st.integers(0, 6), st.integers(0, 5)), max_size=3))
def test_of_each_id_the_earliest_stays(sources, logged_before):
    """One of them, wherever it is; a file's row where they are of one time."""
    taken, files = set(), {}
    for number, ids in enumerate(logged_before):  # an id is in one file at most
        files[number] = {f"{i:032x}": at for i, at in ids.items() if i not in taken}
        taken |= ids.keys()
    heads = [
        [Head(f"{i:032x}", "m", "c", 0, at, client_id="x") for i, at in ids.items()]
        for ids in sources
    ]
    manifest = Ids(files)
    there = [logged(number, ids=ids) for number, ids in files.items()]
    settled = settle(heads, there, manifest, manifest.read)
    for i in range(7):
        id_ = f"{i:032x}"
        new = [(ids[i], 1) for n, ids in enumerate(sources) if i in ids]
        old = [(ids[id_], 0) for ids in files.values() if id_ in ids]
        kept = [
            (ids[i], 1) for n, ids in enumerate(sources) if i in ids and id_ not in settled.new[n]
        ] + [
            (ids[id_], 0)
            for n, ids in files.items()
            if id_ in ids and id_ not in settled.old.get(n, ())
        ]
        assert ([min(new + old)] if new + old else []) == kept


def test_only_files_that_may_have_an_id_are_opened():
    """The manifest knows the beginnings."""
    manifest = Ids({0: {"0" * 31 + "1": 5}, 1: {"f" * 32: 5}, 2: {"f" * 32: 5}})
    files = [logged(n, ids=ids) for n, ids in manifest.files.items()]
    files[2] = files[2]._replace(model="other")
    head = Head("f" * 32, "m", "c", 0, 7, client_id="x")
    assert [frozenset({"f" * 32})] == settle([[head]], files, manifest, manifest.read).new
    assert [1] == manifest.asked


@given(st.lists(st.one_of(st.text(max_size=20), st.binary(min_size=16, max_size=16))))
def test_beginnings_are_those_of_each_id(ids):
    """However they look, in one piece or one by one."""
    texts = [item.hex() if isinstance(item, bytes) else item for item in ids]
    one_by_one = sorted(int(beginnings([text])[0]) for text in texts)
    assert one_by_one == [int(item) for item in beginnings(texts)]
