"""Ready-made encodings. Each is an ordinary function of expressions; write your own likewise.

>>> from interplane.expressions.expr import Expr, Row
>>> def skewness_free(x: Expr) -> Expr:
...     '''The logarithm, standardized; negative values are null.'''
...     return standardize((x + 1).ln())
>>> def kurtosis(x: Expr) -> Expr:
...     '''A statistic of one's own: the fourth moment of the standardized values, less 3.'''
...     z = standardize(x)
...     return (z**4).mean() - 3
>>> flight = Row({"distance": "float"}, name="flight")
>>> skewness_free(flight.distance)
((distance + 1.0).ln() - mean((distance + 1.0).ln())) / std((distance + 1.0).ln())
>>> kurtosis(flight.distance)
mean(((distance - mean(distance)) / std(distance)) ** 4.0) - 3.0

Only `one_hot` is more than an expression (its number of features is known after the fit), and
`target_encode` may do what others may not: read the label, because the fit takes it out of fold.
A function that gives several features returns them as a dict by suffix, as `cyclic` does.
"""

from __future__ import annotations

from interplane.features.encodings.buckets import bucketize
from interplane.features.encodings.categories import (
    frequency_encode,
    hash_bucket,
    ordinal,
    vocabulary,
)
from interplane.features.encodings.crossing import cross
from interplane.features.encodings.cycles import cyclic
from interplane.features.encodings.filling import impute
from interplane.features.encodings.labels import target_encode
from interplane.features.encodings.one_hots import OneHot, one_hot
from interplane.features.encodings.pairs import correlation, covariance, weighted_mean
from interplane.features.encodings.scales import (
    clip_outliers,
    min_max,
    robust_scale,
    standardize,
)
from interplane.features.encodings.texts import hashed_ngrams, text_length, word_count

__all__ = [
    "OneHot",
    "bucketize",
    "clip_outliers",
    "correlation",
    "covariance",
    "cross",
    "cyclic",
    "frequency_encode",
    "hash_bucket",
    "hashed_ngrams",
    "impute",
    "min_max",
    "one_hot",
    "ordinal",
    "robust_scale",
    "standardize",
    "target_encode",
    "text_length",
    "vocabulary",
    "weighted_mean",
    "word_count",
]
