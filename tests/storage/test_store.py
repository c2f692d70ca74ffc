"""The store over a catalog and blobs: drafts, reading, references."""

import pytest

from interplane.errors import Corrupt, NotFound, UnknownName, UsageError
from interplane.record import Ref, Run, Snapshot, digest_bytes
from interplane.storage.names import last_pointer, named_pointer, series_name, step_pointer
from interplane.storage.ports import INLINE_LIMIT
from interplane.storage.store import Store
from interplane.storage.workspace import create_workspace
from interplane.testing.stores import MemoryBlobs, MemoryCatalog, memory_store


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    """An empty store of each kind."""
    made = memory_store() if request.param == "memory" else create_workspace(tmp_path / "w")
    yield made
    made.close()


def commit(store, draft):
    """Commit as somebody."""
    return store.commit(draft, writer=store.catalog.writer("ann"))


def add_snapshots(store, *names, series="model/flights"):
    """Record snapshots, appended to a series, and return their digests."""
    draft = store.draft()
    environment = draft.put(b"environment")
    digests = []
    for name in names:
        record = Snapshot(project=name, commit=None, diff=None, environment=environment)
        digests.append(draft.record(record))
        draft.append(series, digests[-1])
    commit(store, draft)
    return digests


@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, 1_000_000])
def test_bytes_of_any_size_come_back(store, size):
    """By value and by path, wherever they lie."""
    draft = store.draft()
    digest = draft.put(b"x" * size)
    commit(store, draft)
    assert b"x" * size == store.read(digest) == store.read(digest)
    assert (size > INLINE_LIMIT) == store.blobs.has(digest)
    assert b"x" * size == store.path(digest).read_bytes()
    assert store.has(digest)


def test_nothing_of_a_draft_is_visible_before_its_commit(store):
    """But for large values, which wait among the blobs."""
    draft = store.draft()
    digest = draft.put(b"small")
    entry = draft.record(Snapshot(project="p", commit=None, diff=None, environment=digest))
    assert not store.has(digest)
    assert not store.has(entry)
    with pytest.raises(NotFound):
        store.read(digest)


def test_a_small_value_may_be_a_blob(store):
    """For an engine that reads files."""
    draft = store.draft()
    digest = draft.put(b"small", as_blob=True)
    assert b"small" == store.blobs.path(digest).read_bytes()
    assert not draft.batch().values


def test_json_is_canonical(store):
    """Equal values, equal digests."""
    draft = store.draft()
    assert draft.put_json({"b": 1, "a": 2}) == draft.put_json({"a": 2, "b": 1})


def test_a_file_is_adopted(store):
    """From a scratch folder, in one piece with the record that names it."""
    draft = store.draft()
    path = store.blobs.scratch() / "part"
    path.write_bytes(b"rows")
    digest = draft.adopt(path)
    record = Snapshot(project="p", commit=None, diff=digest, environment=digest)
    draft.record(record)
    commit(store, draft)
    assert record == store.record(record.digest, Snapshot)


def test_a_record_that_stands_on_nothing_is_refused(store):
    """No row without its object; nothing of the draft is written."""
    draft = store.draft()
    kept = draft.put(b"kept?")
    draft.record(
        Snapshot(project="p", commit=None, diff=None, environment=digest_bytes(b"nowhere"))
    )
    with pytest.raises(NotFound, match="is nowhere"):
        commit(store, draft)
    assert not store.has(kept)


@pytest.mark.parametrize("kind", ["append", "move"])
def test_a_name_for_nothing_is_refused(store, kind):
    """Series and pointers name what is there."""
    draft = store.draft()
    getattr(draft, kind)("model/flights", digest_bytes(b"nowhere"))
    with pytest.raises(NotFound, match="is nowhere"):
        commit(store, draft)


def test_a_record_of_another_kind_is_refused(store):
    """With both kinds named."""
    (digest,) = add_snapshots(store, "one")
    with pytest.raises(UsageError, match=r"is a snapshot\. Expected a run"):
        store.record(digest, Run)


def test_references_are_resolved(store):
    """By number, by pointer, latest, by the beginning of the digest."""
    first, second = add_snapshots(store, "one", "two")
    draft = store.draft()
    draft.move(named_pointer("model", "flights", "live"), first)
    commit(store, draft)
    expected = {
        "flights@1": first,
        "flights@2": second,
        "flights@live": first,
        "flights": second,
        "flights@latest": second,
        f"@{first[:8]}": first,
        second: second,
    }
    assert expected == {text: store.resolve(Ref.parse(text), series="model") for text in expected}


def test_latest_of_a_dataset_is_its_pointer(store):
    """A version may be appended without becoming the latest."""
    first, _ = add_snapshots(store, "one", "two", series=series_name("data", "flights"))
    draft = store.draft()
    draft.move(named_pointer("data", "flights", "latest"), first)
    commit(store, draft)
    assert first == store.resolve(Ref.parse("flights"), series="data")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flihgts@1", "there is no model 'flihgts'. Known: flights. Did you mean 'flights'"),
        ("flights@3", "there is no flights@3. Expected a number from 1 to 2"),
        ("flights@live", "there is no flights@live"),
        ("@000000", "there is no entry whose digest begins with 000000"),
    ],
)
def test_unknown_references_are_refused(store, text, message):
    """With what is known instead."""
    add_snapshots(store, "one", "two")
    with pytest.raises(UnknownName, match=message):
        store.resolve(Ref.parse(text), series="model")


def test_the_first_of_a_kind_is_told_how_to_make(store):
    """A list of nothing would help nobody."""
    with pytest.raises(UnknownName, match='Make it with "interplane data add trips FILE"'):
        store.resolve(Ref.parse("trips"), series="data")
    with pytest.raises(UnknownName, match='Make it with "interplane run"'):
        store.resolve(Ref.parse("tips@1"), series="model")


def test_a_prefix_that_fits_several_is_refused(store):
    """Give more digits."""
    digests = add_snapshots(store, *map(str, range(20)))
    prefix = Ref(prefix=digests[0][:0])
    with pytest.raises(UsageError, match="Give more digits"):
        store.resolve(prefix, series="model")


def test_a_damaged_value_is_found_on_reading():
    """The catalog's rows are verified like blobs."""
    catalog = MemoryCatalog()
    store = Store(catalog, MemoryBlobs())
    draft = store.draft()
    digest = draft.put(b"value")
    (entry,) = add_snapshots(store, "one")
    commit(store, draft)
    catalog._values[digest] = b"VALUE"
    catalog._entries[entry] = (b"{}", *catalog._entries[entry][1:])
    with pytest.raises(Corrupt):
        store.read(digest)
    with pytest.raises(Corrupt):
        store.record(entry, Snapshot)


def test_names_are_checked():
    """What a person calls something never becomes another name."""
    assert "last/p/s" == last_pointer("p", "s")
    assert "step/0" == step_pointer("0")
    with pytest.raises(UsageError):
        last_pointer("p/q", "s")
    with pytest.raises(UsageError):
        named_pointer("model", "m@x", "live")
