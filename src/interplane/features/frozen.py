"""`Frozen`: features with every statistic replaced by its value; a table, a row, or JSON.

This module needs no engine: a server loads frozen features and runs rows with the standard
library alone. Only `Frozen.transform` and `Frozen.matrix` open one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import msgspec

from interplane.errors import DataError, InterplaneError
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Column, Lookup, Reduce
from interplane.expressions.row_program import RowProgram, compile_row
from interplane.expressions.trees import parts_of
from interplane.features.lookups import LookupTable
from interplane.features.requests import check_row
from interplane.features.training import Parity, Training
from interplane.record.digests import digest_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from interplane.data.table import Table
    from interplane.expressions.nodes import Constant, Node
    from interplane.record import Digest, Type

__all__ = ["Frozen"]

_FORM = "interplane-frozen"
_VERSION = 1


@dataclass(frozen=True, eq=False)
class Frozen:
    """Features as they serve: equal for a table on the engine and for one row in Python.

    Attributes:
        features: the expression of each feature, of type float, by name and in order.
        lookups: the tables that grouped statistics became, by name.
        label: the column that the model learns; no feature reads it.
        time: the column of the prediction time.
        key: the columns that name a row.
        context: the columns that are logged and sliced by.
        training: the rows that the statistics come from.
        parity: the proof of equality made at the fit, if it was.
    """

    features: Mapping[str, Node]
    lookups: Mapping[str, LookupTable] = field(default_factory=dict)
    label: str | None = None
    time: str | None = None
    key: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    training: Training = field(default_factory=lambda: Training(rows=0))
    parity: Parity | None = None

    # ---- what it is -----------------------------------------------------------------------

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in the order of the matrix."""
        return tuple(self.features)

    @cached_property
    def inputs(self) -> dict[str, Type]:
        """The columns that the features read, in the order of their first use, with their types."""
        return {
            node.name: node.type
            for feature in self.features.values()
            for node in parts_of(feature)
            if isinstance(node, Column)
        }

    @cached_property
    def digest(self) -> Digest:
        """The name of these frozen features: the digest of their JSON form."""
        return digest_value(self.to_dict())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return (
            f"<Frozen {len(self.features)} features of {len(self.inputs)} columns, "
            f"fitted on {self.training.rows:,} rows>"
        )

    def with_parity(self, parity: Parity) -> Self:
        """Return the same features with the proof that engine and row program agree."""
        return replace(self, parity=parity)

    # ---- a table --------------------------------------------------------------------------

    def transform(self, table: Table) -> Table:
        """Return the features of each row of ``table``, in its order; null where undefined.

        Raises:
            UnknownName: if the table lacks a column that the features read.
            DataError: if a column has another type.
        """
        from interplane.features.batch import transform

        return transform(self, table)

    def matrix(self, table: Table) -> np.ndarray[Any, Any]:
        """Return the features as a matrix of float64, rows by features, NaN where undefined."""
        from interplane.features.batch import matrix

        return matrix(self.transform(table))

    # ---- one row --------------------------------------------------------------------------

    @cached_property
    def program(self) -> RowProgram:
        """The features compiled for one row. Takes decoded values as they are: see `row`."""
        tables = {name: table.entries for name, table in self.lookups.items()}
        return compile_row(self.features, inputs=self.inputs, lookups=tables)

    def row(self, row: Mapping[str, Constant]) -> dict[str, float | None]:
        """Return the features of one row, a dict with every input; None for null.

        The label, time, key and context may be there too.

        Raises:
            UnknownName: for a missing or an unknown column.
            RequestRejected: for a value of another type.
        """
        check_row(row, self.inputs, also=self._also)
        return self.program(row)

    def vector(self, row: Mapping[str, Constant] | Sequence[Constant]) -> list[float]:
        """Return the features of one row for a model: NaN for null.

        A sequence holds the inputs in order and is taken as it is: this is the fast way in.
        """
        if isinstance(row, Mapping):
            check_row(row, self.inputs, also=self._also)
            return self.program.vector([row[name] for name in self.inputs])
        return self.program.vector(row)

    @cached_property
    def _also(self) -> frozenset[str]:
        parts = {*self.key, *self.context, self.label, self.time}
        return frozenset(name for name in parts if name is not None)

    # ---- JSON -----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form: versioned, exact, with nothing in it that runs."""
        return {
            "form": _FORM,
            "version": _VERSION,
            "inputs": [{"name": name, "type": kind} for name, kind in self.inputs.items()],
            "features": [
                {"name": name, "expression": to_json(node)} for name, node in self.features.items()
            ],
            "lookups": {name: table.to_dict() for name, table in self.lookups.items()},
            "label": self.label,
            "time": self.time,
            "key": list(self.key),
            "context": list(self.context),
            "training": self.training.to_dict(),
            "parity": None if self.parity is None else self.parity.to_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """Read the plain JSON form. Runs nothing of it; checks all of it.

        Raises:
            DataError: if it is not such a form, or one of a newer Interplane.
        """
        if not isinstance(plain, dict) or plain.get("form") != _FORM:
            raise _broken("no frozen features")
        if plain.get("version") != _VERSION:
            raise DataError(
                f"these frozen features have version {plain.get('version')!r} of their form",
                expected=f"version {_VERSION}",
                do="Read them with a newer Interplane",
            )
        try:
            read = msgspec.convert(plain, type=_Plain)
            features = {each.name: from_json(each.expression) for each in read.features}
        except (msgspec.ValidationError, InterplaneError) as error:
            raise _broken(str(error)) from error
        lookups = {
            name: LookupTable.from_dict(table, name=name) for name, table in read.lookups.items()
        }
        frozen = cls(
            features=features,
            lookups=lookups,
            label=read.label,
            time=read.time,
            key=read.key,
            context=read.context,
            training=read.training,
            parity=read.parity,
        )
        _check(frozen, read)
        return frozen


class _Input(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    type: str


class _Feature(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    expression: Any


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    form: str
    version: int
    inputs: tuple[_Input, ...]
    features: tuple[_Feature, ...]
    lookups: dict[str, Any]
    label: str | None
    time: str | None
    key: tuple[str, ...]
    context: tuple[str, ...]
    training: Training
    parity: Parity | None


def _check(frozen: Frozen, read: _Plain) -> None:
    """Hold the parts of the form against each other."""
    if len(frozen.features) != len(read.features):
        raise _broken("a feature stands in them twice")
    if {each.name: each.type for each in read.inputs} != frozen.inputs:
        raise _broken("their inputs are not what their features read")
    for name, feature in frozen.features.items():
        if feature.type != "float":
            raise _broken(f"the feature {name!r} is {feature.type}, not float")
        for node in parts_of(feature):
            if isinstance(node, Reduce):
                raise _broken(f"the feature {name!r} still holds the statistic {node.function}")
            if isinstance(node, Lookup):
                _check_lookup(frozen, name, node)
            if isinstance(node, Column) and frozen.inputs[node.name] != node.type:
                raise _broken(f"the column {node.name!r} has two types")


def _check_lookup(frozen: Frozen, feature: str, node: Lookup) -> None:
    table = frozen.lookups.get(node.table)
    if table is None:
        raise _broken(f"the feature {feature!r} reads {node.table!r}, which is not there")
    if table.keys != tuple(key.type for key in node.keys) or table.value != node.type:
        raise _broken(f"the feature {feature!r} reads {node.table!r} by other types than it has")


def _broken(what: str) -> DataError:
    return DataError(
        f"frozen features cannot be read: {what}",
        expected="what Frozen.to_dict gives",
        do="Fit the features again, or take the bytes from the workspace that made them",
    )
