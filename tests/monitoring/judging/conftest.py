"""Rows to tallies, in plain NumPy: what the counting engine does, written a second time."""

from __future__ import annotations

import numpy as np
import pytest

from interplane.monitoring.layout import Bins, Layout
from interplane.monitoring.tally import Moments, Tally


def moments(values):
    """Sums of numbers."""
    values = np.asarray(values, float)
    return Moments(count=len(values), total=float(values.sum()), squares=float((values**2).sum()))


def _counts(bins, values):
    numbers = np.asarray([np.nan if each is None else each for each in values], float)
    null = np.array([each is None for each in values])
    places = np.searchsorted(bins.edges, numbers, side="left")
    places = np.where(np.isfinite(numbers), places, bins.odd)
    return tuple(np.bincount(np.where(null, bins.null, places), minlength=bins.size).tolist())


def count(layout, *, scores=(), labels=None, columns=None):
    """The tally of some rows; a label may be None."""
    scores = np.asarray(scores, float)
    found = {"columns": {}, "moments": {"score": moments(scores)}}
    if "score" in layout:
        found["columns"]["score"] = _counts(layout["score"], scores)
    for name, values in (columns or {}).items():
        found["columns"][name] = _counts(layout[name], values)
    if labels is not None:
        known = np.array([each is not None for each in labels])
        truth = np.array([each for each in labels if each is not None], float)
        said = scores[known]
        error = said - truth
        found["covered"] = found["labelled"] = int(known.sum())
        found["moments"] |= {
            "label": moments(truth),
            "error": moments(error),
            "absolute_error": moments(abs(error)),
            "squared_error": moments(error**2),
        }
        if layout.kind == "classification":
            right = np.clip(np.where(truth == 1, said, 1 - said), 1e-15, 1 - 1e-15)
            found["moments"]["log_loss"] = moments(-np.log(right))
            found["moments"]["hit"] = moments((said >= layout.threshold) == truth)
            places, size = np.searchsorted(layout.ranks, said), len(layout.ranks) + 1
            for name, those in (("true_ranks", truth == 1), ("false_ranks", truth == 0)):
                found[name] = tuple(np.bincount(places[those], minlength=size).tolist())
    return Tally(rows=len(scores), positive=int((scores >= layout.threshold).sum()), **found)


@pytest.fixture
def tally():
    """The tally of some rows."""
    return count


@pytest.fixture
def layout():
    """The score in ten bins, its ranks in 256, wind in three."""
    return Layout(
        columns=(
            Bins(column="row.wind", kind="numbers", edges=(10.0, 20.0)),
            Bins(column="row.carrier", kind="categories", categories=("AA", "UA"), known=("YV",)),
            Bins(column="score", kind="numbers", edges=tuple(np.linspace(0.1, 0.9, 9).tolist())),
        ),
        ranks=tuple(np.linspace(0, 1, 257)[1:-1].tolist()),
    )
