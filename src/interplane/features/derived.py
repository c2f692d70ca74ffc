"""Statistics that encodings ask for and that are made of plain ones (statistics.py).

They stand in expressions as `Reduce` nodes of these names until the fit replaces them. None of them
is in the table of statistics: an author writes the encoding, never the name.
"""

from __future__ import annotations

__all__ = ["DERIVED", "EDGES", "INDEX", "TARGET_MEAN", "VOCABULARY"]

TARGET_MEAN = "target_mean"
"""The one statistic that may read the label; options ``folds`` and ``smoothing``."""

INDEX = "index"
"""The place of a key in a vocabulary; options ``order`` (frequency or value), ``top``, ``unseen``."""

EDGES = "quantile_bucket"
"""In which of ``buckets`` equally full buckets of the training rows a value is."""

VOCABULARY = "vocabulary"
"""The most frequent values, a list: it has no value for one row, so it stands in no expression."""

DERIVED = (TARGET_MEAN, INDEX, EDGES)
"""What may stand inside an expression."""
