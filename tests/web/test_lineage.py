"""The lineage of anything: a picture, two lists, and the same as nodes and edges."""

import pytest

from interplane.project.project import Project
from interplane.record import Snapshot, StepRun


def named(page, side):
    """Return the kinds and names of a side."""
    return {(each["kind"], each["name"]) for each in page[side]}


def test_from_a_crossing(pages, root):
    """Down to the files that arrived and the code, up to what answers."""
    crossing = pages.ask("/models/rides/1.json").json
    shown = pages.ask(f"/lineage/{crossing['digest'][:16]}.json").json
    assert ("crossing", "rides@1") == (shown["it"]["kind"], shown["it"]["name"])
    assert {
        ("file", "rides 1.csv"),
        ("data version", "rides@1"),
        ("commit", crossing["commit"][:12]),
        ("run", f"run {crossing['run'][:12]}"),
        ("set of features", "features"),
    } == named(shown, "below")
    assert {("deployment", "live now")} == named(shown, "above")
    ids = {each["id"] for each in shown["nodes"]}
    assert len(ids) == len(shown["nodes"])
    for edge in shown["edges"]:
        assert {edge["below"], edge["above"]} <= ids
    assert shown["it"] in shown["nodes"]
    around = {each["id"] for each in (*shown["below"], *shown["above"], shown["it"])}
    assert ids == around
    body = pages.ask(f"/lineage/{crossing['digest'][:16]}").body
    assert "thing crossing it" in body
    for each in (*shown["below"], *shown["above"]):
        assert (each["lineage"] or each["href"] or each["name"]) in body


def test_every_node_leads_on(pages):
    """From thing to thing over the picture, everything on the way is there."""
    seen, todo = set(), ["/lineage/data/rides", "/lineage/models/rides"]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        shown = pages.ask(f"{path}.json")
        assert 200 == shown.status, path
        assert 200 == pages.ask(path).status
        for each in shown.json["nodes"]:
            todo += [each["lineage"]] if each["lineage"] else []
            if each["href"] and each["href"] not in seen:
                seen.add(each["href"])
                assert 200 == pages.ask(each["href"]).status, each
    kinds = ("data", "models", "features")
    assert set(kinds[:2]) <= {path.split("/")[2] for path in seen if path.startswith("/lineage/")}


def test_from_data(pages):
    """From a version up through runs to crossings, and down to its file and the version before."""
    shown = pages.ask("/lineage/data/rides.json").json
    assert {("file", "rides 1.csv"), ("file", "rides 2.csv")} == named(shown, "below")
    assert {("data version", "rides@1"), ("data version", "rides@2"), ("crossing", "rides@1")} <= (
        named(shown, "above")
    )
    second = next(each for each in shown["above"] if each["name"] == "rides@2")
    shown = pages.ask(f"{second['lineage']}.json").json
    assert {("data version", "rides@1"), ("file", "rides 2.csv")} == named(shown, "below")
    crossings = {name for kind, name in named(shown, "above") if kind == "crossing"}
    assert {"rides@2", "rides@3"} <= crossings
    assert "rides@1" not in crossings


def test_from_features_models_and_runs(pages):
    """A feature comes of data and is used by crossings; a run made what it published."""
    name = pages.ask("/features.json").json["models"][0]["name"]
    shown = pages.ask(f"/lineage/features/model/{name}.json").json
    assert ("data version", "rides@1") in named(shown, "below")
    assert ("crossing", "rides@1") in named(shown, "above")
    shown = pages.ask("/lineage/models/rides.json").json
    assert {("crossing", "rides@1"), ("file", "rides 1.csv")} <= named(shown, "below")
    assert {("deployment", "live now")} == named(shown, "above")
    run = pages.ask("/models/rides/1.json").json["run"]
    shown = pages.ask(f"/lineage/{run}.json").json
    assert {("crossing", "rides@1"), ("deployment", "live now")} <= named(shown, "above")


def test_from_code_steps_and_bytes(pages, root):
    """A commit, a state of the code that a run had, a step, a file of a model: each by its digest."""
    store = Project.find(root).store
    commit = pages.ask("/models/rides/1.json").json["commit"]
    by_commit = pages.ask(f"/lineage/{commit}.json").json
    assert ("crossing", "rides@1") in named(by_commit, "above")
    snapshot = next(e for e in store.catalog.list("snapshot") if e.record.commit == commit)
    assert isinstance(snapshot.record, Snapshot)
    assert by_commit == pages.ask(f"/lineage/{snapshot.digest}.json").json
    step = next(
        each
        for each in store.catalog.list("step-run")
        if isinstance(each.record, StepRun)
        and each.record.key.step == "model"
        and each.record.status == "done"
    )
    shown = pages.ask(f"/lineage/{step.digest[:16]}.json").json
    assert {("step", "split"), ("data version", "rides@2")} <= named(shown, "below")
    assert ("step", "evaluation") in named(shown, "above")
    assert "crossing" in {kind for kind, _ in named(shown, "above")}
    (made,) = step.record.outputs.values()
    for digest in (made.digest, *made.blobs):
        shown = pages.ask(f"/lineage/{digest}.json").json
        assert ("step", "model") in named(shown, "below")
        assert "crossing" in {kind for kind, _ in named(shown, "above")}
    addition = next(e for e in store.catalog.list("addition"))
    shown = pages.ask(f"/lineage/{addition.digest}.json").json
    assert addition.record.version == shown["it"]["digest"]


@pytest.mark.parametrize(
    "path",
    ["/lineage/0000", "/lineage/data/moons", "/lineage/models/moons", "/lineage/features/view/x.y"],
)
def test_what_is_not_there(pages, path):
    """Nothing of that name: in words, with what there is."""
    for twin in (path, f"{path}.json"):
        assert 404 == pages.ask(twin).status
