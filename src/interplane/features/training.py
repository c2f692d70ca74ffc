"""What frozen features say of the rows they were fitted on, and of the proof made on them."""

from __future__ import annotations

from interplane.record.base import Value

__all__ = ["Parity", "Training"]


class Training(Value, frozen=True, kw_only=True):
    """The rows that the statistics come from.

    Attributes:
        rows: how many rows there were.
        null_labels: how many of them had no label; statistics of the label leave those out.
        fast: fitted on all threads, so that a second fit may differ in the last bit of a float.
        last: the latest prediction time among them, ISO 8601; None where no time is declared.
    """

    rows: int
    null_labels: int = 0
    fast: bool = False
    last: str | None = None


class Parity(Value, frozen=True, kw_only=True):
    """The proof that the engine and the row program gave the same bits for every feature.

    Attributes:
        rows: how many training rows were compared, drawn by ``seed``.
        edge_rows: how many rows made of nulls, extremes and unseen values were compared.
        values: how many values that makes, over all features.
        seed: what the rows were drawn by.
    """

    rows: int
    edge_rows: int
    values: int
    seed: int
