"""`interplane labels`: what came true, added from files and counted."""

import asyncio
import json
import threading
import time
from datetime import UTC, datetime

import pytest

from interplane.errors import RequestRejected, UnknownName
from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.compactor import compact_until
from interplane.project.outcomes import key_types, pack_outcomes
from interplane.project.project import Project
from interplane.project.serving import open_server
from interplane.serving.ports import Opening
from interplane.storage.names import named_pointer

ARRIVALS = """ride,long,ended_at,stars
r1,true,2026-01-02T08:00:00Z,5
r2,false,2026-01-02T09:00:00Z,
r9,true,2026-01-02T10:00:00Z,1
"""
ADD = ("labels", "add", "arrivals.csv", "--value", "long", "--key", "ride")


def log(folder, *rides):
    """Log predictions of rides, a day apart from the second on; return their ids."""
    (crossing,) = [each for each in folder.must("models", "--json").json if each["pointers"]]
    day_us = 86_400_000_000
    first = 1_767_312_000_000_000  # 2026-01-02
    ids = [f"{number:032x}" for number in range(len(rides))]
    with SegmentWriter(folder.root / ".interplane" / "predictions", name="worker-0") as writer:
        writer.append(
            [
                Entry(
                    ids[number], "rides", crossing["digest"], first + number // 2 * day_us,
                    time.time_ns() // 1000, score=0.5, row={"ride": ride, "miles": 1.5},
                )
                for number, ride in enumerate(rides)
            ]
        )  # fmt: skip
    return ids


@pytest.fixture
def arrived(finished):
    """Return the finished project with three predictions and a file of what came true."""
    log(finished, "r1", "r2", "r3")
    finished.write("arrivals.csv", ARRIVALS)
    return finished


def counts(folder):
    """Return the counts of the first name."""
    return folder.must("labels", "--json").json["counts"][0]


def test_a_file_is_added_once(arrived):
    """The same file again changes nothing, with a known-at column and without one."""
    said = arrived.must(*ADD, "--known-at", "ended_at").out
    assert "3 labels added to rides, 0 were there already.\n" == said
    again = arrived.must(*ADD, "--known-at", "ended_at", "--json").json
    assert {"model": "rides", "new": 0, "known": 3, "null": 0} == again
    assert "0 labels added to rides, 3 were there already.\n" == arrived.must(*ADD).out
    found = counts(arrived)
    assert (3, 2, 1, 6) == tuple(
        found[name] for name in ("outcomes", "matched", "unmatched", "repeated")
    )


def test_labels_are_listed(arrived):
    """Counts by name, and what share of each day has one; also where no command is named."""
    arrived.must(*ADD)
    arrived.write("stars.csv", "ride,stars\nr1,5\nr3,\n")
    words = ("--model", "rides", "--key", "ride", "--value", "stars", "--proxy", "stars")
    said = arrived.must("labels", "add", "stars.csv", *words).out
    assert (
        "2 outcomes 'stars' added to rides, 0 were there already; "
        "1 of them null, which is no label.\n" == said
    )
    out = arrived.must("labels").out
    assert out == arrived.must("labels", "list", "rides").out
    lines = [line.split() for line in out.splitlines()]
    assert ["label", "3", "2", "1", "0", "0", "0", "0"] in lines
    assert ["stars", "2", "2", "0", "0", "1", "0", "0"] in lines
    assert ["2026-01-02", "2", "2", "100.0%", "0"] in lines
    assert ["2026-01-03", "1", "0", "0.0%", "0"] in lines
    assert max(map(len, out.splitlines())) <= 80
    stars = arrived.must("labels", "rides", "--proxy", "stars", "--days", "1", "--json").json
    assert [(1, 1, 0, 1.0)] == [
        (day["predictions"], day["covered"], day["labelled"], day["coverage"])
        for day in stars["days"]
    ]


def test_what_belongs_to_no_prediction_is_shown(arrived):
    """Where it is asked for."""
    arrived.must(*ADD, "--known-at", "ended_at")
    out = arrived.must("labels", "rides", "--unmatched", "5").out
    assert ["ride=r9", "True", "2026-01-02", "10:00:00"] in [
        line.split() for line in out.splitlines()
    ]
    assert "of no prediction" not in arrived.must("labels").out
    found = arrived.must("labels", "--unmatched", "5", "--json").json["unmatched"]
    expected = {"target": {"ride": "r9"}, "outcome": True, "known_at": "2026-01-02T10:00:00"}
    assert [expected] == found


def test_labels_of_predictions(arrived):
    """By the ids that the server answered."""
    arrived.write("mine.csv", f"prediction,late\n{0:032x},1\n{2:032x},0\n")
    words = ("--id", "prediction", "--value", "late")
    assert "2 labels added" in arrived.must("labels", "add", "mine.csv", *words).out
    assert 2 == counts(arrived)["matched"]


def test_a_file_with_a_wrong_row_is_refused_whole(arrived):
    """With the first of these rows, and why; nothing is added."""
    arrived.write("arrivals.csv", "ride,long\nr1,true\n,false\nr3,true\n")
    refused = arrived(*ADD)
    assert 3 == refused.code
    assert "1 of 3 rows are no outcomes: None at rows[1].key.ride (expected text)" in refused.err
    assert "Nothing was added." in refused.err
    assert "No outcome of rides yet" in arrived.must("labels").out


def test_many_wrong_rows_are_said_in_a_few_words(arrived):
    """The first of them, and how many there are."""
    arrived.write("arrivals.csv", "ride,long\n" + "".join(f",{n}\n" for n in range(2_000)))
    refused = arrived(*ADD)
    assert "2,000 of 2,000 rows are no outcomes" in refused.err
    assert "; and 1,995 more." in refused.err
    assert len(refused.err) < 1_000


def test_many_rows_are_added_in_columns(arrived):
    """Thousands, and again."""
    text = "ride,long\n" + "".join(f"r{n},{n % 3}\n" for n in range(7_000))
    arrived.write("arrivals.csv", text)
    assert "7,000 labels added to rides, 0 were there" in arrived.must(*ADD).out
    assert "0 labels added to rides, 7,000 were there" in arrived.must(*ADD).out
    assert (7_000, 3) == (counts(arrived)["outcomes"], counts(arrived)["matched"])


def test_what_will_be_known_is_refused_except_in_a_replay(arrived):
    """A time ahead of the clock is a mistake, or history that is replayed."""
    arrived.write("arrivals.csv", "ride,long,at\nr1,true,2999-01-01T00:00:00Z\n")
    refused = arrived(*ADD, "--known-at", "at")
    assert (3, True) == (refused.code, "is ahead of the clock" in refused.err)
    assert "1 labels added" in arrived.must(*ADD, "--known-at", "at", "--replay").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--value", "long"), "neither --key nor --id"),
        (("--value", "long", "--key", "ride", "--id", "ride"), "both --key and --id"),
        (("--value", "long", "--key", "rdie"), "a request to rides has the key ride"),
        (("--value", "lnog", "--key", "ride"), "Did you mean 'long'?"),
        (("--value", "ride", "--key", "ride"), "the column 'ride' has values of type str"),
        (("--value", "long", "--key", "ride", "--model", "taxis"), "there is no model 'taxis'"),
        (("--value", "long", "--key", "ride", "--proxy", "Stars!"), "label or proxy"),
    ],
)
def test_what_was_meant_is_said(arrived, words, says):
    """Each mistake names what is there instead."""
    refused = arrived("labels", "add", "arrivals.csv", *words)
    assert refused.code in {2, 3}
    assert says in refused.err


def test_old_outcomes_are_dropped_when_it_is_asked_for(arrived):
    """By when they were known."""
    arrived.must(*ADD, "--known-at", "ended_at")
    words = ("labels", "drop", "--known-before", "2026-01-02T09:30:00")
    assert "2 outcomes dropped.\n" == arrived.must(*words).out
    assert {"dropped": 0} == arrived.must(*words, "--json").json
    assert 1 == counts(arrived)["outcomes"]


def test_the_compactor_packs_what_servers_wrote(arrived):
    """Reading finds the same."""
    arrived.must(*ADD)
    assert 0 == pack_outcomes(Project.find(arrived.root))
    stopping = threading.Event()
    said = []
    compact_until(stopping, arrived.root / "none", every_s=0, say=said.append, pack=stopping.set)
    assert [] == said


def test_the_help_teaches(finished):
    """Of the group and of each command."""
    assert "interplane labels add arrivals.parquet" in finished.must("labels", "--help").out
    assert "refused whole" in finished.must("labels", "add", "--help").out


def test_without_a_model_one_is_asked_for(empty):
    """And a workspace without any says so."""
    refused = empty("labels")
    assert (2, True) == (refused.code, "the workspace has no models" in refused.err)


# ---- from Python, and through a server ------------------------------------------------------


class Quiet:
    """A meter that nobody reads."""

    def __getattr__(self, name):
        """Take whatever is counted."""
        return lambda *_, **__: lambda *_: None


def test_from_python(arrived, monkeypatch):
    """Outcomes are added, counted and matched, as of any time."""
    monkeypatch.chdir(arrived.root)
    project = Project.find()
    rows = [
        {"key": {"ride": "r1"}, "value": True, "known_at": datetime(2026, 1, 2, tzinfo=UTC)},
        {"key": {"ride": "r1"}, "value": False, "known_at": "2026-01-04"},
        {"id": f"{1:032x}", "value": None},
    ]
    with pytest.raises(RequestRejected, match=r"'2026-01-04' at rows\[1\].known_at"):
        project.add_outcomes("rides", rows)
    assert [] == project.outcomes("rides")
    rows[1]["known_at"] = "2026-01-04T00:00:00Z"
    added = project.add_outcomes("rides", rows)
    assert (3, 0, 1) == (added.new, added.known, added.null)
    assert 3 == project.add_outcomes("rides", rows).known
    (counts,) = project.outcomes("rides")
    assert (2, 2, 1, 1) == (counts.outcomes, counts.matched, counts.null, counts.corrected)
    as_of = {"as_of": datetime(2026, 1, 3, tzinfo=UTC)}
    assert [True, None, None] == project.matched("rides", **as_of).column("outcome").to_pylist()
    now = project.matched("rides", until=datetime(2026, 1, 3, tzinfo=UTC))
    assert [(False, True), (None, True)] == [
        (row["outcome"], row["has_outcome"]) for row in now.to_rows()
    ]
    with pytest.raises(UnknownName, match="taxis"):
        project.add_outcomes("taxis", [])


def test_a_server_of_the_project_takes_outcomes(arrived):
    """By the key of the live crossing; also of a model that is not live any more."""

    async def push(*bodies):
        path = open_server(Opening(project=str(arrived.root)), Quiet())
        try:
            return [
                await path.outcomes.push(model, json.dumps(body).encode(), now_us=10**15)
                for model, body in bodies
            ]
        finally:
            path.outcomes.close()
            path.log.close()

    row = {"key": {"ride": "r1"}, "value": True}
    answers = asyncio.run(
        push(
            ("rides", {"outcome": row}),
            ("rides", {"outcome": {**row, "key": {"rdie": "r1"}}}),
            ("taxis", {"outcome": row}),
            ("../rides", {"outcome": row}),
        )
    )
    assert [200, 422, 404, 404] == [answer.status for answer in answers]
    assert "the key of rides: ride" in answers[1].body.decode()
    assert "Known: rides" in answers[2].body.decode()
    assert 1 == counts(arrived)["matched"]


def test_the_key_is_that_of_the_newest_where_nothing_is_live(arrived):
    """Outcomes come late."""
    store = Project.find(arrived.root).store
    assert {"ride": "str"} == key_types(store, "rides")
    draft = store.draft()
    draft.move(named_pointer("model", "rides", "live"), None, reason="away")
    store.commit(draft, writer=store.catalog.writer("test"))
    assert {"ride": "str"} == key_types(store, "rides")
