"""A value of each class that notebooks show, with a text wherever it may hold one."""

from __future__ import annotations

from array import array

from interplane.charts.markup import element
from interplane.charts.tables import state
from interplane.data.adding import Added, add
from interplane.data.datasets import Difference, diff
from interplane.data.profile import Profile, profile
from interplane.data.table import Table
from interplane.evaluation.comparison import Comparison, compare
from interplane.evaluation.evaluate import evaluate
from interplane.evaluation.evaluation import Evaluation
from interplane.evaluation.intervals import Estimate
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model
from interplane.monitoring.alerts.alert import Alert, alert_id
from interplane.monitoring.alerts.episodes import Change
from interplane.monitoring.canary import Decision
from interplane.monitoring.canary_criteria import Criterion
from interplane.monitoring.findings import Cell, Finding
from interplane.monitoring.shadow import Change as Changed
from interplane.monitoring.shadow import ShadowReport
from interplane.monitoring.shadow_quality import Paired
from interplane.monitoring.skew import FirstSkew, SkewFigure, SkewReport
from interplane.pipeline.graph import Pipeline
from interplane.pipeline.inputs import ResolvedInput
from interplane.pipeline.metric_curves import MetricCurve
from interplane.pipeline.outcome import Outcome, Published
from interplane.pipeline.plan import Plan, PlannedStep
from interplane.project.audit import Audited
from interplane.project.canaries import RolloutLook
from interplane.project.crossings import Recorded
from interplane.project.known_features import (
    FeatureDetail,
    FeatureUse,
    KnownFeature,
    KnownFeatures,
)
from interplane.project.prediction import Prediction
from interplane.project.reports.document import Report
from interplane.project.runs import RunInfo
from interplane.project.shadow_report import Shadowed
from interplane.project.watch_report import ModelReport, SliceReport, WindowReport
from interplane.project.watching import Watched
from interplane.record import (
    Artifact,
    Breach,
    Crossing,
    DataUse,
    Run,
    StepKey,
    StepRun,
    Verdict,
    digest_bytes,
)
from interplane.record.audits import Audit
from interplane.testing.stores import memory_store

AT = "2026-01-01T00:00:00Z"
ONE = digest_bytes(b"one")
ROWS = 400


def rows(text):
    """Return rows whose columns and values have a text."""
    return Table.from_columns(
        {
            "late": [row % 3 == 0 for row in range(ROWS)],
            "score": [((row * 7) % 30 + 25 * (row % 3 == 0)) / 60 for row in range(ROWS)],
            "other": [((row * 11) % 40 + 9 * (row % 3 == 0)) / 60 for row in range(ROWS)],
            f"carrier {text}": [f"{text} {row % 2}" for row in range(ROWS)],
            "hour": [row % 4 for row in range(ROWS)],
            "none": [None if row % 5 else float(row) for row in range(ROWS)],
        }
    )


def model(score):
    """Return a model whose score is a column."""
    return Model(
        FeatureScore(score), features=Frozen({score: Column(score, "float")}, label="late")
    )


def evaluation(text):
    """Return an evaluation beside a champion, sliced by what has a text."""
    carrier = f"carrier {text}"
    return evaluate(
        model("score"),
        rows(text),
        against=model("other"),
        metrics=["roc_auc", "log_loss"],
        slices=[carrier, "hour", (carrier, "hour")],
        resamples=100,
        min_rows=20,
    )


def comparison(text):
    """Return two evaluations side by side."""
    first = evaluate(
        model("other"),
        rows(text),
        metrics=["roc_auc", "log_loss"],
        slices=["hour"],
        resamples=100,
        min_rows=20,
    )
    return compare(first, evaluation(text), is_paired=True)


def difference(text):
    """Return how two versions differ: a column moved, one came, one went, one is of another type."""
    store = memory_store()
    writer = store.catalog.writer("tester")
    first = {
        f"moved {text}": list(range(50)),
        "gone": [text] * 50,
        "words": [text, "b"] * 25,
        "typed": [1] * 50,
    }
    second = {
        f"moved {text}": [each * 3 + 20 for each in range(60)],
        "came": [text] * 60,
        "words": [text, "c", "c"] * 20,
        "typed": [text] * 60,
    }
    for columns in (first, second):
        add(store, "d", Table.from_columns(columns), writer=writer)
    return diff(store, "d@1", "d@2")


def frozen(text):
    """Return frozen features with a text in names and in a constant."""
    column = Column(f"x {text}", "float")
    return Frozen({f"feature {text}": column, "y": Column("y", "float")}, label="late")


def verdict(text):
    """Return a verdict with a rule that broke and one that held."""
    broken = Breach(rule=text, where=text, found=text, do=text)
    return Verdict(asked=2, breaches=(broken,), held=(text,))


def artifact(text):
    """Return something that a step made."""
    return Artifact(kind="model", digest=ONE, summary=text)


def key(step, text, *taken):
    """Return the key of a step."""
    return StepKey(
        step=step,
        code={text: ONE},
        distributions={},
        parameters={text: text},
        inputs=dict.fromkeys(taken, ONE),
        outputs=(step,),
        seed=1,
    )


def crossing(text):
    """Return a crossing as a workspace knows it."""
    record = Crossing(
        model_name=text,
        pipeline=text,
        steps={text: key(text, text)},
        commit=ONE,
        diff=ONE,
        environment=ONE,
        data={text: DataUse(dataset=text, version=ONE, as_of=text)},
        parameters={text: {text: text}},
        seeds={},
        frozen=artifact(text),
        model=artifact(text),
        request_schema=None,
        evaluation=None,
        verdict=verdict(text),
        baselines={},
        parity={"values": 12},
        champion=ONE,
        views={text: ONE},
    )
    return Recorded(ONE, record, 7, AT, text, ("live",))


def pipeline(text):
    """Return a pipeline of three steps; a text is what one says if nothing else is said."""
    made = Pipeline("sums")

    @made.step(outputs=("numbers", "others"))
    def begin(*, word: str = text):
        return [word], [word]

    @made.step
    def total(numbers, others):
        return len(numbers) + len(others)

    @made.gate
    def gate(total):
        return total

    made.publish("sums", model="total", gate="gate")
    return made


def plan(text):
    """Return a plan in which each step fares otherwise."""
    steps = {
        f"a {text}": PlannedStep(name="a", action="reuse", reasons=(text,)),
        f"b {text}": PlannedStep(name="b", action="run", reasons=(text,)),
        "c": PlannedStep(name="c", action="wait", reasons=(text,)),
    }
    return Plan(
        pipeline=text,
        steps=steps,
        parameters={},
        inputs={text: ResolvedInput(name=text, label=text, series="data/d", target=None)},
        unfollowed={"c": (text,)},
        takes={f"a {text}": (text,), f"b {text}": (f"a {text}",), "c": (f"b {text}",)},
    )


def run(text):
    """Return the beginning of a run."""
    return Run(id=text, pipeline=text, parameters={}, inputs={}, snapshot=ONE, started_at=AT)


def outcome(text):
    """Return what came of a run that published something which its gate refused."""
    return Outcome(
        run=ONE,
        record=run(text),
        status="gate-closed",
        plan=plan(text),
        steps={f"a {text}": "reused", f"b {text}": "done", "c": "done"},
        artifacts={text: artifact(text)},
        published=(Published(text, 7, ONE, verdict(text), is_new=True),),
        seconds=2.5,
    )


def run_info(text):
    """Return a run on record, a step of which failed."""
    taken = {f"a {text}": (f"in {text}",), f"b {text}": (f"a {text}",)}
    return RunInfo(
        digest=ONE,
        run=run(text),
        status="failed",
        seconds=3.0,
        steps={f"a {text}": "done", f"b {text}": "failed", "c": "skipped"},
        step_runs={
            name: StepRun(
                run=ONE, key=key(name, text, *above), status="done", started_at=AT, duration_s=1.5
            )
            for name, above in taken.items()
        },
        actor=text,
        error=text,
    )


def prediction(text):
    """Return a batch prediction that was evaluated."""
    store = memory_store()
    added = add(store, "scores", rows("x"), writer=store.catalog.writer("tester"))
    return Prediction(
        crossing=crossing(text),
        output=text,
        added=Added("scores", added.digest, added.version, 1, new=True, rows=ROWS),
        unlabelled=0,
        evaluation=evaluation(text),
        beside=crossing(text),
    )


def watched(text):
    """Return a look that opened an alert, by a rule that names what is not there."""
    cell = Cell(rule=text, model=text, metric="label_rate", by=(text,), values=(text,))
    found = Finding(cell=cell, begin_us=0, end_us=86_400_000_000, effect=0.47, detail=text)
    alert = Alert(id=alert_id(cell, begin_us=0), cell=cell, opened=found, worst=found, last=found)
    return Watched(
        model=text,
        now_us=1_000_000,
        judged=3,
        changes=(Change(kind="opened", alert=alert), Change(kind="resolved", alert=alert)),
        unwatched={text: text},
    )


def estimate(value):
    """Return a figure with an interval around it."""
    return Estimate(value=value, low=value - 0.1, high=value + 0.1)


def model_report(text):
    """Return the last windows of a model, by slice."""
    windows = tuple(
        WindowReport(
            name=f"{text} {day}",
            begin_us=day,
            end_us=day + 1,
            rows=day * 900,
            coverage=0.5,
            positive_rate=None if day == 2 else day / 10,
            metrics={text: estimate(float(day))} if day != 3 else {},
            untold={text: text} if day == 3 else {},
            slices=(SliceReport(name=text, rows=3, value=day / 7 if day else None),),
        )
        for day in range(5)
    )
    return ModelReport(
        model=text, live=text, rows=9, watermark=text, windows=windows, by=(text,), metric=text
    )


def rollout(text):
    """Return how a canary stands: each criterion otherwise."""
    criteria = tuple(
        Criterion(name=f"{text} {state}", live=0.5, canary=None, unjudged=why, state=state)
        for state, why in (("fine", ""), ("harmed", ""), ("open", ""), ("unjudged", text))
    )
    decision = Decision(
        action="wait",
        reasons=(text,),
        criteria=criteria,
        look=2,
        rows=10,
        live_rows=90,
        refused=1,
        elapsed_s=60.0,
        level=0.01,
    )
    return RolloutLook(
        model=text,
        live=text,
        canary=text,
        share=0.05,
        began=text,
        since=AT,
        decision=decision,
        error=text,
    )


def shadowed(text):
    """Return what a shadow would have changed in all rows and in a slice."""
    quality = {
        text: Paired(
            live=estimate(0.5),
            shadow=estimate(0.8),
            difference=estimate(0.3),
            higher_is_better=True,
        )
    }
    whole = Changed(rows=100, to_positive=3, unanswered=2, quality=quality)
    one = Changed(by=(text,), values=(text,), rows=10, live_mean=0.5)
    report = ShadowReport(
        answered=102,
        compared=100,
        threshold=0.5,
        overall=whole,
        slices=(one,),
        small=3,
        because={text: 2},
    )
    return Shadowed(model=text, live=text, shadow=text, since=text, report=report)


def audited(text):
    """Return an audit that found something."""
    figure = SkewFigure(name=text, kind="looked_up", compared=9, differing=2, high=0.4)
    first = FirstSkew(
        prediction_id=text, time=text, what=text, operation=text, recomputed=text, served=text
    )
    report = SkewReport(rows=9, skewed=2, pending=1, figures=(figure,), first=first)
    record = Audit(crossing=ONE, rows=9, skewed=2, pending=1, worst=0.2, worst_of=text, report=ONE)
    return Audited(crossing(text), record, report, 3)


def curve(text):
    """Return a curve of which a value is none, and one is endless."""
    places = array("d", [1, 2, 3, 4])
    return MetricCurve(text, places, array("d", [1.0, float("nan"), float("inf"), 0.25]), 4)


def feature(text):
    """Return a feature of a view."""
    return KnownFeature(
        name=text,
        kind="view",
        version=f"{text}@2",
        type="float",
        definition=text,
        entity=(text,),
        sources=(text,),
        stands_on=(text,),
        event_time=text,
        known_at=text,
        window=text,
        live=(text,),
    )


def feature_detail(text):
    """Return all that is known of a feature."""
    return FeatureDetail(
        feature=feature(text),
        used_by=(FeatureUse(crossing=text, features=(text,)),),
        profile=profile(rows(text))[f"carrier {text}"],
        profile_of=text,
        profile_rows=ROWS,
    )


def report(text):
    """Return a report with a section."""
    section = element("section", element("h2", text), element("p", text))
    return Report(title=text, lead=text, sections=(section,), state=state(text), foot=text)


MAKERS = {
    Audited: audited,
    Comparison: comparison,
    Difference: difference,
    Evaluation: evaluation,
    FeatureDetail: feature_detail,
    Frozen: frozen,
    KnownFeatures: lambda text: KnownFeatures([feature(text)], unread=text),
    MetricCurve: curve,
    Model: lambda text: Model(FeatureScore(f"feature {text}"), features=frozen(text)),
    ModelReport: model_report,
    Outcome: outcome,
    Pipeline: pipeline,
    Plan: plan,
    Prediction: prediction,
    Profile: lambda text: profile(rows(text)),
    Recorded: crossing,
    Report: report,
    RolloutLook: rollout,
    RunInfo: run_info,
    Shadowed: shadowed,
    Table: rows,
    Watched: watched,
}
"""By class, what makes a value of it that has a text."""
