"""What series, pointers and leases are called: the one place that knows.

========================  ==============================================
``data/NAME``             series of the versions of a dataset
``addition/NAME``         series of how each version of a dataset came about
``data/NAME@POINTER``     pointer of a dataset, for example ``@latest``
``model/NAME``            series of the crossings of a model
``model/NAME@POINTER``    pointer of a model, for example ``@live``
``rollout/NAME``          pointer to what answers a model beside what is live
``proposal/NAME``         pointer to the crossing that one person asked to be live
``view/NAME``             series of the versions of a feature view
``step/KEY``              pointer from a step's key to the run to reuse
``last/PIPELINE/STEP``    pointer to the last run of a step
``run/PIPELINE``          lease: one run of a pipeline at a time
``run/PIPELINE@current``  pointer to a run that has begun and not ended
``crossing/INGREDIENTS``  pointer from what a crossing is made of to the crossing
``learner/NAME``          pointer to the last checkpoint of the learner of a model
``audit/CROSSING``        pointer to the latest skew audit of a crossing
========================  ==============================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from interplane.record import check_name

if TYPE_CHECKING:
    from interplane.record import Digest

__all__ = [
    "KIND_WORDS",
    "SeriesKind",
    "additions_series",
    "audit_pointer",
    "crossing_pointer",
    "current_run_pointer",
    "last_pointer",
    "learner_pointer",
    "named_pointer",
    "proposal_pointer",
    "rollout_pointer",
    "run_lease",
    "series_name",
    "step_pointer",
]

SeriesKind = Literal["data", "model", "view"]

KIND_WORDS: dict[SeriesKind, str] = {"data": "dataset", "model": "model", "view": "feature view"}
"""What a person calls a member of each kind of series."""


def series_name(kind: SeriesKind, name: str) -> str:
    """Return the name of a series.

    >>> series_name("data", "flights")
    'data/flights'
    """
    return f"{kind}/{check_name(name, of=KIND_WORDS[kind])}"


def additions_series(dataset: str) -> str:
    """Return the name of the series of a dataset's additions.

    >>> additions_series("flights")
    'addition/flights'
    """
    return f"addition/{check_name(dataset, of='dataset')}"


def named_pointer(kind: SeriesKind, name: str, pointer: str) -> str:
    """Return the name of a pointer of a dataset or model.

    >>> named_pointer("model", "flights", "live")
    'model/flights@live'
    """
    return f"{series_name(kind, name)}@{check_name(pointer, of='pointer')}"


def rollout_pointer(model: str) -> str:
    """Return the name of the pointer to a model's rollout.

    >>> rollout_pointer("flights")
    'rollout/flights'
    """
    return f"rollout/{check_name(model, of='model')}"


def proposal_pointer(model: str) -> str:
    """Return the name of the pointer to what is asked to be live of a model.

    >>> proposal_pointer("flights")
    'proposal/flights'
    """
    return f"proposal/{check_name(model, of='model')}"


def step_pointer(key: Digest) -> str:
    """Return the name of the pointer from a step's key to the step run to reuse."""
    return f"step/{key}"


def last_pointer(pipeline: str, step: str) -> str:
    """Return the name of the pointer to a step's last run."""
    return f"last/{check_name(pipeline, of='pipeline')}/{check_name(step, of='step')}"


def learner_pointer(model: str) -> str:
    """Return the name of the pointer to the last checkpoint of the learner of a model.

    >>> learner_pointer("flights")
    'learner/flights'
    """
    return f"learner/{check_name(model, of='model')}"


def run_lease(pipeline: str) -> str:
    """Return the name of the lease that a run of a pipeline holds."""
    return f"run/{check_name(pipeline, of='pipeline')}"


def current_run_pointer(pipeline: str) -> str:
    """Return the name of the pointer to a pipeline's run that has begun and not ended."""
    return f"{run_lease(pipeline)}@current"


def crossing_pointer(ingredients: Digest) -> str:
    """Return the name of the pointer from what a crossing is made of to the crossing."""
    return f"crossing/{ingredients}"


def audit_pointer(crossing: Digest) -> str:
    """Return the name of the pointer to the latest skew audit of a crossing."""
    return f"audit/{crossing}"
