"""The catalog in memory and the one on disk answer alike, whatever is written to them."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.errors import Fenced
from interplane.record import Snapshot, digest_bytes
from interplane.storage.ports import Append, Batch, MoveRequest
from interplane.storage.sqlite_catalog import SqliteCatalog
from interplane.testing.stores import FixedClock, FixedHost, MemoryCatalog

DIGESTS = [digest_bytes(b"%d" % number) for number in range(3)]
NAMES = ["data/a", "data/b", "model/a"]
LEASES = ["run/a", "run/b"]

digests = st.sampled_from(DIGESTS)
names = st.sampled_from(NAMES)
targets = st.none() | digests
records = st.builds(
    lambda name, diff: Snapshot(project=name, commit=None, diff=diff, environment=DIGESTS[0]),
    st.sampled_from("xyz"),
    targets,
)
batches = st.builds(
    Batch,
    values=st.dictionaries(digests, st.binary(max_size=3), max_size=2),
    entries=st.lists(records, max_size=2),
    appends=st.lists(st.builds(Append, names, digests), max_size=3),
    moves=st.lists(
        st.builds(MoveRequest, names, targets, st.text(max_size=3), targets, st.booleans()),
        max_size=3,
    ),
)
actions = st.one_of(
    st.tuples(st.just("write"), batches),
    st.tuples(st.just("acquire"), st.sampled_from(LEASES)),
    st.tuples(st.just("beat"), st.none()),
    st.tuples(st.just("release"), st.none()),
    st.tuples(st.just("write under lease"), batches),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 20.0, 40.0])),
    st.tuples(st.just("die"), st.none()),
)


def act(catalog, clock, host, state, action):
    """Do one thing and return what came of it, an error included."""
    verb, what = action
    try:
        if verb == "write":
            return catalog.write(what, writer=catalog.writer("ann"))
        if verb == "wait":
            return clock.advance(what)
        if verb == "die":
            host.end(host.this_process())
            host.pid += 1
            return None
        if verb == "acquire":
            state["held"] = catalog.acquire(what, actor="bob")
            return state["held"]
        if "held" not in state:
            return None
        if verb == "write under lease":
            return catalog.write(what, writer=state["held"])
        return getattr(catalog, verb)(state["held"])
    except Fenced as error:
        return str(error)


def seen(catalog, clock):
    """Everything that can be asked."""
    return {
        "entries": list(catalog.list()),
        "bodies": list(catalog.bodies()),
        "values": sorted((digest, catalog.value(digest)) for digest in catalog.values()),
        "present": catalog.present(DIGESTS),
        "standing": [list(catalog.standing_on(digest)) for digest in DIGESTS],
        "series": {name: list(catalog.series(name)) for name in catalog.names("")},
        "pointers": catalog.pointers(NAMES),
        "moves": list(catalog.all_moves()),
        "logs": [list(catalog.moves(name)) for name in NAMES],
        "then": [catalog.pointer(name, at=clock.now_utc()) for name in NAMES],
        "leases": [catalog.lease(name) for name in LEASES],
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(actions, max_size=12))
def test_the_twins_answer_alike(script):
    """After every action, to every question."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.sqlite"
        SqliteCatalog.create(path)
        benches = []
        for make in (MemoryCatalog, lambda **seams: SqliteCatalog(path, **seams)):
            clock, host = FixedClock(), FixedHost()
            benches.append((make(clock=clock, host=host), clock, host, {}))
        for action in script:
            first, second = (act(*bench, action) for bench in benches)
            assert first == second
            assert seen(*benches[0][:2]) == seen(*benches[1][:2])
        benches[1][0].close()
