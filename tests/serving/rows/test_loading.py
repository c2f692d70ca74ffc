"""A crossing is loaded and proved, or refused with the reason; a server stays light."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_crossings as toy

from interplane.errors import Corrupt, DataError, NotFound, UsageError
from interplane.models.golden import GoldenBroken, GoldenRows
from interplane.models.request_schema import RequestSchema
from interplane.record import Crossing, Digest
from interplane.serving.loading import load_crossing
from interplane.storage.workspace import create_workspace
from interplane.testing.stores import memory_store


@pytest.fixture
def store():
    """An empty store."""
    return memory_store()


def test_a_crossing_is_loaded(store):
    """With its number, its features, its model and its schema; its golden rows are replayed."""
    rows, model = toy.train()
    digest = toy.record(store, rows, model)
    loaded = load_crossing(store, digest)
    assert ("flights@1", "flights", digest) == (loaded.name, loaded.model, loaded.crossing)
    assert ("lightgbm", 100) == (loaded.flavor, loaded.golden_rows)
    assert model.features.digest == loaded.frozen.digest
    assert RequestSchema.of(model.features, rows) == loaded.schema


def test_its_number_is_that_of_its_series(store):
    """The second one is flights@2."""
    toy.record(store, *toy.train())
    second = toy.record(store, *toy.train(seed=1))
    assert "flights@2" == load_crossing(store, second).name


def test_without_a_request_schema_there_is_no_endpoint(store):
    """The message says how to get one."""
    digest = toy.record(store, *toy.train(), request_schema=None)
    with pytest.raises(UsageError, match=r'publish\("flights", …, train="…"\)'):
        load_crossing(store, digest)


def test_a_crossing_from_before_golden_rows_is_loaded(store):
    """It has nothing to be proved by, and says so."""
    digest = toy.record(store, *toy.train())
    crossing = msgspec.structs.replace(store.record(digest, Crossing), golden=None)
    draft = store.draft()
    older = draft.record(crossing)
    store.commit(draft, writer=store.catalog.writer("test"))
    loaded = load_crossing(store, older)
    assert 0 == loaded.golden_rows
    assert f"flights@{older[:12]}" == loaded.name


def golden_of(store, digest):
    """The golden rows of a crossing."""
    blob = store.record(digest, Crossing).golden
    return GoldenRows.from_dict(json.loads(store.read(blob)))


def test_golden_rows_that_differ_are_refused(store):
    """By one bit of one score."""
    rows, model = toy.train()
    golden = golden_of(store, toy.record(store, rows, model))
    first, *others = golden.rows
    score = (float.fromhex(first.score) + 2**-53).hex()
    changed = GoldenRows(rows=(msgspec.structs.replace(first, score=score), *others))
    digest = toy.record(store, rows, model, golden=changed.to_bytes())
    with pytest.raises(GoldenBroken, match="the score of golden row 0"):
        load_crossing(store, digest)


def test_golden_rows_of_another_model_are_refused(store):
    """They would not be those of this crossing."""
    golden = golden_of(store, toy.record(store, *toy.train(seed=1)))
    digest = toy.record(store, *toy.train(), golden=golden.to_bytes())
    with pytest.raises(GoldenBroken):
        load_crossing(store, digest)
    digest = toy.record(store, *toy.train(), golden=b"{}")
    with pytest.raises(DataError, match="golden rows"):
        load_crossing(store, digest)


def test_a_schema_of_other_features_is_refused(store):
    """Values go from one to the other by their place."""
    rows, model = toy.train()
    schema = RequestSchema.of(model.features, rows)
    first, second, *others = schema.fields
    swapped = msgspec.structs.replace(schema, fields=(second, first, *others))
    digest = toy.record(store, rows, model, request_schema=swapped.to_dict())
    with pytest.raises(
        Corrupt, match="the request schema of flights@1 begins with seats, distance"
    ):
        load_crossing(store, digest)


def test_what_is_no_crossing_is_refused(store):
    """By its kind, or because it is nowhere."""
    with pytest.raises(NotFound):
        load_crossing(store, Digest("0" * 64))


@pytest.fixture
def workspace(tmp_path):
    """A workspace on disk with a crossing that is live."""
    store = create_workspace(tmp_path / "workspace")
    # A file of some size, so that it lies in the blobs and can be damaged there.
    rows, model = toy.train(trees=40)
    digest = toy.record(store, rows, model)
    toy.deploy(store, digest)
    yield tmp_path / "workspace", store, digest
    store.close()


def damage(path):
    """Change one byte of a file."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_damaged_blobs_are_refused(workspace):
    """Whichever of them it is."""
    _, store, digest = workspace
    crossing = store.record(digest, Crossing)
    blobs = [each for each in (*crossing.model.blobs, crossing.golden) if store.blobs.has(each)]
    assert 2 <= len(blobs)
    for blob in blobs:
        path = store.blobs.path(blob)
        whole = path.read_bytes()
        damage(path)
        with pytest.raises(Corrupt):
            load_crossing(store, digest)
        path.write_bytes(whole)
        load_crossing(store, digest)


HEAVY = {
    "duckdb",
    "ibis",
    "pyspark",
    "numpy",
    "pyarrow",
    "pandas",
    "polars",
    "sklearn",
    "lightgbm",
    "scipy",
}

SERVER = """
    import json, sys
    from pathlib import Path
    from interplane.predictions.writer import SegmentWriter
    from interplane.serving.endpoint import CrossingEndpoint
    from interplane.serving.ids import ClientIds
    from interplane.serving.live import LiveModels
    from interplane.serving.loading import load_crossing
    from interplane.storage.workspace import open_workspace

    class Quiet:
        def predictions(self, model, count, *, rejected, took_us): pass
        def tally(self, model, crossing, name): return lambda rows: None
        def live(self, model, crossing, name): pass
        def load_failed(self, model): raise SystemExit(model)
        def frames_lost(self, count): raise SystemExit(count)

    folder, body = Path(sys.argv[1]), sys.argv[2].encode()
    store = open_workspace(folder)
    log = SegmentWriter(folder / "predictions", name="worker-0")
    ids = ClientIds(folder / "predictions" / "ids.sqlite")

    def load(digest):
        return CrossingEndpoint(load_crossing(store, digest), log=log, ids=ids, meter=Quiet())

    models = LiveModels(store.catalog, load, meter=Quiet())
    models.start()
    now = 1_370_067_300_000_000
    endpoint = models.find("flights")
    answers = [endpoint.answer(body, now_us=now, received_us=now) for _ in range(2)]
    batch = b'{"rows":[%b]}' % json.dumps(json.loads(body)["row"]).encode()
    answers.append(endpoint.answer(batch, now_us=now, received_us=now))
    models.close(); log.close(); ids.close()
    modules = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps([[a.status, json.loads(a.body)] for a in answers]))
    print(json.dumps(modules))
"""


def test_a_server_imports_nothing_heavy(workspace):
    """A fresh process loads a LightGBM crossing, proves it, answers and logs."""
    folder, store, digest = workspace
    row = toy.request_of(toy.flights(1, seed=9).to_rows()[0])
    body = json.dumps({"row": row, "id": "a7"})
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SERVER), str(folder), body],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    answers, modules = map(json.loads, done.stdout.splitlines())
    assert not HEAVY & set(modules)
    assert [200, 200, 200] == [status for status, _ in answers]
    assert answers[0] == answers[1]
    loaded = load_crossing(store, digest)
    values = list(loaded.schema.decode(row).values())[: loaded.schema.inputs]
    score = loaded.predictor.predict_one(loaded.frozen.vector(values))
    assert score == answers[0][1]["score"] == answers[2][1]["predictions"][0]["score"]
