"""LightGBM tells its metrics round by round, as `log_metric` keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.pipeline.metrics import log_metric

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["lightgbm_metrics"]


def lightgbm_metrics() -> Callable[[Any], None]:
    """Return a callback of LightGBM that tells the metrics of each round, named ``valid_0/auc``.

    It is one more of ``callbacks=[…]`` of ``lightgbm.train``, ``lightgbm.cv`` or the scikit-learn
    wrappers' ``fit``; LightGBM evaluates what ``valid_sets`` or ``eval_set`` name. Of a
    cross-validation it tells the mean over the folds.

    >>> from types import SimpleNamespace
    >>> callback = lightgbm_metrics()
    >>> callback(SimpleNamespace(iteration=0, evaluation_result_list=[("valid", "auc", 0.7, True)]))
    """

    def tell(environment: Any) -> None:
        for of, metric, value, *_ in environment.evaluation_result_list or ():
            log_metric(f"{of}/{metric}", value, at=environment.iteration)

    return tell
