"""The seed of each step, and the random sources that start from it."""

from __future__ import annotations

import random
from typing import Final

from interplane.record import digest_value

__all__ = ["seed_everything", "step_seed"]

_LIMIT: Final = 1 << 32  # NumPy's legacy generator takes 32 bits


def step_seed(seed: int, pipeline: str, step: str) -> int:
    """Return the seed of a step: derived, so that adding a step changes no other one's.

    >>> step_seed(0, "flights", "model") == step_seed(0, "flights", "model")
    True
    >>> step_seed(0, "flights", "model") == step_seed(1, "flights", "model")
    False
    """
    return int(digest_value([seed, pipeline, step])[:16], 16) % _LIMIT


def seed_everything(seed: int) -> None:
    """Start Python's and NumPy's global random sources from a seed.

    NumPy is imported for it: a step may import it later. `numpy.random.default_rng` without a
    seed is out of reach.
    """
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global source is the subject
