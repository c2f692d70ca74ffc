"""Golden rows: inputs stored with the outputs that they had, replayed before a crossing serves.

They travel with the crossing. Where a model is loaded, on whatever machine, they go through decoding,
row program and model again, and every feature and every score must have the same bits.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Self

from interplane.errors import DataError, ParityBroken, RequestRejected, UsageError
from interplane.expressions.constants import constant_from_text, constant_to_text
from interplane.record.base import Value, Versioned
from interplane.record.digests import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.data.table import Table
    from interplane.expressions.nodes import Constant
    from interplane.features.frozen import Frozen
    from interplane.models.flavors import Predictor
    from interplane.models.request_schema import RequestSchema

__all__ = [
    "MOST_GOLDEN",
    "GoldenBroken",
    "GoldenRow",
    "GoldenRows",
    "check_golden",
    "make_golden",
    "spread_rows",
]

MOST_GOLDEN: Final = 100


class GoldenBroken(ParityBroken):
    """A crossing gives other bits for its golden rows here than where it was made."""

    code = "golden-broken"


class GoldenRow(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row and what it came to.

    Attributes:
        row: the row as a request has it: plain JSON values by column.
        looked_up: what feature views gave, in their order, as exact text.
        features: the features in their order, as hexadecimal floats; ``nan`` for null.
        score: the score, likewise.
    """

    row: dict[str, Any]
    looked_up: tuple[str | bool | None, ...]
    features: tuple[str, ...]
    score: str


class GoldenRows(Versioned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The golden rows of a crossing.

    Attributes:
        rows: the rows.
    """

    rows: tuple[GoldenRow, ...]

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read golden rows from their JSON form.

        Raises:
            DataError: if they are none, or of a newer format.
        """
        return cls.read(
            plain, what="the golden rows", made_by="make_golden", do="Run the pipeline again"
        )

    def to_bytes(self) -> bytes:
        """Return the canonical JSON."""
        return canonical(self)


def make_golden(
    frozen: Frozen,
    predictor: Predictor,
    schema: RequestSchema,
    rows: Table,
    *,
    most: int = MOST_GOLDEN,
) -> GoldenRows:
    """Score rows as the server would and keep what they came to.

    Args:
        frozen: the features.
        predictor: the model.
        schema: what a request must look like.
        rows: the rows to choose from, evenly: the columns that a request must have, and what
            feature views give (``carrier.late_rate_7d``). What no request can hold (an infinity,
            a text with NUL) is passed over.
        most: how many rows to keep.
    """
    golden = []
    chosen = spread_rows(rows.select(*_asked(schema), *frozen.looked_up), most)
    for row in map(_plain_row, chosen.to_rows()):
        request = {name: _plain(row[name]) for name in _asked(schema)}
        looked_up = [row[name] for name in frozen.looked_up]
        try:
            values = schema.decode(request)
        except RequestRejected:
            continue
        features, score = _score(frozen, predictor, schema, values, looked_up)
        kept = {name: value for name, value in values.items() if name in request}
        golden.append(
            GoldenRow(
                row={name: _as_json(value) for name, value in kept.items()},
                looked_up=tuple(_texts(looked_up)),
                features=features,
                score=score,
            )
        )
    return GoldenRows(rows=tuple(golden))


def check_golden(
    golden: GoldenRows, frozen: Frozen, predictor: Predictor, schema: RequestSchema
) -> None:
    """Replay golden rows and compare every bit.

    Raises:
        GoldenBroken: at the first difference; names the row and the feature.
        DataError: if they are not of these features.
    """
    for place, row in enumerate(golden.rows):
        try:
            values = schema.decode(row.row)
            looked_up = _constants(row, frozen)
            features, score = _score(frozen, predictor, schema, values, looked_up)
            pairs = list(zip(frozen.names, row.features, features, strict=True))
            differing = next((each for each in pairs if each[1] != each[2]), None)
        except (RequestRejected, UsageError, ValueError) as error:
            raise _strangers(place, error) from error
        if differing is not None:
            name, there, here = differing
            raise _broken(place, f"the feature {name!r}", there, here, feature=name)
        if score != row.score:
            raise _broken(place, "the score", row.score, score, feature=None)


def _asked(schema: RequestSchema) -> list[str]:
    """Return the columns of a row that scores depend on."""
    read = {field.name for field in schema.fields[: schema.inputs]}
    return [field.name for field in schema.fields if field.required or field.name in read]


def spread_rows(rows: Table, most: int = MOST_GOLDEN) -> Table:
    """Return rows from all over a table, first and last among them.

    >>> from interplane.data.table import Table
    >>> spread_rows(Table.from_columns({"x": [1, 2, 3, 4, 5]}), most=3).to_rows()
    [{'x': 1}, {'x': 3}, {'x': 5}]
    """
    from interplane.data.table import Table

    if rows.rows <= most:
        return rows
    places = [place * (rows.rows - 1) // max(most - 1, 1) for place in range(most)]
    return Table.from_arrow(rows.to_arrow().take(places), name="the golden rows")


def _plain_row(row: Mapping[str, Constant]) -> dict[str, Constant]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Constant) -> Constant:
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_json(value: Constant) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _score(
    frozen: Frozen,
    predictor: Predictor,
    schema: RequestSchema,
    values: Mapping[str, Constant],
    looked_up: Sequence[Constant],
) -> tuple[tuple[str, ...], str]:
    vector = frozen.vector([*list(values.values())[: schema.inputs], *looked_up])
    return tuple(map(_hex, vector)), _hex(predictor.predict_one(vector))


def _hex(number: float) -> str:
    return number.hex() if not math.isnan(number) else "nan"


def _texts(values: Sequence[Constant]) -> Iterator[str | bool | None]:
    return map(constant_to_text, values)


def _constants(row: GoldenRow, frozen: Frozen) -> list[Constant]:
    kinds = frozen.looked_up.values()
    return [constant_from_text(t, kind) for t, kind in zip(row.looked_up, kinds, strict=True)]


def _broken(place: int, what: str, there: str, here: str, *, feature: str | None) -> GoldenBroken:
    return GoldenBroken(
        f"{what} of golden row {place} is {_shown(here)} here and was {_shown(there)} where the "
        "crossing was made",
        expected="the same bits",
        do="Serve it with the libraries and on the kind of machine that made it, or run its "
        "pipeline again here",
        row=place,
        feature=feature,
    )


def _shown(text: str) -> str:
    return f"{float.fromhex(text)!r} ({text})"


def _strangers(place: int, error: Exception) -> DataError:
    return DataError(
        f"golden row {place} does not fit the crossing's features and request schema: {error}",
        expected="rows that were made of them",
        do="Run the pipeline again",
        row=place,
    )
