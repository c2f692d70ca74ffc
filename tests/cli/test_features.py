"""`interplane features list | show`: what features there are, for people and for programs."""

from interplane.errors import UnknownName


def test_features_are_listed(finished):
    """Those of the live crossing; for a program with everything that is known."""
    out = finished.must("features", "list").out
    assert out.splitlines()[0].split()[:3] == ["feature", "type", "from"]
    listed = finished.must("features", "list", "--json").json
    names = [item["name"] for item in listed]
    assert all(name.startswith("rides.") for name in names)
    assert all(item["name"] in out for item in listed)
    assert {"model"} == {item["kind"] for item in listed}
    assert {"rides@1"} == {item["version"] for item in listed}
    one = finished.must("features", "list", names[0]).out
    assert names[0] in one
    assert "No feature has 'nothing'" in finished.must("features", "list", "nothing").out


def test_a_feature_is_shown_with_all_that_is_known(finished):
    """Definition, users, proof; and why there is no profile."""
    (name, *_) = [item["name"] for item in finished.must("features", "list", "--json").json]
    out = finished.must("features", "show", name).out
    for heading in ("feature", "definition", "freshness", "used by", "profile", "parity"):
        assert any(line.startswith(heading) for line in out.splitlines()), heading
    assert "rides@1 (live)" in out
    assert "absent: rides@1 has no baseline rows" in out
    shown = finished.must("features", "show", name, "--json").json
    assert name == shown["feature"]["name"]
    assert {"rides@1"} <= {use["crossing"] for use in shown["used_by"]}
    other = finished.must("features", "show", name.replace("rides.", "rides@2."), "--json").json
    assert "rides@2" == other["feature"]["version"]


def test_what_a_fit_made_of_a_feature_is_shown(empty):
    """The settings of a looked-up table, and that one infinity leaves a scale without a value."""
    empty.edit("rides.py", "ip.standardize(ride.miles)", "ip.standardize(ride.miles / 0)")
    empty.must("data", "add", "rides", "rides.csv")
    empty.must("run")
    rate = empty.must("features", "show", "rides.rate").out
    assert "fitted       target_mean_0 = target_encode(zone, long, folds=5, smoothing=1.0)" in rate
    assert "caution" not in rate
    miles = empty.must("features", "show", "rides.miles").out
    assert "caution      null in all" in miles
    assert "an infinity" in miles


def test_a_feature_that_is_not_there_is_refused_by_name(finished):
    """With the exit code that names have."""
    result = finished("features", "show", "rides.nothing")
    assert UnknownName.exit_code == result.code
    assert "rides.nothing" in result.err


def test_before_the_first_run_there_is_what_stands_in_the_code(empty):
    """Marked as that."""
    (listed,) = empty.must("features", "list", "--json").json
    assert ("ride_features.*", "model", False) == (
        listed["name"],
        listed["kind"],
        listed["is_recorded"],
    )
    assert "not run" in empty.must("features", "list").out
    assert "in no crossing yet" in empty.must("features", "show", "ride_features.x").out


def test_code_that_does_not_import_is_said(finished):
    """The workspace is read all the same."""
    finished.write("rides.py", "import nowhere_to_be_found")
    result = finished.must("features", "list")
    assert "rides." in result.out
    assert "nowhere_to_be_found" in result.err
