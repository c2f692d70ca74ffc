"""A LightGBM model for prediction only, through LightGBM's C API."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UsageError
from interplane.models.lightgbm_library import Library, open_library
from interplane.models.lightgbm_text import ModelText, read_model_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Booster"]

_FLOAT64: Final = 1
_ROW_MAJOR: Final = 1
_NORMAL: Final = 0
_RAW: Final = 1
_ALL_TREES: Final = -1
_MOST_ROWS: Final = 1 << 20
_SHOWN_NAMES: Final = 8


class Booster:
    """A LightGBM model, read from its own text form; safe to share between threads.

    Scores are what ``lightgbm.Booster.predict`` gives for float64 rows, bit for bit, one row or
    many: probabilities for classification, values for regression. Null is NaN.

    Args:
        text: the model as LightGBM writes it. It is checked before LightGBM reads it, because
            LightGBM trusts what it reads, and a damaged file could end the process.
        raw: give scores before the objective's link (log-odds).

    Raises:
        DataError: if the text is no whole LightGBM model.
        MissingExtra: if LightGBM is not installed.
    """

    def __init__(self, text: bytes, *, raw: bool = False) -> None:
        self.summary: ModelText = read_model_text(text)
        self.feature_names = self.summary.feature_names
        self.outputs = self.summary.outputs
        self._model = _LoadedModel(open_library(), text)
        self._type = _RAW if raw else _NORMAL
        self._threads = threading.local()

    def predict_matrix(
        self, matrix: NDArray[np.float64], *, threads: int | None = None
    ) -> NDArray[np.float64]:
        """Return the score of each row: shape (n,), or (n, k) for a model with k outputs.

        Args:
            matrix: float64 rows with a column per feature, in the model's order.
            threads: how many threads share the rows; all that the process may use unless said.
                The scores do not depend on it.

        Raises:
            UsageError: if the matrix has not a column per feature.
        """
        import numpy as np

        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.feature_names):
            raise self._misfit(f"rows of shape {rows.shape}")
        scores = np.empty((len(rows), self.outputs), dtype=np.float64)
        options = f"num_threads={threads or len(os.sched_getaffinity(0))}".encode()
        for start in range(0, len(rows), _MOST_ROWS):
            piece = slice(start, start + _MOST_ROWS)
            self._model.predict_into(rows[piece], scores[piece], self._type, options)
        return scores[:, 0] if self.outputs == 1 else scores

    def predict_one(self, values: Sequence[float]) -> float:
        """Return the (first) score of one row: a value per feature, in the model's order.

        Raises:
            UsageError: if the row has not a number per feature.
        """
        try:
            row = self._threads.row
        except AttributeError:
            row = self._prepare_row()
        try:
            return float(row.predict(values))
        except struct.error as error:
            raise self._misfit(f"a row of {len(values)} values ({error})") from error

    def predict_outputs(self, values: Sequence[float]) -> list[float]:
        """Return all scores of one row: one per class for a multi-class model."""
        self.predict_one(values)
        return list(self._threads.row.scores)

    def _prepare_row(self) -> _PreparedRow:
        row = _PreparedRow(self._model, len(self.feature_names), self.outputs, self._type)
        self._threads.row = row
        return row

    def _misfit(self, what: str) -> UsageError:
        names = self.feature_names
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        return UsageError(
            f"{what} do not fit the model",
            expected=f"{len(names)} numbers a row: {', '.join(names[:_SHOWN_NAMES])}{more}",
            do="Give the features that the model was trained on, in its order",
        )


class _LoadedModel:
    """A model in LightGBM's memory, freed with this object."""

    def __init__(self, library: Library, text: bytes) -> None:
        self.library = library
        self.handle = ctypes.c_void_p()
        trees = ctypes.c_int(0)
        status = library.load(text, ctypes.byref(trees), ctypes.byref(self.handle))
        library.check(status, "reading a model")
        weakref.finalize(self, library.free, self.handle)

    def predict_into(self, rows: Any, scores: Any, kind: int, options: bytes) -> None:
        """Write the scores of C-ordered float64 ``rows`` into ``scores``."""
        length = ctypes.c_int64(0)
        status = self.library.predict_matrix(
            *(self.handle, rows.ctypes.data, _FLOAT64, rows.shape[0], rows.shape[1], _ROW_MAJOR),
            *(kind, 0, _ALL_TREES, options, ctypes.byref(length), scores.ctypes.data),
        )
        self.library.check(status, f"predicting {len(rows)} rows")


class _PreparedRow:
    """The one-row call of one thread: LightGBM's prepared settings, and buffers to reuse."""

    def __init__(self, model: _LoadedModel, width: int, outputs: int, kind: int) -> None:
        self._model = model
        config = ctypes.c_void_p()
        status = model.library.prepare_one(
            *(model.handle, kind, 0, _ALL_TREES, _FLOAT64, width),
            *(b"num_threads=1", ctypes.byref(config)),
        )
        model.library.check(status, "preparing to predict one row")
        weakref.finalize(self, _free_config, model, config)
        self._buffer = (ctypes.c_double * width)()
        self._pack = struct.Struct(f"{width}d").pack_into
        self.scores = (ctypes.c_double * outputs)()
        self._length = ctypes.c_int64(0)
        self._call = model.library.predict_one
        self._arguments = (config, self._buffer, ctypes.byref(self._length), self.scores)

    def predict(self, values: Sequence[float]) -> float:
        """Return the first score; all of them are in ``scores`` until the next call."""
        self._pack(self._buffer, 0, *values)
        if self._call(*self._arguments):
            self._model.library.check(-1, "predicting one row")
        return self.scores[0]


def _free_config(model: _LoadedModel, config: ctypes.c_void_p) -> None:
    """Free a thread's settings while its model is still there."""
    model.library.free_config(config)
