"""Rules of the project file: what they say, and what a person is told where they say it wrong."""

from __future__ import annotations

import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import ConfigError
from interplane.monitoring.metrics import METRICS, get_metric
from interplane.monitoring.rule_file import read_rules
from interplane.monitoring.rule_keys import read_action
from interplane.monitoring.rules import Action, Reference, Rule

EXAMPLE = """
[[monitor]]
model = "flights"
metric = "positive_rate"
window = "1h"
slices = ["origin", ["origin", "carrier"]]
against = { same = "hour-of-week", weeks = 4 }
moves_by = 0.03
min_rows = 200
owner = "operations"
then = "run:flights"

[[monitor]]
name = "inputs"
model = "flights"
metric = "drift"
window = "1d"
columns = ["wind", "carrier"]
against = "baseline"
moves_by = 0.2
resolves_after = 3
then = { run = "flights", parameters = { since = "$day-14d" }, debounce = "6h", busy = "queue" }

[[monitor]]
model = "flights"
metric = "roc_auc"
window = "1d"
at_least = 0.7
coverage = 0.8
patience = "14d"
direction = "down"
"""


def rule(**keys):
    """One rule: a good one with some keys changed; None takes a key out."""
    plain = {
        "model": "flights",
        "metric": "positive_rate",
        "against": "previous",
        "moves_by": 0.03,
    } | keys
    return {key: value for key, value in plain.items() if value is not None}


def test_the_example_is_read():
    """Each key of it."""
    first, second, third = read_rules(tomllib.loads(EXAMPLE)["monitor"])
    assert first == Rule(
        name="flights-positive_rate-1h-hour-of-week",
        model="flights",
        metric="positive_rate",
        slices=(("origin",), ("origin", "carrier")),
        against=Reference(kind="hour-of-week", periods=4),
        moves_by=0.03,
        min_rows=200,
        owner="operations",
        then=Action(run="flights"),
    )
    assert second.then == Action(
        run="flights", parameters={"since": "$day-14d"}, debounce="6h", busy="queue"
    )
    assert ("inputs", ("wind", "carrier"), 3) == (
        second.name,
        second.columns,
        second.resolves_after,
    )
    assert (0.7, 0.8, "14d", "down") == (
        third.at_least,
        third.coverage,
        third.patience,
        third.direction,
    )


def test_the_bad_way_is_the_direction():
    """A rule for AUC that says nothing else means that it falls."""
    [falls] = read_rules([rule(metric="roc_auc")])
    [both] = read_rules([rule(metric="roc_auc", direction="either")])
    assert ("down", "either") == (falls.direction, both.direction)


def test_names_do_not_change_with_thresholds():
    """An open alert keeps its rule when a bound, a slice or an owner is changed."""
    [before] = read_rules([rule()])
    [after] = read_rules([rule(moves_by=0.05, slices=["origin"], owner="ops", min_rows=5)])
    assert before.name == after.name == "flights-positive_rate-1h-previous"


def test_a_rule_is_kept_as_json():
    """As the journal and pages read it."""
    [read] = read_rules([rule(then="run:flights", slices=["origin"])])
    assert read == msgspec.json.decode(msgspec.json.encode(read), type=Rule)


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ([rule(metric="positve_rate")], "monitor 1: metric is 'positve_rate'.*Did you mean 'positive_rate'"),
        ([rule(name="late", metric=None)], "rule 'late': metric is missing"),
        ([rule(model="")], "model is ''"),
        ([rule(wndow="1h")], "wndow is no setting of a rule.*Did you mean 'window'"),
        ([rule(window="2h")], "window is '2h'.*\"1h\", \"1d\", \"1w\""),
        ([rule(slices="origin")], "slices is 'origin'. Expected a list of columns"),
        ([rule(slices=[["origin", "origin"]])], "crosses a column with itself"),
        ([rule(slices=[7])], "slices has 7"),
        ([rule(against="basline")], "against is 'basline'.*Did you mean 'baseline'"),
        ([rule(against={"same": "hour"})], "against.same is 'hour'"),
        ([rule(against={"same": "hour-of-week", "days": 4})], "against.days does not go with"),
        ([rule(against={"same": "hour-of-day", "days": 0})], "against.days is 0"),
        ([rule(against={"same": "hour-of-day", "days": 100})], "Expected at most 60"),
        ([rule(moves_by=None, against=None)], "moves_by is missing. Expected moves_by with against"),
        ([rule(against=None)], "against is missing"),
        ([rule(moves_by=None)], "moves_by is missing"),
        ([rule(moves_by=-0.1)], "moves_by is -0.1. Expected a number above 0"),
        ([rule(moves_by=True)], "moves_by is True. Expected a number"),
        ([rule(moves_by=float("nan"))], "moves_by is nan"),
        ([rule(at_least=0.5, at_most=0.2)], "at_least is 0.5, above at_most"),
        ([rule(min_rows=0)], "min_rows is 0. Expected a whole number"),
        ([rule(min_rows=10.5)], "min_rows is 10.5"),
        ([rule(coverage=90)], "coverage is 90. Expected a share"),
        ([rule(patience="a week")], "patience is 'a week'. Expected a length of time"),
        ([rule(direction="upp")], "direction is 'upp'.*Did you mean 'up'"),
        ([rule(columns="wind")], "columns is 'wind'. Expected a list"),
        ([rule(columns=["wind"])], "columns do not go with positive_rate"),
        ([rule(owner=3)], "owner is 3"),
        ([rule(then="flights")], "then is 'flights'. Expected \"run:PIPELINE\""),
        ([rule(then={"run": "flights", "debounc": "1d"})], "Did you mean 'debounce'"),
        ([rule(then={"run": "flights", "busy": "wait"})], "then.busy is 'wait'"),
        ([rule(then={"run": "flights", "parameters": 3})], "then.parameters is 3"),
        ([rule(then={"debounce": "1d"})], "run is missing"),
        ([rule(then=7)], "then is 7"),
        ([rule(metric="error_rate")], "against does not go with error_rate"),
        ([rule(metric="error_rate", against=None, moves_by=None, at_most=0.1, slices=["origin"])],
         "slices do not go with error_rate"),
        ([rule(metric="drift", at_most=0.2)], "at_most does not go with drift"),
        ([rule(metric="drift", direction="down")], "direction is 'down'"),
        ([rule(window="1w", against={"same": "hour-of-week"})], "against is hours, and the window 1w"),
        ([rule(metric="traffic", against="baseline")], "baseline, which has no traffic"),
        ([rule(), rule()], "two rules are called 'flights-positive_rate-1h-previous'"),
        (["late"], "it is 'late'. Expected a table"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(plain, expected):
    """The file, the rule, the key, what was there and what was expected."""
    with pytest.raises(ConfigError, match=expected) as raised:
        read_rules(plain)
    assert str(raised.value).startswith("interplane.toml: ")
    assert raised.value.expected


@given(
    st.dictionaries(
        st.sampled_from(Rule.__struct_fields__),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["same", "weeks", "run", "busy"]), inner)
            ),
            max_leaves=4,
        ),
    )
)
def test_whatever_stands_there_is_a_rule_or_an_error_with_its_place(keys):
    """Nothing else comes out."""
    try:
        [read] = read_rules([rule() | keys])
    except ConfigError as error:
        refused = error
    else:
        refused = None
        assert read == msgspec.convert(read.to_dict(), Rule)
    assert refused is None or refused.expected


def test_an_action_says_what_it_belongs_to():
    """Schedules and triggers read theirs by the same words."""
    with pytest.raises(ConfigError, match="nightly: then is 'fly'"):
        read_action("fly", place="interplane.toml", of="schedule nightly")


def test_every_metric_is_told_in_one_line():
    """And is called what the table calls it."""
    for name, metric in METRICS.items():
        assert name == get_metric(name).name == metric.name
        assert metric.doc
        assert "\n" not in metric.doc
