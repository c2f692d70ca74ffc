"""The plan: pure decisions, with reasons."""

import pytest

from interplane.pipeline.fingerprint import Fingerprint
from interplane.pipeline.graph import Live, Pipeline
from interplane.pipeline.inputs import ABSENT, ResolvedInput
from interplane.pipeline.plan import Known, Planner
from interplane.record import Artifact, StepRun, digest_value


class Remembered:
    """Runs of steps in a dictionary."""

    def __init__(self):
        self.by_step = {}
        self.by_key = {}

    def last(self, step):
        return self.by_step.get(step)

    def find(self, key):
        return self.by_key.get(key)

    def label(self, name, digest):
        return f"{name}@{digest[:4]}"

    def keep(self, key, **outputs):
        """Record a run as done, each output with a content."""
        artifacts = {
            name: Artifact(kind="json", digest=digest_value(content))
            for name, content in outputs.items()
        }
        run = StepRun(
            run=digest_value("run"), key=key, status="done", outputs=artifacts,
            started_at="2013-01-01T00:00:00Z", duration_s=0.0,
        )  # fmt: skip
        known = Known(run.digest, run)
        self.by_step[key.step] = known
        self.by_key[digest_value(key)] = known
        return artifacts


def chain():
    """Return the graph first → (low, high) → last, with the champion beside it."""
    pipeline = Pipeline("toy", inputs={"champion": Live("toy")})

    @pipeline.step
    def first(*, rate: float = 0.1):
        return rate

    @pipeline.step(outputs=("low", "high"))
    def split(first):
        return first, first

    @pipeline.step
    def last(low, champion):
        return low

    return pipeline.graph()


def champion(model=None):
    """Return the input of the live model."""
    return ResolvedInput(
        name="champion", label="no live model" if model is None else "toy@2", series="model/toy",
        target=None if model is None else digest_value(model),
        model=None if model is None else Artifact(kind="model", digest=digest_value(model)),
    )  # fmt: skip


def planner(recorded, *, code=None, parameters=None, numpy="2.3", live=None, seed=0):
    """Return a planner of the chain with the given state of the world."""
    graph = chain()
    fingerprints = {
        step: Fingerprint(
            code={f"toy.{step}": digest_value((code or {}).get(step, 0))},
            distributions={"numpy": numpy},
        )
        for step in graph.steps
    }
    bound = {step: {} for step in graph.steps}
    bound["first"] = {"rate": 0.1, **(parameters or {})}
    return Planner(
        graph=graph, fingerprints=fingerprints, parameters=bound,
        inputs={"champion": champion(live)}, recorded=recorded, seed=seed,
    )  # fmt: skip


def remembered(**options):
    """Return what is known after one run of everything."""
    recorded = Remembered()
    plan = planner(recorded, **options)
    made = {}
    for step, outputs in [("first", ["first"]), ("split", ["low", "high"]), ("last", ["last"])]:
        made |= recorded.keep(plan.decide(step, made).key, **dict.fromkeys(outputs, step))
    return recorded


def told(plan):
    """Return action and reasons of each step."""
    return {name: (step.action, step.because) for name, step in plan.steps.items()}


def test_everything_runs_the_first_time():
    """And says so."""
    assert {
        "first": ("run", "first run"),
        "split": ("run", "first run"),
        "last": ("run", "first run"),
    } == told(planner(Remembered()).plan())


def test_nothing_runs_when_nothing_changed():
    """Every step is reused, with its recorded run."""
    plan = planner(remembered()).plan()
    assert [("reuse", "")] * 3 == list(told(plan).values())
    assert () == plan.to_run
    assert "toy: 0 to run, 3 reused, from no live model" == plan.to_text().splitlines()[0]


def test_a_changed_parameter_says_from_and_to():
    """What comes after may run."""
    assert {
        "first": ("run", "rate 0.05 instead of 0.1"),
        "split": ("wait", "first runs before it"),
        "last": ("wait", "split runs before it"),
    } == told(planner(remembered(), parameters={"rate": 0.05}).plan())


@pytest.mark.parametrize(("before", "now"), [(2, 2.0), (1, True), (0.0, -0.0)])
def test_values_that_python_takes_for_equal_are_not_the_same(before, now):
    """7 // 2 and 7 // 2.0 differ, and so do their keys."""
    plan = planner(remembered(parameters={"rate": before}), parameters={"rate": now}).plan()
    assert ("run", f"rate {now} instead of {before}") == told(plan)["first"]


def test_changed_code_is_named_even_behind_a_step_that_runs():
    """A step that runs in any case says why of its own."""
    plan = planner(remembered(), code={"first": 1, "last": 1}).plan()
    assert {
        "first": ("run", "`toy.first` changed"),
        "split": ("wait", "first runs before it"),
        "last": ("run", "`toy.last` changed"),
    } == told(plan)


def test_a_new_version_of_a_distribution_is_named():
    """From and to."""
    plan = planner(remembered(), numpy="2.4").plan()
    assert ("run", "numpy 2.3 → 2.4") == told(plan)["first"]


def test_a_new_champion_is_named():
    """By its label, and by that of the one before."""
    plan = planner(remembered(), live="a model").plan()
    assert ("run", f"toy@2 instead of champion@{ABSENT[:4]}") == told(plan)["last"]
    assert "reuse" == plan.steps["split"].action


def test_another_seed_runs_everything():
    """The seed is part of the key."""
    assert ("run", "the seed changed") == told(planner(remembered(), seed=1).plan())["first"]


def test_going_back_finds_the_earlier_run():
    """Reuse is by key, not by the last run alone."""
    recorded = remembered()
    for key in [planner(recorded, parameters={"rate": 0.2}).decide("first", {}).key]:
        recorded.keep(key, first="other")
    plan = planner(recorded).plan()
    assert ("reuse", "as in an earlier run") == told(plan)["first"]
    assert "reuse" == plan.steps["last"].action


def test_equal_output_cuts_the_run_short():
    """What comes after a step that made the same again is reused."""
    recorded = remembered()
    changed = planner(recorded, code={"first": 1})
    key = changed.decide("first", {}).key
    made = recorded.keep(key, first="first")
    assert "reuse" == changed.decide("split", made).action


def test_a_plan_is_plain_data():
    """For programs."""
    plan = planner(remembered(), parameters={"rate": 0.05}).plan().to_dict()
    assert "run" == plan["steps"]["first"]["action"]
    assert plan["steps"]["split"]["key"] is None
    assert {"rate": 0.05} == plan["steps"]["first"]["parameters"]
