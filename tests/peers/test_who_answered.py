"""Who answered? While the canary's share moves, crossings are swapped, and one candidate is corrupt.

``INTERPLANE_WHO_ANSWERED`` says how many rows are asked, at least.
"""

import contextlib
import itertools
import json
import math
import os
import random
import threading
import time

import interplane as ip
from interplane.project import deployment
from interplane.serving.rollout import split

ROWS = int(os.environ.get("INTERPLANE_WHO_ANSWERED", "100000"))
MOVES, SEED, CORRUPT = 200, 20_260_301, 4
LAG_S = 30.0
"""How far a worker of a busy machine may be behind the pointers."""
NUMBERS = itertools.count(1)
"""Of those who ask: no two ask about the same rides."""


class Ask(threading.Thread):
    """Asks until told to stop: single rows and batches; keeps when, for what, and who answered."""

    def __init__(self, make_client, number, stop):
        super().__init__()
        self._make_client, self._number, self._stop_event = make_client, number, stop
        self.answers, self.failures = [], []

    def run(self):
        """Ask."""
        draw = random.Random(self._number)
        client, turn = self._make_client(), 0
        while not self._stop_event.is_set():
            rows = []
            for _ in range(draw.choice([1, 1, 25])):
                turn += 1
                rows.append(row_of(self._number * 10_000_000 + turn, draw))
            self._ask(client, rows)
        client.close()

    def _ask(self, client, rows):
        began = time.time()
        body = {"row": rows[0]} if len(rows) == 1 else {"rows": rows}
        status, answer = client.send("POST", "/v1/models/trips/predict", body)
        if status != 200:
            self.failures.append((status, answer))
            return
        now = time.time()
        for row, item in zip(rows, answer.get("predictions", [answer]), strict=True):
            crossing = item.get("crossing", answer["crossing"])
            self.answers.append((began, now, row["ride"], item["id"], crossing, item["score"]))


def row_of(ride, draw):
    """A row that is like no other."""
    return {
        "ride": ride,
        "rider": f"r{draw.randrange(12)}",
        "began_at": f"2026-01-26T{draw.randrange(24):02}:{draw.randrange(60):02}:00",
        "zone": draw.choice(["north", "south"]),
        "seats": draw.choice([None, 1, 2, 4]),
    }


class Moves:
    """Moves what answers, at random, and remembers when."""

    def __init__(self, project):
        self.store = project.store
        self.names = {
            number: project.crossing(f"trips@{number}").digest for number in range(1, CORRUPT + 1)
        }
        self.live, self.canary, self.share = 1, None, 0.0
        self.states = []
        self.note()

    def note(self):
        """Remember what answers now: a corrupt crossing never does."""
        live = self.live if self.live != CORRUPT else None
        canary = self.canary if CORRUPT not in {self.live, self.canary} else None
        names = self.names
        self.states.append((time.time(), names.get(live), names.get(canary), self.share))

    def make(self, draw):
        """Make one move."""
        options = ["canary"] * 12 + ["deploy", "corrupt live"]
        if self.canary is not None:
            options += ["promote"] * 2 + ["rollback"] * 2 + ["share"] * 16
        choice = draw.choice(options)
        if choice in {"promote", "rollback"}:
            self._end(choice)
        elif choice in {"deploy", "corrupt live"}:
            self.live = CORRUPT if choice == "corrupt live" else draw.randrange(1, CORRUPT)
            self.canary, self.share = None, 0.0
            self._deploy(self.live)
        else:
            if choice == "canary" or self.canary is None:
                others = [number for number in self.names if number != self.live]
                self.canary = draw.choice(others)
            self.share = draw.choice([0.05, 0.2, 0.5, 0.9, 1.0])
            self._deploy(self.canary, canary=self.share)
        self.note()

    def roll(self, canary, share):
        """Let a canary answer a share beside trips@1."""
        if self.live != 1:
            self.live, self.canary = 1, None
            self._deploy(1)
        self.canary, self.share = canary, share
        self._deploy(canary, canary=share)
        self.note()

    def _end(self, choice):
        writer = self.store.catalog.writer("mover")
        move = {"promote": deployment.promote, "rollback": deployment.rollback}[choice]
        move(self.store, "trips", reason=choice, writer=writer)
        if choice == "promote":
            self.live = self.canary
        self.canary, self.share = None, 0.0

    def _deploy(self, number, **options):
        # As another program would: nobody asks first whether it can serve.
        writer = self.store.catalog.writer("mover")
        ref = f"trips@{number}"
        deployment.deploy(self.store, ref, reason="moved", writer=writer, **options)

    def could(self, began, ended, ride, crossing):
        """Whether a crossing could answer a ride, by what was said while its request was under way."""
        before = [state for state in self.states if state[0] < began - LAG_S][-1:]
        states = before + [state for state in self.states if began - LAG_S <= state[0] <= ended]
        for _, live, canary, share in states:
            is_below = canary is not None and split(canary, json.dumps([ride])) < share
            if crossing == (canary if is_below else live):
                return True
        # What goes on in the place of a corrupt one is what answered before it, alone.
        lives = {state[1] for state in states}
        return None in lives and crossing in {state[1] for state in self.states}


def test_each_answer_is_of_the_crossing_that_it_names(trips):
    """None failed, the corrupt one never answered, and keys are where their hash puts them."""
    for trees in (4, 20, 7):
        trips.must("run", "--trees", trees)
    project = ip.Project.find(trips.root)
    corrupt(trips, project)
    moves, draw, stop = Moves(project), random.Random(SEED), threading.Event()
    with trips.served("--replay", "--workers", 2) as client:
        url = client.url
        asking = [Ask(lambda: type(client)(url), next(NUMBERS), stop) for _ in range(3)]
        for each in asking:
            each.start()
        made = 0
        while made < MOVES or sum(len(each.answers) for each in asking) < ROWS:
            moves.make(draw)
            made += 1
            time.sleep(draw.uniform(0.0, 0.06))
        stop.set()
        for each in asking:
            each.join()
        settled = [
            settled_share(lambda: type(client)(url), moves, canary, share)
            for canary, share in ((2, 0.05), (2, 0.5), (3, 0.5), (CORRUPT, 0.5), (3, 1.0))
        ]
        _, metrics = client.send("GET", "/metrics")
    answers = [answer for each in asking for answer in each.answers]
    assert [] == [failure for each in asking for failure in each.failures]
    assert ROWS <= len(answers)
    assert {moves.names[number] for number in (1, 2, 3)} == {answer[4] for answer in answers}
    strange = [answer for answer in answers if not moves.could(*answer[:3], answer[4])]
    assert [] == strange
    answers += [answer for each in settled for answer in each]
    check_log(project, answers, moves)
    assert "interplane_canary_load_failures_total" in metrics
    assert moves.names[CORRUPT] not in metrics


def corrupt(trips, project):
    """Take the golden rows of the last crossing away."""
    digest = project.crossing(f"trips@{CORRUPT}").crossing.golden
    blobs = trips.root / ".interplane" / "blobs"
    (blob,) = [path for path in blobs.rglob("*") if digest.endswith(path.name) and path.is_file()]
    blob.chmod(0o644)
    blob.write_bytes(b"{}")


def settled_share(make_client, moves, canary, share, rows=600):
    """Move a share, wait until every worker has it, ask, and hold each answer against its hash.

    Nobody outside can tell which worker answers, so one that has not taken the share up yet may be
    met late: it answers as it could before, and the rows begin anew.
    """
    moves.roll(canary, share)
    answers, deadline = [], time.time() + 2 * LAG_S
    while True:
        stop = threading.Event()
        asking = [Ask(make_client, next(NUMBERS), stop) for _ in range(6)]
        for each in asking:
            each.start()
        while any(len(each.answers) < rows / 6 and not each.failures for each in asking):
            time.sleep(0.01)
        stop.set()
        for each in asking:
            each.join()
        assert [] == [failure for each in asking for failure in each.failures]
        asked = [answer for each in asking for answer in each.answers]
        answers += asked
        late = [
            answer for answer in asked if settled_name(moves, canary, share, answer) != answer[4]
        ]
        if not late:
            break
        assert [] == [answer for answer in late if not moves.could(*answer[:3], answer[4])]
        assert time.time() < deadline, late
    by_canary = sum(split(moves.names[canary], json.dumps([answer[2]])) < share for answer in asked)
    # Five standard deviations: once in two million times.
    bound = 5 * math.sqrt(len(asked) * share * (1 - share)) + 1e-9
    assert abs(by_canary - len(asked) * share) <= bound
    wanted, said = ("trips@1", moves.names[canary], share, canary != CORRUPT), None
    while said != wanted:
        assert time.time() < deadline, said
        with contextlib.closing(make_client()) as client:
            _, model = client.send("GET", "/v1/models/trips")
        rollout = model["rollout"] or {}
        said = (model["name"], *(rollout.get(key) for key in ("canary", "share", "answers")))
    return answers


def settled_name(moves, canary, share, answer):
    """Return the crossing that answers a ride once every worker has the share."""
    is_below = split(moves.names[canary], json.dumps([answer[2]])) < share
    return moves.names[canary if canary != CORRUPT and is_below else 1]


def check_log(project, answers, moves):
    """Hold every answer against the log, and compute it again from what was logged."""
    logged = {row["prediction_id"]: row for row in project.predictions("trips").to_rows()}
    assert len(answers) == len(logged) == len({answer[3] for answer in answers})
    models = {moves.names[number]: project.model(f"trips@{number}") for number in (1, 2, 3)}
    for _, _, ride, name, crossing, score in answers:
        row = logged[name]
        assert (ride, crossing, score) == (row["row.ride"], row["crossing"], row["score"])
        assert row["instead_of"] is None
        given = {key[4:]: value for key, value in row.items() if key.startswith("row.")}
        past = {
            key.removeprefix("looked_up.past."): value
            for key, value in row.items()
            if key.startswith("looked_up.past.")
        }
        assert models[crossing].predict_row(given, past=past) == score
