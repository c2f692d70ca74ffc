"""`interplane models | show | diff | deploy`: crossings, looked at and moved."""

from interplane.cli import models

SUMMARY = {"name", "digest", "pointers", "passed", "metrics", "at", "actor"}


def test_models_are_listed_with_figures_and_pointers(finished):
    """For a person and for a program."""
    out = finished.must("models").out
    assert "rides@1" in out
    assert "live" in out
    assert "roc_auc" in out
    listed = finished.must("models", "--json").json
    assert [SUMMARY, SUMMARY] == [set(item) for item in listed]
    assert [["live"], []] == [item["pointers"] for item in listed]
    assert ["rides@1", "rides@2"] == [item["name"] for item in listed]


def test_show_has_everything_that_a_model_stands_on(finished):
    """On one screen."""
    out = finished.must("show", "rides@1").out
    headings = ("verdict", "code", "data", "parameters", "features", "model", "parity", "request")
    for heading in (*headings, "environment"):
        assert any(line.startswith(heading) for line in out.splitlines()), heading
    assert "rides@1 (240 rows)" in out
    assert "score rate" in out
    assert len(out.splitlines()) < 40
    shown = finished.must("show", "rides@live", "--json").json
    assert SUMMARY | {"crossing"} == set(shown)
    assert (
        shown["digest"]
        == finished.must("show", f"@{shown['digest'][:12]}", "--json").json["digest"]
    )


def test_show_says_what_a_crossing_lacks(finished):
    """Without published training rows there is no request schema; the proof is there."""
    finished.edit("rides.py", ', train="train"', "")
    finished.must("run", "--least", "0.1")
    lines = finished.must("show", "rides@3").out.splitlines()
    assert any(line.startswith("request      no schema: publish(") for line in lines)
    assert any(
        line.startswith("parity       engine, row program and its loop agree") for line in lines
    )


def test_an_older_proof_is_told_as_it_is():
    """Proofs that were made before the loop was compared."""
    plain = {"rows": 1000, "edge_rows": 165, "values": 4660, "seed": 0}
    expected = (
        "engine and row program agree bit for bit on 4,660 values: 1,000 training rows and 165 "
        "edge rows"
    )
    assert expected == models._parity(plain)


def test_show_names_the_champion(finished):
    """The one that the candidate was compared with."""
    out = finished.must("show", "rides@2").out
    assert any(line.split() == ["champion", "rides@1"] for line in out.splitlines())


def test_diff_goes_plane_by_plane(finished):
    """Code, data, parameters, outcome."""
    out = finished.must("diff", "rides@1", "rides@2").out
    assert "model.score" in out
    changes = finished.must("diff", "rides@1", "rides@2", "--json").json
    assert [{"plane", "what", "before", "after"}] * len(changes) == [set(item) for item in changes]
    assert {
        "plane": "parameters",
        "what": "model.score",
        "before": "rate",
        "after": "miles",
    } in changes
    assert "are the same" in finished.must("diff", "rides@1", "rides@1").out
    assert [] == finished.must("diff", "rides@1", "rides@live", "--json").json


def test_diff_names_code_and_data_that_changed(finished, make_rides):
    """By the name of the function, and the dataset."""
    finished.edit("rides.py", "smoothing=1.0", "smoothing=2.0")
    finished.write("more.csv", make_rides(30, first=1000))
    finished.must("data", "add", "rides", "more.csv", "--append")
    finished.must("run", "--least", "0.1")
    changes = finished.must("diff", "rides@1", "rides@3", "--json").json
    planes = {(item["plane"], item["what"]) for item in changes}
    assert ("code", "rides.ride_features") in planes
    assert ("data", "rides") in planes


def test_deploy_moves_the_pointer_with_a_reason(finished):
    """Runs compare with it from then on."""
    out = finished.must("deploy", "rides@2", "--reason", "simpler").out
    assert "rides@live is rides@2 now (simpler)" in out
    pointers = {item["name"]: item["pointers"] for item in finished.must("models", "--json").json}
    assert {"rides@1": [], "rides@2": ["live"]} == pointers
    assert ["live"] == finished.must("deploy", "rides@1", "--reason", "back", "--json").json[
        "pointers"
    ]


def test_deploy_asks_for_a_reason(finished):
    """For the record; an empty one is none."""
    assert "Missing option '--reason'" in finished("deploy", "rides@2").err
    result = finished("deploy", "rides@2", "--reason", " ")
    assert 2 == result.code
    assert '--reason "' in result.err


def test_deploy_refuses_a_closed_gate(finished):
    """Unless it is forced, on record."""
    assert 5 == finished("run", "--least", "0.99").code
    result = finished("deploy", "rides@3", "--reason", "hope")
    assert 5 == result.code
    assert "the gate of rides@3 is closed: roc_auc at least 0.99" in result.err
    assert "--force" in result.err
    assert (
        "rides@live is rides@3"
        in finished.must("deploy", "rides@3", "--reason", "hope", "--force").out
    )
