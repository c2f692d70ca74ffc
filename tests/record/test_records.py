"""Records are frozen, named by their content, and read back as they were."""

import msgspec
import pytest

from interplane.errors import UsageError
from interplane.record import (
    KINDS,
    Addition,
    Artifact,
    Audit,
    Breach,
    Checkpoint,
    Column,
    Crossing,
    DataUse,
    DataVersion,
    Part,
    Ref,
    Rollout,
    Run,
    RunEnd,
    Snapshot,
    StepKey,
    StepRun,
    Verdict,
    ViewVersion,
    digest_bytes,
)

D = [digest_bytes(bytes([n])) for n in range(9)]
KEY = StepKey(
    step="model",
    code={"flights.model": D[0]},
    distributions={"numpy": "2.4.6"},
    parameters={"trees": 100},
    inputs={"x": D[1]},
    outputs=("model",),
    seed=7,
)
MODEL = Artifact(kind="model", digest=D[2], blobs=(D[3],))

EXAMPLES = [
    DataVersion(
        columns=(Column(name="a", type="int"),), parts=(Part(digest=D[0], rows=3, size_bytes=9),)
    ),
    Addition(
        dataset="a",
        version=D[0],
        parent=D[1],
        source=D[2],
        source_name="a.csv",
        rows=3,
        profile=D[3],
        schema=D[4],
    ),
    Snapshot(project="p", commit="c" * 40, diff=D[0], environment=D[1]),
    Run(
        id="r",
        pipeline="p",
        parameters={},
        inputs={"a": D[0], "b": None},
        snapshot=D[1],
        started_at="t",
        takes={"split": ("a",), "model": ("split", "b")},
    ),
    StepRun(
        run=D[0],
        key=KEY,
        status="done",
        outputs={"model": MODEL},
        started_at="t",
        duration_s=0.5,
        log=D[4],
    ),
    RunEnd(run=D[0], status="done", ended_at="t", step_runs={"model": D[1]}, crossings=(D[2],)),
    Crossing(
        model_name="flights",
        pipeline="flights",
        steps={"model": KEY},
        commit=None,
        diff=None,
        environment=D[0],
        data={"flights": DataUse(dataset="flights", version=D[1])},
        parameters={"model": {"trees": 100}},
        seeds={"model": 7},
        frozen=None,
        model=MODEL,
        request_schema=None,
        evaluation=None,
        verdict=Verdict(asked=1, held=("fine",)),
        baselines={"train": D[5]},
        parity=None,
        views={"carrier": D[6]},
        golden=D[7],
    ),
    Rollout(model_name="flights", live=D[0], canary=D[1], share=0.05, shadow=D[2]),
    Checkpoint(
        model_name="flights",
        parent=D[0],
        live=D[1],
        before=D[2],
        model=MODEL,
        place=D[4],
        learned=7,
        counts={"scored": 9},
        metrics={},
    ),
    ViewVersion(name="carrier_history", definition={"form": "interplane-view"}),
    Audit(crossing=D[0], rows=500, skewed=3, pending=2, worst=0.006, worst_of="score", report=D[1]),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: record.kind)
def test_a_record_reads_back_as_it_was(record):
    """Bytes, and the table of kinds, lead back to the same value."""
    assert record == KINDS[record.kind].from_bytes(record.to_bytes())


def test_every_kind_has_an_example_here():
    """A new kind of record is not forgotten by these tests."""
    assert set(KINDS) == {record.kind for record in EXAMPLES}


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: record.kind)
def test_links_are_digests_that_the_record_holds(record):
    """What a record stands on is named in its bytes; only a view stands by itself."""
    links = list(record.links())
    assert bool(links) == (record.kind != "view-version")
    assert all(link.encode() in record.to_bytes() for link in links)


def test_a_record_cannot_be_changed():
    """Frozen means frozen."""
    with pytest.raises(AttributeError, match="immutable"):
        EXAMPLES[0].columns = ()


def test_one_kind_is_not_read_as_another():
    """The kind is part of the bytes."""
    with pytest.raises(msgspec.ValidationError):
        Run.from_bytes(EXAMPLES[0].to_bytes())


def test_a_verdict_fails_only_for_breaches_that_stop():
    """A warning and a value read as null let the verdict pass."""
    breach = Breach(rule="at most 150", where="wind_speed", found="1048", action="null", rows=1)
    stop = Breach(rule="no nulls", where="origin", found="3 nulls", rows=3, examples=("EWR",))
    assert Verdict(asked=2, breaches=(breach,)).passed
    assert not Verdict(asked=2, breaches=(breach, stop)).passed


def test_the_text_of_a_verdict_is_bounded():
    """However much is broken, a person reads ten breaches."""
    many = tuple(
        Breach(rule=f"r{n}", where="x", found="y", examples=tuple(range(99))) for n in range(99)
    )
    text = Verdict(asked=99, breaches=many).to_text()
    assert "and 89 more" in text
    assert len(text.splitlines()) == 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flights", Ref(name="flights", pointer="latest")),
        ("flights@12", Ref(name="flights", number=12)),
        ("flights@live", Ref(name="flights", pointer="live")),
        ("@3fa9c1", Ref(prefix="3fa9c1")),
        ("3fa9c1" * 4, Ref(prefix="3fa9c1" * 4)),
    ],
)
def test_references(text, expected):
    """The forms that a person may write."""
    assert expected == Ref.parse(text)


@pytest.mark.parametrize(
    "text", ["", "@", "a@", "a@0", "a@-1", "a@²", "../x", "A b", "@xyz", "a@b@c"]
)
def test_what_is_no_reference_is_refused(text):
    """Each is refused with the forms that there are."""
    with pytest.raises(UsageError, match="NAME@NUMBER"):
        Ref.parse(text)
