"""Feature views as they are written: what is taken, what is refused, and what becomes of it."""

from datetime import timedelta

import pytest

from interplane.data.dataset import Dataset
from interplane.errors import DataError, ExpressionError, NotFreezable, UnknownName, UsageError
from interplane.expressions.windows import last, lifetime
from interplane.views.definition import FeatureView, feature_view
from interplane.views.view import Latest, View, Window


def two(a, b):
    return {}


TYPES = {
    "flight_id": "str", "carrier": "str", "origin": "str", "left": "timestamp",
    "landed": "timestamp", "late": "bool", "delay": "float", "day": "date",
}  # fmt: skip
HOUR = 3_600_000_000


def written(function, **settings):
    """A view of flights by carrier, with other settings where they are given."""
    given = {
        "source": "flights",
        "entity": "carrier",
        "event_time": "left",
        "known_at": "landed",
        "key": "flight_id",
        **settings,
    }
    function.__name__ = "history"
    return feature_view(**given)(function)


def history(flights):
    """A window, the same over another length, and a latest value."""
    return {
        "late_7d": flights.late.mean().over(last("7d")),
        "late_1h": flights.late.mean().over(last(timedelta(hours=1))),
        "n": flights.count(where=flights.late).over(last("7d")),
        "delay": flights.delay * 2,
    }


def refused(function, error=NotFreezable, types=TYPES, **settings):
    """The message with which a view is refused."""
    with pytest.raises(error) as caught:
        written(function, **settings).define(types)
    return str(caught.value)


def test_a_view_becomes_arguments_and_features():
    """An argument that two features take is computed once."""
    view = written(history).define(TYPES)
    assert {
        "late_7d": Window("mean", 0, 168 * HOUR, "bool"),
        "late_1h": Window("mean", 0, HOUR, "bool"),
        "n": Window("count", 1, 168 * HOUR, "bool"),
        "delay": Latest(2, "float"),
    } == view.features
    assert 3 == len(view.arguments)
    assert {"late_7d": "float", "late_1h": "float", "n": "int", "delay": "float"} == view.types


def test_a_view_holds_the_columns_that_it_reads_and_no_other():
    """A column more in the source is no other version of the view."""
    view = written(history).define(TYPES)
    assert {"carrier", "left", "landed", "flight_id", "late", "delay"} == set(view.columns)
    assert view == written(history).define({**TYPES, "weather": "str"})


def test_a_view_reads_back_from_its_json():
    """With the same digest."""
    view = written(history, ttl="3h").define(TYPES)
    assert view == View.from_dict(view.to_dict())
    assert view.digest == View.from_dict(view.to_dict()).digest


@pytest.mark.parametrize(
    "settings",
    [
        {"ttl": "3h"},
        {"known_at": "left"},
        {"forecast": True},
        {"entity": "origin"},
        {"key": "delay2"},
    ],
    ids=str,
)
def test_another_definition_is_another_version(settings):
    """Each setting is part of what names a view: a time-to-live too."""
    types = {**TYPES, "delay2": "int"}
    assert (
        written(history).define(types).digest != written(history, **settings).define(types).digest
    )


def test_a_dataset_is_a_source_by_its_name():
    """The declaration, or the name of an output of the pipeline."""
    assert "trips" == written(history, source=Dataset("trips")).source


def test_a_view_without_windows_has_no_key():
    """It names nothing that the view counts: two views that differ in it alone are one."""
    latest = {"key": ["flight_id", "day"]}
    plain = written(lambda flights: {"delay": flights.delay})
    assert () == plain.define(TYPES).key
    assert plain.define(TYPES) == written(plain.function, **latest).define(TYPES)


def test_by_names_a_column_for_each_of_the_entity():
    """In its order; none means the entity's own names."""
    view = written(history, entity=["origin", "carrier"])
    assert ("from", "with") == view.by("from", "with").by
    assert ("origin", "carrier") == view.by().by
    with pytest.raises(UsageError, match="one for each of origin, carrier"):
        view.by("origin")
    with pytest.raises(UsageError, match=r"names 1 column\."):
        view.by("origin")
    for wrong in (3, ["origin"], "", None):
        with pytest.raises(UsageError, match=r"history\.by got .* not in a list"):
            view.by("origin", wrong)


def test_settings_are_asked_for():
    """The decorator without parentheses, and without an entity, says what it needs."""
    with pytest.raises(UsageError, match="in parentheses after the decorator"):
        feature_view(history)
    with pytest.raises(UsageError, match="at least one column"):
        feature_view(source="flights", event_time="left")(history)


def test_a_function_is_plain():
    """One that would only be begun by a call is refused before it is."""

    async def later(flights):
        return {"delay": flights.delay}

    def piecewise(flights):
        yield {"delay": flights.delay}

    for function in (later, piecewise):
        assert "history is asynchronous, or yields" in refused(function)


def test_names_of_features_differ_also_in_lower_case():
    """The engine does not tell such columns apart: they are refused where the view is defined."""
    said = refused(lambda flights: {"R": flights.delay, "r": flights.late})
    assert "are named 'R' and 'r'. Expected names that differ, also in lower case" in said


@pytest.mark.parametrize(
    ("given", "expected"),
    [("90m", 90 * 60), ("7d", 7 * 86_400), (timedelta(microseconds=1_500_000), 1.5)],
)
def test_a_time_to_live_is_a_length_of_time(given, expected):
    """A text of it, or a timedelta; kept in microseconds."""
    assert expected * 1_000_000 == written(history, ttl=given).ttl_us


@pytest.mark.parametrize(
    "given",
    [
        "abc",
        "",
        "0h",
        "-3h",
        "1.5h",
        "99999999999d",
        timedelta(0),
        -timedelta(hours=1),
        timedelta.max,
    ],
)
def test_what_is_no_time_to_live_is_refused_as_one(given):
    """The message is of ttl, not of windows."""
    with pytest.raises(UsageError, match=r"^ttl=.* is no time-to-live.*positive length of time"):
        written(history, ttl=given)


def test_a_window_needs_to_know_which_events_are_one():
    """Without a key, an event that comes twice would count twice."""
    assert "key=" in refused(history, key=())


def test_a_statistic_without_a_window():
    """Views know no training rows."""
    assert "over no window" in refused(lambda flights: {"x": flights.delay.mean()})


def test_a_statistic_computed_with():
    """The window stands alone; the features compute with it."""
    with pytest.raises(AttributeError):
        written(lambda flights: {"x": flights.late.mean().over(last("1h")).fill_null(0)}).define(
            TYPES
        )
    assert "where the view is used" in refused(lambda flights: {"x": flights.delay.sum() / 2})


@pytest.mark.parametrize("returned", [None, {}, [1]])
def test_something_else_than_a_dict(returned):
    """Nothing, an empty dict or a list is refused."""
    assert "expected a dict" in refused(lambda flights: returned).lower()


@pytest.mark.parametrize("name", ["", "late rate", "1h", 7])
def test_a_feature_is_named_as_python_names(name):
    """It is read as an attribute."""
    assert "a Python name" in refused(lambda flights: {name: flights.delay})


def test_a_constant_is_no_feature():
    """Its type is said."""
    assert "of type int" in refused(lambda flights: {"x": 1})


def test_a_column_that_is_not_there():
    """The part that it plays is said, and the nearest name."""
    message = refused(history, UnknownName, entity="carier")
    assert "the entity of history" in message
    assert "Did you mean 'carrier'" in message


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"event_time": "day"}, "event time"),
        ({"entity": "delay"}, "entity"),
        ({"key": "delay"}, "key"),
    ],
)
def test_a_column_of_another_type(settings, part):
    """Times are timestamps; floats name nothing."""
    assert part in refused(history, DataError, **settings)


def test_over_takes_windows_of_statistics_only():
    """Each wrong use says what is right."""
    for wrong in (
        lambda flights: {"x": flights.delay.over(last("1h"))},
        lambda flights: {"x": flights.delay.median().over(last("1h"))},
        lambda flights: {"x": flights.delay.mean(by=flights.carrier).over(last("1h"))},
        lambda flights: {"x": flights.delay.mean().over("1h")},
        lambda flights: {"x": flights.carrier.mean().over(last("1h"))},
    ):
        refused(wrong, ExpressionError)


@pytest.mark.parametrize("rows", [0, -1, 1_000_001])
def test_a_window_holds_some_events(rows):
    """At least one, and not more than fit."""
    with pytest.raises(ExpressionError, match=r"a window of .* events"):
        last(rows)


@pytest.mark.parametrize("delay", ["soon", "0s", timedelta(0), timedelta(days=-1)])
def test_a_delay_is_a_length_of_time(delay):
    """A positive one."""
    for window in (lambda: last(50, delay=delay), lambda: lifetime(delay=delay)):
        with pytest.raises(ExpressionError, match="no delay of a window"):
            window()


def test_windows_of_every_kind():
    """A length, a number of events and a lifetime, each with a delay or without."""
    spans = (last("7d"), last(50, delay="2d"), lifetime(), lifetime(delay=timedelta(hours=1)))

    def history(flights):
        """Some of each."""
        return {f"f{n}": flights.delay.std().over(span) for n, span in enumerate(spans)} | {
            "carrier": flights.carrier.last(where=flights.delay > 3).over(last(1))
        }

    view = written(history).define(TYPES)
    assert [*spans, last(1)] == [each.span for each in view.features.values()]
    assert ["float"] * 4 + ["str"] == list(view.types.values())


@pytest.mark.parametrize("length", ["soon", "0s", "", timedelta(0), timedelta(days=-1)])
def test_a_window_has_a_length(length):
    """A positive one."""
    with pytest.raises(ExpressionError, match="no length of a window"):
        last(length)


def test_the_decorator_without_parentheses():
    """It says how it is written."""
    with pytest.raises(UsageError, match="in parentheses"):
        feature_view(history, source="x", entity="y", event_time="z")


def test_a_view_takes_one_row():
    """More parameters are for features."""
    with pytest.raises(NotFreezable, match="takes 2 parameters"):
        FeatureView(two, source="x", entity=("y",), event_time="z", known_at="z")
