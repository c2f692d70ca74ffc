"""Features as written: the decorator, what the function may return, clear refusals."""

from __future__ import annotations

import pytest

from interplane.data.table import Table
from interplane.errors import NotFreezable, UnknownName, UsageError
from interplane.expressions.windows import last
from interplane.features.definition import Features, features
from interplane.features.encodings import cyclic, one_hot

TYPES = {"flight_id": "int", "late": "bool", "distance": "float", "dest": "str", "hour": "int"}


@features(label="late", time=None, key=["flight_id"], context=["dest"])
def flight_features(flight):
    """What is known at departure."""
    return {
        "distance": flight.distance,
        "hour": cyclic(flight.hour),
        "dest": one_hot(flight.dest),
    }


def refused(function, error=NotFreezable, **settings):
    """Return the message with which a function's features are refused."""
    with pytest.raises(error) as raised:
        features(**settings)(function).expressions(TYPES)
    return str(raised.value)


def test_a_decorated_function_stays_callable():
    """The function is kept as it is, with its name and docstring."""
    assert isinstance(flight_features, Features)
    assert flight_features.function.__name__ == flight_features.name == "flight_features"
    assert flight_features.__doc__ == "What is known at departure."


def test_mappings_are_spread_out_under_full_names():
    """A feature that is a mapping becomes one feature per suffix."""
    names = list(flight_features.expressions(TYPES))
    assert ["distance", "hour_sin", "hour_cos", "dest"] == names


def test_the_fingerprint_follows_function_and_settings():
    """What a step depends on is the function itself and every setting."""
    expected = {
        "function": flight_features.function,
        "label": "late",
        "time": None,
        "key": ("flight_id",),
        "context": ("dest",),
    }
    assert expected == flight_features.__fingerprint__()


def test_a_second_parameter_is_a_feature_view():
    """One row comes in; each further parameter says which view it is."""
    message = refused(lambda flight, carrier: {})
    assert "the parameter 'carrier'" in message
    assert "has no default" in message
    assert "data step" in message


def test_no_parameter_at_all():
    """A function without the row cannot be a feature."""
    assert "takes no parameter" in refused(lambda: {"x": 1})


@pytest.mark.parametrize("returned", [None, {}, [1], "distance"])
def test_something_else_than_a_dict(returned):
    """Nothing, an empty dict or a list is refused with what was expected."""
    assert "expected a dict" in refused(lambda row: returned).lower()


def test_a_feature_that_is_no_expression():
    """The feature is named, with the value and its type."""
    message = refused(lambda row: {"bias": 1.0})
    assert "'bias'" in message
    assert "1.0, of type float" in message


def test_a_feature_without_a_name():
    """Names are texts."""
    assert "is named 3" in refused(lambda row: {3: row.distance})


def test_names_that_differ_in_case_only():
    """The engine does not tell such names apart."""
    assert "'Distance'" in refused(lambda row: {"distance": row.distance, "Distance": row.hour})


def test_names_that_clash_after_spreading_out():
    """hour_sin is there once only."""
    message = refused(lambda row: {"hour": cyclic(row.hour), "hour_sin": row.distance})
    assert "'hour_sin'" in message


def test_an_unknown_column_in_the_function():
    """The row knows its columns."""
    message = refused(lambda flight: {"x": flight.distanse}, error=UnknownName)
    assert "Did you mean 'distance'" in message


@pytest.mark.parametrize(
    "settings",
    [{"label": "lat"}, {"time": "dat"}, {"key": ["flight_ids"]}, {"context": ["dst"]}],
)
def test_an_unknown_column_in_a_setting(settings):
    """The message says which part the column plays."""
    (part,) = settings
    assert f"It is the {part} of" in refused(lambda row: {"x": row.hour}, UnknownName, **settings)


def test_a_string_for_a_list():
    """key="flight_id" would be nine columns of one letter."""
    with pytest.raises(UsageError, match=r"Write key=\['flight_id'\]"):
        features(key="flight_id")


def test_a_decorator_without_parentheses():
    """The message shows how it is written."""
    with pytest.raises(UsageError, match=r"@ip\.features\("):
        features(lambda row: {"x": row.hour})


def test_a_window_is_a_feature_of_a_view():
    """It reads other rows than its own."""
    message = refused(lambda row: {"rate": row.late.mean().over(last("7d"))})
    assert "'rate'" in message
    assert "feature_view" in message


def test_several_quantiles_are_no_feature():
    """Each needs a name."""
    message = refused(lambda row: {"edges": row.distance.quantile([0.1, 0.9])})
    assert "'edges' of <lambda> is 2 values in a tuple" in message
    assert "Name each" in message


@pytest.mark.parametrize(
    ("settings", "part"), [({"key": ["id", "late"]}, "part of the key"), ({"time": "late"}, "time")]
)
def test_a_label_that_is_known_before(settings, part):
    """Folds that are drawn by the label would hand training rows their own label."""
    with pytest.raises(UsageError, match=part):
        features(label="late", **settings)(lambda row: {"x": row.x})


@pytest.mark.parametrize("name", ["a\0b", "two\nlines"])
def test_a_name_with_control_characters(name):
    """Nobody could read it, nor a model's format hold it."""
    with pytest.raises(NotFreezable, match="control characters"):
        features()(lambda row: {name: row.x}).expressions({"x": "float"})


def test_a_frame_of_pandas_is_told_how_to_become_a_table():
    """What people have at hand most often is refused with the one call that it takes."""
    frame = Table.from_columns({"x": [1.0]}).to_pandas()
    with pytest.raises(UsageError, match=r"pandas DataFrame.*from_arrow"):
        features()(lambda row: {"x": row.x}).fit(frame)
    with pytest.raises(UsageError, match=r"are a list\..*from_arrow"):
        features()(lambda row: {"x": row.x}).fit([1.0])


def _odd(what):
    def inside(row):
        found = {"fine": row.x}
        found["set"] = row.x.lag() if what == "set" else row.x
        part = row.x.cumsum() if what == "line" else row.x
        return found | {
            "a": row.x + 1,
            "b": row.nothing if what == "column" else row.x,
            "c": {"sin": row.x, "cos": row.x + "1" if what == "nested" else part},
        }

    return features()(inside)


@pytest.mark.parametrize(
    ("what", "named", "message"),
    [
        ("set", "set", r"the feature 'set' \(test_definition.py, line \d+\): x.lag\(\) cannot be"),
        ("column", "b", r"the feature 'b' .*there is no column 'nothing'"),
        ("nested", "c_cos", r"the feature 'c_cos' .*cannot take 'x' \(float\)"),
        ("line", None, r"^inside \(test_definition.py, line \d+\): x.cumsum\(\) cannot be"),
    ],
)
def test_an_error_inside_names_the_feature_and_the_line(what, named, message):
    """Expressions do not know which feature they are for; the text of the function does."""
    with pytest.raises(UsageError, match=message) as caught:
        _odd(what).expressions({"x": "float"})
    assert named == caught.value.details.get("feature")
