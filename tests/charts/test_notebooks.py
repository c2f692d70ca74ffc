"""What notebooks show of values: well formed, complete in itself, and hostile text is text."""

from __future__ import annotations

import pytest
from tests.charts.strict import HOSTILE, strict, words_of

from interplane.data.adding import add
from interplane.data.datasets import diff
from interplane.data.profile import profile
from interplane.data.table import Table
from interplane.evaluation.comparison import compare
from interplane.evaluation.evaluate import evaluate
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model
from interplane.testing.stores import memory_store

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


MAKERS = {
    "evaluation": evaluation,
    "comparison": comparison,
    "difference": difference,
    "frozen": frozen,
    "profile": lambda text: profile(rows(text)),
}


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_notebook_shows_it(name):
    """Well formed, with a sheet of its own, the same elements whatever its texts are."""
    plain = strict(MAKERS[name]("words")._repr_html_())
    hostile = strict(MAKERS[name](HOSTILE)._repr_html_())
    assert [each.tag for each in plain.iter()] == [each.tag for each in hostile.iter()]
    assert HOSTILE[:20] in words_of(hostile)
