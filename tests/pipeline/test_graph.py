"""A pipeline is checked when it is built, and says what is wrong where."""

import enum
from datetime import date, datetime
from typing import Literal, Optional

import pytest

from interplane.data.dataset import Dataset
from interplane.errors import GraphError, UnknownName, UsageError
from interplane.pipeline.graph import Live, Pipeline
from interplane.pipeline.hyperparameters import Hyperparameter


class Colour(enum.Enum):
    """A choice of a toy step."""

    RED = 1
    BLUE = 2


def test_decorators_return_the_function_unchanged():
    """Steps are plain functions, tested as plain functions."""
    pipeline = Pipeline("toy")

    def one():
        return 1

    def two(one, *, by: int = 2):
        return one * by

    assert pipeline.step(one) is one
    assert pipeline.step(outputs=("low", "high"), retries=1)(two) is two
    assert two(3) == 6
    graph = pipeline.graph()
    assert {"one": "one", "low": "two", "high": "two"} == graph.producers
    assert 1 == graph.steps["two"].retries


def test_steps_run_after_what_they_need_else_as_declared():
    """The order is that of the edges, then that of the file."""
    pipeline = Pipeline("toy")

    @pipeline.step
    def last(middle, first):
        return middle, first

    @pipeline.step
    def first():
        return 1

    @pipeline.step
    def middle(first):
        return first

    assert ("first", "middle", "last") == pipeline.graph().order
    assert {"first", "middle"} == pipeline.graph().ancestors(["middle"])
    assert ("first", "middle") == pipeline.graph().up_to(["middle"]).order


def broken(build):
    """Return the message of the GraphError that building a pipeline raises."""
    pipeline = Pipeline("toy", inputs={"flights": Dataset("flights"), "champion": Live("flights")})

    def whole():
        build(pipeline)
        pipeline.graph()

    with pytest.raises(GraphError) as caught:
        whole()
    return str(caught.value)


def test_an_unknown_edge_names_the_nearest():
    """With all the names that there are."""

    def build(pipeline):
        @pipeline.step
        def split(fligths):
            return fligths

    assert (
        "step 'split' reads 'fligths', which nothing makes. Expected a declared input or a step's "
        "output: champion, flights, split. Did you mean 'flights'? A setting belongs behind a * "
        "in the signature."
    ) == broken(build)


def test_doubly_defined_names_are_refused():
    """Two steps, a step and an input, two makers of an output."""

    def twice(pipeline):
        def one():
            return 1

        pipeline.step(one)
        pipeline.step(one)

    def shadow(pipeline):
        @pipeline.step
        def flights():
            return 1

    def makers(pipeline):
        @pipeline.step
        def a():
            return 1

        @pipeline.step(outputs=("a", "c"))
        def b():
            return 1, 2

    assert "two steps are called 'one'" in broken(twice)
    assert "makes 'flights', which is a declared input too" in broken(shadow)
    assert "the steps 'a' and 'b' both make 'a'" in broken(makers)


def test_a_circle_is_shown():
    """With the steps that it goes through."""

    def build(pipeline):
        @pipeline.step
        def a(c):
            return c

        @pipeline.step
        def b(a):
            return a

        @pipeline.step
        def c(b):
            return b

    assert "the steps 'a' needs 'c' needs 'b' needs 'a'" in broken(build)


def test_signatures_that_are_no_steps_are_refused():
    """A default for an edge, *args, something else than a def."""

    def default(pipeline):
        @pipeline.step
        def a(flights, limit=3):
            return flights

    def starred(pipeline):
        @pipeline.step
        def a(*tables):
            return tables

    assert "put it behind a *" in broken(default)
    assert "step 'a' takes *tables" in broken(starred)
    assert "is no step" in broken(lambda pipeline: pipeline.step(len))
    assert "'<lambda>' cannot name a step" in broken(lambda pipeline: pipeline.step(lambda: 1))


def test_settings_need_a_type_and_a_default_of_it():
    """That is there at run time."""

    def untyped(pipeline):
        @pipeline.step
        def a(*, limit=None):
            return limit

    def wrong(pipeline):
        @pipeline.step
        def a(*, limit: int = 0.5):
            return limit

    def late(pipeline):
        @pipeline.step
        def a(*, limit: "Nothing" = 1):  # noqa: F821 - the subject
            return limit

    assert "the keyword-only parameter 'limit' has no type" in broken(untyped)
    assert "step 'a': limit is 0.5. Expected an integer" in broken(wrong)
    assert "the annotation 'Nothing' of limit cannot be read" in broken(late)


def test_one_hyperparameter_name_has_one_meaning():
    """Across all steps of a pipeline."""

    def build(pipeline):
        @pipeline.step
        def a(*, rate: float = 0.1):
            return rate

        @pipeline.step
        def b(*, rate: float = 0.2):
            return rate

    assert "'rate' differs between the steps 'a' and 'b'" in broken(build)


def test_what_is_published_must_be_there():
    """And its gate must be a gate."""

    def nothing(pipeline):
        pipeline.publish("flights", model="model", gate="good")

    def ungated(pipeline):
        @pipeline.step
        def model():
            return 1

        pipeline.publish("flights", model="model", gate="model")

    assert "nothing makes 'model'" in broken(nothing)
    assert "that is no gate" in broken(ungated)


def test_inputs_are_datasets_or_live_models():
    """Anything else is refused at once."""
    with pytest.raises(GraphError, match="the input 'x' is a int"):
        Pipeline("toy", inputs={"x": 3})
    with pytest.raises(GraphError, match="cannot name a pipeline"):
        Pipeline("Toy!")


def bound():
    """Return the graph of a pipeline with settings."""
    pipeline = Pipeline("toy")

    @pipeline.step
    def a(*, until: date, seed: int = 0, kind: Literal["x", "y"] = "x"):
        return until

    @pipeline.step
    def b(a, *, seed: int = 0, rate: float | None = 0.5):
        return a

    return pipeline.graph()


def test_settings_are_bound_by_name_and_by_step():
    """The longer form wins; text is parsed; an int is taken for a float."""
    found = bound().bind({"until": "2013-05-01", "seed": 7, "b.seed": "9", "rate": 1})
    assert {"until": date(2013, 5, 1), "seed": 7, "kind": "x"} == found["a"]
    assert {"seed": 9, "rate": 1.0} == found["b"]
    assert type(found["b"]["rate"]) is float


def test_settings_that_cannot_be_bound_say_why():
    """Missing, misspelt, of the wrong type, none of the choices."""
    graph = bound()
    with pytest.raises(UsageError, match=r"no value for a\.until.*Give --until"):
        graph.bind()
    with pytest.raises(UnknownName, match=r"no hyperparameter 'sede'.*Did you mean 'seed'"):
        graph.bind({"until": date(2013, 5, 1), "sede": 3})
    with pytest.raises(UsageError, match=r"rate is 'fast'. Expected a finite number, or none"):
        graph.bind({"until": date(2013, 5, 1), "rate": "fast"})
    with pytest.raises(UsageError, match=r"kind is 'z'. Expected one of x, y"):
        graph.bind({"until": date(2013, 5, 1), "kind": "z"})
    with pytest.raises(UsageError, match="seed is True"):
        graph.bind({"until": date(2013, 5, 1), "seed": True})


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (bool, True, "true"),
        (bool, False, "no"),
        (int, -3, "-3"),
        (float, 0.25, "0.25"),
        (str, "a b", "a b"),
        (date, date(2013, 5, 1), "2013-05-01"),
        (datetime, datetime(2013, 5, 1, 12), "2013-05-01T12:00:00"),  # noqa: DTZ001 - ours are naive UTC
        (Colour, Colour.BLUE, "BLUE"),
        (Optional[int], None, "none"),  # noqa: UP045 - both spellings count
        (int | None, 4, "4"),
        (Literal[1, 2], 2, "2"),
    ],
)
def test_a_setting_survives_text_and_json(annotation, value, text):
    """`parse` reads what a person writes, `from_plain` what `to_plain` wrote."""
    parameter = Hyperparameter.read("x", annotation, default=value)
    assert value == parameter.parse(text)
    assert value == parameter.from_plain(parameter.to_plain(value))


@pytest.mark.parametrize("text", ["", "1.5", "nan", "1e400", "maybe"])
def test_text_that_is_no_such_value_is_refused(text):
    """Never coerced in silence."""
    with pytest.raises(UsageError, match="x is"):
        Hyperparameter.read("x", int, default=1).parse(text)
    if text != "1.5":
        with pytest.raises(UsageError, match="x is"):
            Hyperparameter.read("x", float, default=1.0).parse(text)
