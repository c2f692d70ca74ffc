"""Interplane: the controlled bridge between code and data.

>>> import interplane as ip
>>> ip.Pipeline("flights")
<Pipeline flights, 0 steps>

Every public name is imported when it is first used, so that ``import interplane`` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_WHERE = {
    "Evaluation": "evaluation.evaluation",
    "FeatureScore": "models.feature_flavor",
    "FeatureView": "views.definition",
    "Features": "features.definition",
    "Files": "pipeline.files",
    "Frozen": "features.frozen",
    "InterplaneError": "errors",
    "Model": "models.model",
    "Pipeline": "pipeline.graph",
    "Project": "project.project",
    "Table": "data.table",
    "Verdict": "record",
    "bucketize": "features.encodings",
    "cases": "expressions.expr",
    "check": "data.checks:check_table",
    "clip_outliers": "features.encodings",
    "coalesce": "expressions.expr",
    "concat": "expressions.expr",
    "correlation": "features.encodings",
    "covariance": "features.encodings",
    "cross": "features.encodings",
    "cyclic": "features.encodings",
    "dataset": "data.dataset:Dataset",
    "evaluate": "evaluation.evaluate",
    "feature_view": "views.definition",
    "features": "features.definition",
    "frequency_encode": "features.encodings",
    "greatest": "expressions.expr",
    "hash_bucket": "features.encodings",
    "hashed_ngrams": "features.encodings",
    "if_else": "expressions.expr",
    "impute": "features.encodings",
    "last": "expressions.windows",
    "learned": "pipeline.graph:Learned",
    "learner": "models.learners.making",
    "least": "expressions.expr",
    "lifetime": "expressions.windows",
    "lightgbm_metrics": "pipeline.lightgbm_metrics",
    "lightgbm_params": "models.lightgbm_flavor",
    "literal": "expressions.expr",
    "live": "pipeline.graph:Live",
    "log_metric": "pipeline.metrics",
    "min_max": "features.encodings",
    "one_hot": "features.encodings",
    "operation": "expressions.own_operations",
    "ordinal": "features.encodings",
    "robust_scale": "features.encodings",
    "rule": "evaluation.gates",
    "split_at_random": "data.splits",
    "split_by_entity": "data.splits",
    "split_by_time": "data.splits",
    "standardize": "features.encodings",
    "target_encode": "features.encodings",
    "text_length": "features.encodings",
    "vocabulary": "features.encodings",
    "weighted_mean": "features.encodings",
    "word_count": "features.encodings",
}

__all__ = [*_WHERE]  # noqa: PLE0604 - the stub beside this file spells them out


class _Package(ModuleType):
    """The package, lazy; and the decorator `features` beside the sub-package of that name.

    The import system binds a sub-package on its parent whenever it is first imported, which would
    hide the decorator, depending on what was imported before. So the name is a property here.
    """

    def __getattr__(self, name: str) -> Any:
        """Import a public name when it is first used."""
        if name not in _WHERE:
            from interplane.errors import did_you_mean
            from interplane.expressions.refused import FUNCTIONS, find_refusal, refusing

            refusal = find_refusal(name) if name in FUNCTIONS else None
            if refusal is not None:
                return refusing(name, refusal, f"ip.{name}")

            hint = did_you_mean(name, _WHERE)
            raise AttributeError(f"interplane has no {name!r}. {hint}".rstrip())
        value = _load(name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted(_WHERE)

    @property
    def features(self) -> Any:
        """The decorator."""
        return _load("features")

    @features.setter
    def features(self, module: ModuleType) -> None:
        del module


def _load(name: str) -> Any:
    module, _, attribute = _WHERE[name].partition(":")
    return getattr(importlib.import_module(f"interplane.{module}"), attribute or name)


sys.modules[__name__].__class__ = _Package
