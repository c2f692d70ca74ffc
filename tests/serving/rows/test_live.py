"""What is live answers: swapped beside the traffic, never mixed, and never by what is broken."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import time
import weakref
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_crossings as toy

from interplane.errors import Corrupt, StorageError, UnknownName, UsageError
from interplane.models.golden import GoldenRows
from interplane.record import Crossing, Digest
from interplane.serving.endpoint import CrossingEndpoint
from interplane.serving.ids import ClientIds
from interplane.serving.live import LiveModels
from interplane.serving.loading import load_crossing
from interplane.storage.ports import Move
from interplane.storage.workspace import create_workspace
from interplane.testing.stores import memory_store

NOW = 1_370_067_300_000_000
MOVING = Path(__file__).with_name("moving.py")
ONE, TWO, THREE = (Digest(letter * 64) for letter in "abc")


class Endpoint:
    """An endpoint that is only its crossing."""

    def __init__(self, crossing):
        self.crossing = crossing
        self.name = f"toy@{crossing[0]}"


class Pointers:
    """The part of a catalog that is watched."""

    def __init__(self, **live):
        self.live = live
        self.series_names = list(live)
        self.earlier = {}
        self.failing = None
        self.reads = 0

    def names(self, prefix):
        """The series that there are."""
        return [f"{prefix}{name}" for name in self.series_names]

    def series(self, name):
        """One member, if there is the series."""
        return [1] if name.removeprefix("model/") in self.series_names else []

    def pointers(self, names):
        """Where the pointers are."""
        self.reads += 1
        if self.failing is not None:
            raise self.failing
        places = {f"model/{name}@live": target for name, target in self.live.items()}
        return {name: places[name] for name in names if places.get(name)}

    def moves(self, name):
        """The log of a pointer: earlier places, and where it is."""
        model = name.removeprefix("model/").removesuffix("@live")
        places = [*self.earlier.get(model, []), self.live[model]]
        return [
            Move(name, None, target, "2026-01-01T00:00:00Z", "ann", "x", number)
            for number, target in enumerate(places)
        ]


class Loader:
    """Makes endpoints; some crossings cannot be loaded."""

    def __init__(self):
        self.broken = {}
        self.asked = []

    def __call__(self, digest):
        """Load."""
        self.asked.append(digest)
        if digest in self.broken:
            raise self.broken[digest]
        return Endpoint(digest)


def eventually(question, *, within_s=20.0):
    """Wait until something is so."""
    until = time.monotonic() + within_s
    while not question():
        assert time.monotonic() < until
        time.sleep(0.002)


class Watched:
    """Models that are watched closely, and everything around them."""

    def __init__(self, pointers, **options):
        self.pointers, self.load, self.meter, self.said = pointers, Loader(), toy.Counts(), []
        options = {"look_every_s": 0.002, "retry_every_s": 600.0, **options}
        self.models = LiveModels(
            pointers, self.load, meter=self.meter, say=self.said.append, **options
        )

    def serves(self, **crossings):
        """Whether exactly these models are served, by these crossings."""
        found = {name: self.models.find(name) for name in self.models.names()}
        return {name: each.crossing for name, each in found.items() if each} == crossings

    def look(self, times=3):
        """Wait until the pointers were looked at a few times more."""
        reads = self.pointers.reads + times
        eventually(lambda: self.pointers.reads >= reads)


@pytest.fixture
def watch():
    """Start watching pointers; stop at the end."""
    started = []

    def start(pointers, **options):
        watched = Watched(pointers, **options)
        started.append(watched.models)
        return watched

    yield start
    for models in started:
        models.close()


def test_what_is_live_is_loaded_at_the_start(watch):
    """When `start` returns it answers."""
    watched = watch(Pointers(flights=ONE, trips=TWO))
    assert not watched.models.is_ready()
    watched.models.start()
    assert watched.models.is_ready()
    assert ["flights", "trips"] == watched.models.names()
    assert watched.serves(flights=ONE, trips=TWO)
    assert watched.models.find("fligths") is None
    assert [("flights", ONE, "toy@a"), ("trips", TWO, "toy@b")] == watched.meter.served


def test_a_move_is_followed(watch):
    """And back again."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    for target in (TWO, ONE):
        watched.pointers.live["flights"] = target
        eventually(lambda target=target: watched.serves(flights=target))
    assert [ONE, TWO, ONE] == watched.load.asked


def test_only_chosen_models_are_served(watch):
    """Others are not even loaded."""
    watched = watch(Pointers(flights=ONE, trips=TWO), models=["trips"])
    watched.models.start()
    assert watched.serves(trips=TWO)
    assert [TWO] == watched.load.asked


def test_an_unknown_choice_is_refused(watch):
    """A server that could never answer does not start."""
    watched = watch(Pointers(flights=ONE), models=["fligths"])
    with pytest.raises(UnknownName, match="Did you mean 'flights'"):
        watched.models.start()


def test_a_pointer_that_goes_away_takes_its_model_along(watch):
    """The others stay; it may come back."""
    watched = watch(Pointers(flights=ONE, trips=TWO))
    watched.models.start()
    watched.pointers.live["flights"] = None
    eventually(lambda: watched.serves(trips=TWO))
    assert watched.models.is_ready()
    watched.pointers.live["flights"] = ONE
    eventually(lambda: watched.serves(flights=ONE, trips=TWO))


def test_a_new_model_is_served_when_it_goes_live(watch):
    """Without a restart."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    watched.pointers.series_names.append("trips")
    watched.pointers.live["trips"] = TWO
    eventually(lambda: watched.serves(flights=ONE, trips=TWO))


FAULTS = [Corrupt("damaged"), UsageError("no schema"), KeyError("kind"), MemoryError()]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_what_cannot_be_loaded_never_answers(watch, fault):
    """The old one goes on; that is said once, and counted once."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    watched.load.broken[TWO] = fault
    watched.pointers.live["flights"] = TWO
    eventually(lambda: watched.meter.failed)
    watched.look()
    assert watched.serves(flights=ONE)
    assert ["flights"] == watched.meter.failed
    (line,) = watched.said
    assert TWO in line
    assert "toy@a goes on" in line
    assert watched.models.is_ready()
    watched.pointers.live["flights"] = THREE
    eventually(lambda: watched.serves(flights=THREE))


def test_what_could_not_be_loaded_is_tried_again(watch):
    """A disk comes back; nothing more is said until then."""
    watched = watch(Pointers(flights=ONE), retry_every_s=0.01)
    watched.models.start()
    watched.load.broken[TWO] = StorageError("the disk is gone")
    watched.pointers.live["flights"] = TWO
    eventually(lambda: watched.load.asked.count(TWO) >= 3)
    assert 1 == len(watched.said) == len(watched.meter.failed)
    del watched.load.broken[TWO]
    eventually(lambda: watched.serves(flights=TWO))


def test_a_broken_model_keeps_the_server_from_being_ready(watch):
    """Until it is loaded; the others answer already."""
    watched = watch(Pointers(flights=ONE, trips=TWO))
    watched.load.broken[ONE] = Corrupt("damaged")
    watched.models.start()
    assert watched.serves(trips=TWO)
    assert not watched.models.is_ready()
    assert "the model has no endpoint" in watched.said[0]
    watched.pointers.live["flights"] = THREE
    eventually(watched.models.is_ready)


def test_a_process_that_starts_later_goes_back_to_what_was_live_before(watch):
    """As those that were there then have it; the live one is tried again meanwhile."""
    watched = watch(Pointers(flights=THREE), retry_every_s=0.01)
    watched.pointers.earlier["flights"] = [ONE, TWO]
    watched.load.broken |= {THREE: Corrupt("damaged"), TWO: Corrupt("damaged too")}
    watched.models.start()
    assert watched.serves(flights=ONE)
    assert watched.models.is_ready()
    (line,) = watched.said
    assert "toy@a goes on" in line
    del watched.load.broken[THREE]
    eventually(lambda: watched.serves(flights=THREE))


def test_a_broken_model_that_is_taken_away_is_not_waited_for(watch):
    """Unless it was asked for by its name."""
    for models, ready in (((), True), (("flights", "trips"), False)):
        watched = watch(Pointers(flights=ONE, trips=TWO), models=models)
        watched.load.broken[ONE] = Corrupt("damaged")
        watched.models.start()
        watched.pointers.live["flights"] = None
        watched.look()
        assert ready == watched.models.is_ready()


def test_with_nothing_live_the_server_waits(watch):
    """It is ready with the first model that goes live."""
    watched = watch(Pointers(flights=None))
    watched.models.start()
    watched.look()
    assert not watched.models.is_ready()
    watched.pointers.live["flights"] = ONE
    eventually(watched.models.is_ready)


def test_a_new_model_that_is_broken_takes_nothing_back(watch):
    """A server that is ready stays so."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    watched.load.broken[TWO] = Corrupt("damaged")
    watched.pointers.series_names.append("trips")
    watched.pointers.live["trips"] = TWO
    eventually(lambda: watched.meter.failed)
    watched.look()
    assert watched.models.is_ready()


def test_a_catalog_that_cannot_be_read_takes_nothing_down(watch):
    """It is said once for each trouble."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    for trouble in ("the disk is gone", "the disk is gone", "the disk is full"):
        watched.pointers.failing = StorageError(trouble)
        watched.look()
    assert watched.serves(flights=ONE)
    assert 2 == len(watched.said)
    watched.pointers.failing = None
    watched.pointers.live["flights"] = TWO
    eventually(lambda: watched.serves(flights=TWO))


def test_a_start_without_a_catalog_fails(watch):
    """There is nothing to go on with."""
    watched = watch(Pointers(flights=ONE))
    watched.pointers.failing = StorageError("the disk is gone")
    with pytest.raises(StorageError, match="the disk is gone"):
        watched.models.start()


def test_an_old_endpoint_is_gone_with_its_last_request(watch):
    """Nothing else holds it."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    answering = watched.models.find("flights")
    old = weakref.ref(answering)
    watched.pointers.live["flights"] = TWO
    eventually(lambda: watched.serves(flights=TWO))
    assert old() is not None
    del answering
    eventually(lambda: old() is None)


def test_nothing_answers_after_the_end(watch):
    """And nobody watches any more."""
    watched = watch(Pointers(flights=ONE))
    watched.models.start()
    watched.models.close()
    assert [] == watched.models.names()
    reads = watched.pointers.reads
    time.sleep(0.02)
    assert reads == watched.pointers.reads


def test_a_real_endpoint_is_freed_without_the_collector(tmp_path):
    """LightGBM's memory comes back at the swap, not some time later."""
    store = memory_store()
    digest = toy.record(store, *toy.train())
    ids = ClientIds(tmp_path / "ids.sqlite")
    gc.collect()
    gc.disable()
    try:
        endpoint = CrossingEndpoint(
            load_crossing(store, digest), log=toy.MemoryLog(), ids=ids, meter=toy.Counts()
        )
        row = toy.request_of(toy.flights(1).to_rows()[0])
        assert 200 == endpoint.answer(body_of(row), now_us=NOW, received_us=NOW).status
        held = [weakref.ref(each) for each in (endpoint, endpoint._loaded.predictor)]
        del endpoint
        assert [None, None] == [each() for each in held]
    finally:
        gc.enable()


# ---- under load -------------------------------------------------------------------------------


def body_of(row):
    """A request."""
    return json.dumps({"row": row}).encode()


def spoilt(store, rows, model):
    """A crossing whose golden rows say something else."""
    golden = store.record(toy.record(store, rows, model), Crossing).golden
    read = GoldenRows.from_dict(json.loads(store.read(golden)))
    first = msgspec.structs.replace(read.rows[0], score="0x1.0p-1")
    changed = GoldenRows(rows=(first, *read.rows[1:]))
    return toy.record(store, rows, model, golden=changed.to_bytes())


def damaged(store, rows, model):
    """A crossing one of whose blobs is no longer what it was."""
    digest = toy.record(store, rows, model)
    blobs = store.record(digest, Crossing).model.blobs
    path = store.blobs.path(next(each for each in blobs if store.blobs.has(each)))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    return digest


@contextmanager
def traffic(models, bodies, answers, *, threads=2):
    """Ask from several threads."""
    done = threading.Event()

    def ask():
        mine = []
        place = 0
        while not done.is_set():
            place = (place + 1) % len(bodies)
            endpoint = models.find("flights")
            answer = endpoint.answer(bodies[place], now_us=NOW, received_us=NOW)
            mine.append((place, answer.status, answer.body, endpoint.crossing))
            if not place:
                time.sleep(0.001)  # a server waits for its sockets now and then, too
        answers.extend(mine)

    running = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in running:
            thread.join()


def test_hundreds_of_moves_under_load(tmp_path):
    """Every answer is that of one crossing, and what is broken never answers.

    Another process moves the pointer; two of the four crossings that it moves it to cannot be served.
    """
    store = create_workspace(tmp_path / "workspace")
    crossings = [toy.record(store, *toy.train(seed)) for seed in (0, 1)]
    broken = [spoilt(store, *toy.train(2)), damaged(store, *toy.train(3, trees=60))]
    toy.deploy(store, crossings[0])
    log, meter, said = toy.MemoryLog(), toy.Counts(), []
    ids = ClientIds(tmp_path / "ids.sqlite")

    def load(digest):
        return CrossingEndpoint(load_crossing(store, digest), log=log, ids=ids, meter=meter)

    requests = [toy.request_of(row) for row in toy.flights(20, seed=5).to_rows()]
    expected = {}
    for digest in crossings:
        loaded = load_crossing(store, digest)
        for place, row in enumerate(requests):
            values = list(loaded.schema.decode(row).values())[: loaded.schema.inputs]
            score = loaded.predictor.predict_one(loaded.frozen.vector(values))
            expected[place, digest] = score
    one, other = crossings
    assert all(expected[place, one] != expected[place, other] for place in range(len(requests)))

    models = LiveModels(store.catalog, load, meter=meter, look_every_s=0.002, say=said.append)
    models.start()
    answers = []
    route = [*crossings, broken[0], *crossings, broken[1]]
    until = time.monotonic() + 100
    with traffic(models, [body_of(row) for row in requests], answers):
        while not (len(meter.served) > 10 and all(map("".join(said).count, broken))):
            assert time.monotonic() < until
            command = [sys.executable, str(MOVING), str(tmp_path / "workspace"), "200", *route]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
            assert (0, "") == (done.returncode, done.stderr)
        toy.deploy(store, crossings[1])
        eventually(lambda: models.find("flights").crossing == crossings[1])
    models.close()
    store.close()

    assert {200} == {status for _, status, _, _ in answers}
    seen = set()
    for place, _, body, crossing in answers:
        answer = json.loads(body)
        assert crossing == answer["crossing"]
        assert expected[place, crossing] == answer["score"]
        seen.add(crossing)
    assert set(crossings) == seen
    assert len(answers) == len(log.frames) == meter.predicted
    assert set(crossings) == {crossing for _, crossing, _ in meter.served}
