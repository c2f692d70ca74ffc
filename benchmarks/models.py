"""Models: LightGBM through its C API beside its Python package, loading, evaluation.

The model has 100 trees of 31 leaves on 25 features.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.harness import Row, best_times

FEATURES = 25
TREES = 100
TEST_ROWS = 28_000
SLICES = 40


def run() -> list[Row]:
    """One row in microseconds, 28,000 rows in milliseconds, an evaluation in seconds."""
    import lightgbm

    from interplane.models.lightgbm_capi import Booster
    from interplane.models.lightgbm_flavor import lightgbm_params

    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(TEST_ROWS, FEATURES))
    matrix[rng.random(matrix.shape) < 0.05] = np.nan
    label = np.nan_to_num(matrix[:, 0]) + rng.normal(size=TEST_ROWS) > 1
    parameters = lightgbm_params(objective="binary", num_leaves=31)
    trained = lightgbm.train(parameters, lightgbm.Dataset(matrix, label), num_boost_round=TREES)
    text = trained.model_to_string().encode()
    ours = Booster(text)
    rows = matrix[:500].tolist()
    # Not in turns: the package's threads go on spinning for a while after its call.
    one = best_times({"ours": lambda: [ours.predict_one(row) for row in rows]})
    one |= best_times({"package": lambda: [trained.predict([row]) for row in rows[:50]]})
    many = best_times(
        {
            "ours": lambda: ours.predict_matrix(matrix),
            "package": lambda: trained.predict(matrix),
            "load": lambda: Booster(text),
        }
    )
    return [
        Row(
            "LightGBM, one row",
            "us",
            one["ours"] / 500 * 1e6,
            {"the Python package": one["package"] / 50 * 1e6},
        ),
        Row(
            f"LightGBM, {TEST_ROWS:,} rows",
            "ms",
            many["ours"] * 1e3,
            {"the Python package": many["package"] * 1e3},
        ),
        Row("checking and loading a model", "ms", many["load"] * 1e3),
        _evaluation(ours.predict_matrix(matrix), label.astype(float)),
    ]


def _evaluation(scores: np.ndarray, label: np.ndarray) -> Row:
    from sklearn.metrics import roc_auc_score

    from interplane.evaluation.intervals import resample, summarise
    from interplane.evaluation.metrics import METRICS, Sample

    groups = np.random.default_rng(1).integers(0, SLICES, TEST_ROWS)
    begin = time.perf_counter()
    statistic = METRICS["roc_auc"].prepare(Sample(label, scores, groups, SLICES))
    [drawn] = resample([statistic], TEST_ROWS, resamples=500, seed=0)
    summarise(statistic(np.ones(TEST_ROWS)), drawn, confidence=0.95)
    ours = time.perf_counter() - begin
    begin = time.perf_counter()
    for group in range(SLICES):
        own = groups == group
        roc_auc_score(label[own], scores[own])
    once = time.perf_counter() - begin
    return Row(
        f"AUC of {SLICES} slices with intervals, 500 resamples",
        "s",
        ours,
        {"scikit-learn, slice by slice, 500 times": once * 500},
    )
