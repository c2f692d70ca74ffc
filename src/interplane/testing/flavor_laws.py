"""The laws that every model flavor keeps: write a `FlavorCase`, run each of `LAWS` on it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from interplane.errors import InterplaneError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.models.flavors import Flavor, Predictor

__all__ = ["LAWS", "FlavorCase"]

Floats = NDArray[np.float64]

_ROWS_ALONE: Final = 500


@dataclass(frozen=True)
class FlavorCase:
    """A flavor with a model of its own.

    Attributes:
        flavor: the flavor.
        model: an object that it saves.
        feature_names: the features of a row.
        rows: float64 rows; nulls (NaN) and infinities belong among them.
        expected: the score of each row, as the model's own library gives it.
    """

    flavor: Flavor
    model: Any
    feature_names: tuple[str, ...]
    rows: Floats
    expected: Floats

    def load(self) -> Predictor:
        """Save the model and read it back."""
        return self.flavor.load(self.flavor.save(self.model, self.feature_names))


def _saves_its_own(case: FlavorCase) -> None:
    """It saves its model, and nothing that is none."""
    assert case.flavor.saves(case.model)
    assert not any(case.flavor.saves(other) for other in (None, object(), "model", {}, b""))


def _saves_the_same_twice(case: FlavorCase) -> None:
    """One model, one digest."""
    first = case.flavor.save(case.model, case.feature_names)
    assert first == case.flavor.save(case.model, case.feature_names)
    assert all(isinstance(data, bytes) for data in first.values())


def _scores_as_its_library(case: FlavorCase) -> None:
    """What was saved and read scores as the trained object did, bit for bit."""
    predictor = case.load()
    assert predictor.feature_names == case.feature_names
    scores = predictor.predict_many(case.rows)
    assert scores.dtype == np.float64
    assert scores.shape == (len(case.rows),)
    assert _bits(scores) == _bits(case.expected)


def _scores_one_as_many(case: FlavorCase) -> None:
    """A row alone has the score that it has among others: bit for bit where declared."""
    predictor = case.load()
    rows = case.rows[:_ROWS_ALONE]
    many = predictor.predict_many(rows)
    one = np.array([predictor.predict_one(row) for row in rows.tolist()])
    if case.flavor.row_exact:
        assert _bits(one) == _bits(many)
    else:
        np.testing.assert_allclose(one, many, rtol=1e-9)


def _scores_any_order(case: FlavorCase) -> None:
    """Neither the order of the rows nor how they are cut changes a score."""
    predictor = case.load()
    order = np.random.default_rng(0).permutation(len(case.rows))
    whole = predictor.predict_many(case.rows)
    pieces = [predictor.predict_many(piece) for piece in np.array_split(case.rows[order], 3)]
    if case.flavor.row_exact:
        assert _bits(np.concatenate(pieces)) == _bits(whole[order])


def _scores_strided_rows(case: FlavorCase) -> None:
    """The layout of the matrix in memory does not matter."""
    predictor = case.load()
    whole = predictor.predict_many(case.rows)
    assert _bits(predictor.predict_many(np.asfortranarray(case.rows))) == _bits(whole)
    assert _bits(predictor.predict_many(case.rows[::2])) == _bits(whole[::2])


def _scores_from_many_threads(case: FlavorCase) -> None:
    """One predictor serves all threads."""
    predictor = case.load()
    rows = case.rows[:_ROWS_ALONE].tolist()
    alone = [predictor.predict_one(row) for row in rows]
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda _: [predictor.predict_one(row) for row in rows], range(8))
        assert all(_bits(np.array(result)) == _bits(np.array(alone)) for result in results)


def _scores_no_rows(case: FlavorCase) -> None:
    """No rows have no scores."""
    assert case.load().predict_many(case.rows[:0]).shape == (0,)


def _refuses_other_widths(case: FlavorCase) -> None:
    """A row with a feature too many or too few is refused, and the next one is right again."""
    predictor = case.load()
    row = case.rows[0].tolist()
    for wrong in (row[:-1], [*row, 0.0], []):
        _refuses(UsageError, predictor.predict_one, wrong)
        _refuses(UsageError, predictor.predict_many, np.array([wrong], dtype=np.float64))
    assert _bits(np.array([predictor.predict_one(row)])) == _bits(
        predictor.predict_many(case.rows[:1])
    )


def _refuses_other_files(case: FlavorCase) -> None:
    """No file, another file, an empty one, noise, a pickle: refused, not guessed at."""
    files = case.flavor.save(case.model, case.feature_names)
    noise = np.random.default_rng(0).bytes(500)
    for name in files:
        for data in (b"", noise, b"\x80\x04N.", b"null", b"{}", b"\0" * 100):
            _refuses(InterplaneError, case.flavor.load, {**files, name: data})
    _refuses(InterplaneError, case.flavor.load, {})
    _refuses(InterplaneError, case.flavor.load, {"another.txt": b"x"})


def _refuses_half_files(case: FlavorCase) -> None:
    """A file cut anywhere in what it scores by is refused, or gives the same scores."""
    files = case.flavor.save(case.model, case.feature_names)
    rng = np.random.default_rng(0)
    for name, data in files.items():
        for _ in range(40):
            cut = data[: int(rng.integers(len(data)))]
            try:
                predictor = case.flavor.load({**files, name: cut})
            except InterplaneError:
                continue
            assert _bits(predictor.predict_many(case.rows)) == _bits(case.expected)


def _refuses(kind: type[InterplaneError], call: Callable[..., object], *arguments: object) -> None:
    try:
        call(*arguments)
    except kind:
        return
    raise AssertionError(f"nothing was refused where {kind.__name__} was expected")


def _bits(values: Floats) -> bytes:
    return np.ascontiguousarray(values, dtype=np.float64).tobytes()


LAWS: Final[dict[str, Callable[[FlavorCase], None]]] = {
    law.__name__.removeprefix("_"): law
    for law in (
        *(_saves_its_own, _saves_the_same_twice, _scores_as_its_library, _scores_one_as_many),
        *(_scores_any_order, _scores_strided_rows, _scores_from_many_threads, _scores_no_rows),
        *(_refuses_other_widths, _refuses_other_files, _refuses_half_files),
    )
}
"""Every law, by name: call it with a case; it raises AssertionError where it does not hold."""
