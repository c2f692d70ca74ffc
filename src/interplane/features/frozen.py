"""`Frozen`: features with every statistic replaced by its value; a table, a row, or JSON.

This module needs no engine: a server loads frozen features and runs rows with the standard
library alone. Only `Frozen.transform` and `Frozen.matrix` of more than a few rows open one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import msgspec

from interplane.errors import DataError, InterplaneError, UnknownName, UsageError
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Column, Lookup, Reduce
from interplane.expressions.row_program import RowProgram, compile_row
from interplane.expressions.trees import parts_of
from interplane.features.frozen_parts import check_parts, check_values
from interplane.features.joining import column_of, looked_up, widen
from interplane.features.lookups import LookupTable
from interplane.features.requests import check_row
from interplane.features.spark.sessions import on_spark
from interplane.features.training import Parity, Training
from interplane.record.arguments import told
from interplane.record.digests import digest_value
from interplane.views.derived import AnyUse, use_of, view_from_dict

if TYPE_CHECKING:
    import numpy as np
    from pyspark.sql import DataFrame

    from interplane.data.table import Table
    from interplane.expressions.nodes import Constant, Node
    from interplane.features.seen import Seen
    from interplane.record import Digest, Type

__all__ = ["Frozen"]

_FORM = "interplane-frozen"
_VERSION = 2
_WITHOUT_VIEWS = 1


@dataclass(frozen=True, eq=False)
class Frozen:
    """Features as they serve: equal for a table on the engine and for one row in Python.

    Attributes:
        features: the expression of each feature, of type float, by name and in order.
        lookups: the tables that grouped statistics became, by name.
        uses: the feature views that they read, by parameter, and the columns they are joined by.
        label: the column that the model learns; no feature reads it.
        time: the column of the prediction time.
        key: the columns that name a row.
        context: the columns that are logged and sliced by.
        training: the rows that the statistics come from.
        parity: the proof of equality made at the fit, if it was.
        read_seen: reads the bytes of a set of keys that the training rows had, where they are kept;
            no part of the JSON form, and never called by a server.
    """

    features: Mapping[str, Node]
    lookups: Mapping[str, LookupTable] = field(default_factory=dict)
    uses: Mapping[str, AnyUse] = field(default_factory=dict)
    label: str | None = None
    time: str | None = None
    key: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    training: Training = field(default_factory=lambda: Training(rows=0))
    parity: Parity | None = None
    read_seen: Callable[[Seen], bytes] | None = None

    def __post_init__(self) -> None:
        check_parts(self)

    # ---- what it is -----------------------------------------------------------------------

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in the order of the matrix."""
        return tuple(self.features)

    @cached_property
    def inputs(self) -> dict[str, Type]:
        """The row's columns that the features read, in the order of their first use, with types."""
        return {name: kind for name, kind in self._read.items() if name not in self.looked_up}

    @cached_property
    def _read(self) -> dict[str, Type]:
        """Every column that a feature reads, of the row or of a view."""
        return {
            node.name: node.type
            for feature in self.features.values()
            for node in parts_of(feature)
            if isinstance(node, Column)
        }

    @cached_property
    def looked_up(self) -> dict[str, Type]:
        """What feature views give, as ``parameter.feature``, in order, with types."""
        return looked_up(self.uses)

    @cached_property
    def columns(self) -> dict[str, Type]:
        """What the row program takes: the inputs, then what is looked up."""
        return {**self.inputs, **self.looked_up}

    @cached_property
    def by(self) -> tuple[str, ...]:
        """The row's columns that views are joined by, each once."""
        return tuple(dict.fromkeys(name for use in self.uses.values() for name in use.by))

    @cached_property
    def digest(self) -> Digest:
        """The name of these frozen features: the digest of their JSON form."""
        return digest_value(self.to_dict())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        told = "; ".join(filter(None, [self.training.computed, self.training.caution]))
        return (
            f"<Frozen {len(self.features)} features of {len(self.inputs)} columns, "
            f"fitted on {self.training.rows:,} rows{': ' if told else ''}{told}>"
        )

    def _repr_html_(self) -> str:
        from interplane.features.frozen_card import frozen_html

        return frozen_html(self)

    @property
    def summary(self) -> str:
        """How many features there are, what their fit computed, and its caution, on one line."""
        told = self.training.computed, self.training.caution
        return "; ".join(filter(None, [f"{len(self.features)} features", *told]))

    def with_parity(self, parity: Parity) -> Self:
        """Return the same features with the proof that engine and row program agree."""
        return replace(self, parity=parity)

    def with_seen(self, read: Callable[[Seen], bytes]) -> Self:
        """Return the same features with what reads the keys of their training rows."""
        return replace(self, read_seen=read)

    # ---- a table --------------------------------------------------------------------------

    @overload
    def transform(
        self,
        table: Table,
        *,
        sources: Mapping[str, Table] | None = None,
        seen: Literal["refuse", "allow"] = "refuse",
    ) -> Table: ...

    @overload
    def transform(
        self, table: DataFrame, *, sources: Mapping[str, DataFrame] | None = None
    ) -> DataFrame: ...

    def transform(
        self,
        table: Any,
        *,
        sources: Mapping[str, Any] | None = None,
        seen: Literal["refuse", "allow"] = "refuse",
    ) -> Any:
        """Return the features of each row of ``table``, in its order; null where undefined.

        Of a Spark DataFrame they are one, too, computed by the row program when Spark runs it; the
        columns of the key stand before them, as its rows have no order.

        Args:
            table: the rows, as a table or a Spark DataFrame.
            sources: the table of each source that feature views read, by its name. What they give
                is what was known at the row's prediction time.
            seen: "allow" lets in rows that the features were fitted on, where they encode the label:
                it is for what a server would say of them. To train on such rows take what
                ``fit_transform`` returned. Nobody looks at rows of a Spark DataFrame.

        Raises:
            UnknownName: if the table lacks a column that the features read, or a source is missing.
            DataError: if a column has another type.
            Leak: if features encode the label, and were fitted on one of the rows.
        """
        if on_spark(table, sources):
            from interplane.features.spark.transform import transform as transformed

            return transformed(self, table, sources=sources)
        from interplane.features.batch import transform

        return transform(self, self._unseen(table, sources, seen=seen))

    def matrix(
        self,
        table: Table,
        *,
        sources: Mapping[str, Table] | None = None,
        seen: Literal["refuse", "allow"] = "refuse",
    ) -> np.ndarray[Any, Any]:
        """Return the features as a matrix of float64, rows by features, NaN where undefined.

        Arguments and errors are those of `transform`.
        """
        from interplane.features.batch import matrix_of

        return matrix_of(self, self._unseen(table, sources, seen=seen))

    def _unseen(self, table: Table, sources: Mapping[str, Table] | None, *, seen: str) -> Table:
        """Return the rows with their views, if encodings have not seen their labels."""
        from interplane.features.leaks import refuse_own_labels

        wide = self.widen(table, sources=sources)
        refuse_own_labels(self, table, seen=seen)
        return wide

    def widen(self, table: Table, *, sources: Mapping[str, Table] | None = None) -> Table:
        """Return the rows with what the feature views give as further columns.

        Raises:
            UnknownName: if a source, or a column that a view is joined by, is missing.
            UsageError: if the rows are a Spark DataFrame.
        """
        if on_spark(table, sources):
            raise UsageError(
                "the rows are a Spark DataFrame, which this machine need not be able to hold",
                expected="a table",
                do="Call transform, which stays on Spark; or take a table of its rows with "
                "Table.from_arrow(frame.toArrow())",
            )
        from interplane.data.table import needs_table

        needs_table(table, "the rows to compute features of")
        return widen(table, self.uses, sources, time=self.time)

    # ---- one row --------------------------------------------------------------------------

    @cached_property
    def program(self) -> RowProgram:
        """The features compiled for one row. Takes decoded values as they are: see `row`."""
        tables = {name: table.entries for name, table in self.lookups.items()}
        return compile_row(self.features, inputs=self.columns, lookups=tables)

    def row(
        self, row: Mapping[str, Constant], **views: Mapping[str, Constant]
    ) -> dict[str, float | None]:
        """Return the features of one row, a dict with every input; None for null.

        The label, time, key, context, and what views are joined by may be there too.

        Args:
            row: the values by column.
            views: for each feature view, by its parameter, the values by feature.

        Raises:
            UnknownName: for a missing or an unknown column or view.
            RequestRejected: for a value of another type.
        """
        return self.program(self._whole(row, views))

    def vector(
        self, row: Mapping[str, Constant] | Sequence[Constant], **views: Mapping[str, Constant]
    ) -> list[float]:
        """Return the features of one row for a model: NaN for null.

        A sequence holds the inputs and what is looked up, in the order of ``columns``, and is taken
        as it is: this is the fast way in.
        """
        if isinstance(row, Mapping):
            whole = self._whole(row, views)
            return self.program.vector([whole[name] for name in self.columns])
        if not _is_list(row) or len(row) != len(self.columns):
            raise UsageError(
                f"the row is {told(row)}",
                expected=f"a dict, or the {len(self.columns)} values of {', '.join(self.columns)}",
                do="Give each column by its name, or the values in the order of columns",
            )
        try:
            return self.program.vector(row)
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            check_values(row, self.columns)  # nothing is checked of values that do no harm
            raise

    def _whole(
        self, row: Mapping[str, Constant], views: Mapping[str, Mapping[str, Constant]]
    ) -> dict[str, Constant]:
        """Return the row with what views give, checked."""
        if not isinstance(row, Mapping):
            raise UsageError(
                f"the row is a {type(row).__name__}",
                expected="a dict from columns to values",
                do="Give each column by its name; vector takes a list of values in the order of columns",
            )
        check_row(row, self.inputs, also=self._also)
        whole = {name: _plain_float(value) for name, value in row.items()}
        for parameter, use in self.uses.items():
            if parameter not in views:
                raise UnknownName.of(
                    *("feature view", parameter, views),
                    where="the call",
                    do=f"Give its values: {parameter}={{{next(iter(use.view.types))!r}: …}}",
                )
            types, given = use.view.types, views[parameter]
            needed = {n: kind for n, kind in types.items() if column_of(parameter, n) in self._read}
            if not isinstance(given, Mapping):
                raise UsageError(
                    f"the values of the view {parameter!r} are {told(given)}",
                    expected=f"a dict from its features to values: {', '.join(types)}",
                    do=f"Give them by name: {parameter}={{{next(iter(types))!r}: …}}",
                )
            check_row(given, needed, also=frozenset(types), view=parameter)
            for name in types:
                whole[column_of(parameter, name)] = _plain_float(given.get(name))
        for parameter in views:
            if parameter not in self.uses:
                raise UnknownName.of(
                    *("feature view", parameter, self.uses),
                    where="these features",
                    do="Leave it out" if not self.uses else "",
                )
        return whole

    @cached_property
    def _also(self) -> frozenset[str]:
        parts = {*self.key, *self.context, *self.by, self.label, self.time}
        return frozenset(name for name in parts if name is not None)

    # ---- JSON -----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form: versioned, exact, with nothing in it that runs."""
        # Features without views keep the form that they had before there were any, and so their name.
        views = {name: use.to_dict() for name, use in self.uses.items()}
        return {
            "form": _FORM,
            "version": _VERSION if views else _WITHOUT_VIEWS,
            **({"views": views} if views else {}),
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
        if plain.get("version") not in (_WITHOUT_VIEWS, _VERSION):
            raise DataError(
                f"these frozen features have version {plain.get('version')!r} of their form",
                expected=f"a version up to {_VERSION}",
                do="Read them with a newer Interplane",
            )
        try:
            read = msgspec.convert(plain, type=_Plain)
            features = {each.name: from_json(each.expression) for each in read.features}
            uses = {
                name: use_of(view_from_dict(use.view), use.by) for name, use in read.views.items()
            }
        except (msgspec.ValidationError, UnicodeEncodeError, InterplaneError) as error:
            if isinstance(error, InterplaneError) and error.details.get("own"):
                raise  # an operation of the project's own that is not registered here
            raise _broken(str(error)) from error
        lookups = {
            name: LookupTable.from_dict(table, name=name) for name, table in read.lookups.items()
        }
        frozen = cls(
            features=features,
            lookups=lookups,
            uses=uses,
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


class _Use(msgspec.Struct, forbid_unknown_fields=True):
    view: Any
    by: tuple[str, ...]


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
    views: dict[str, _Use] = {}


def _plain_float(value: Constant) -> Constant:
    # NumPy's floats warn where Python's raise, and would come out as they came in.
    return float(value) if isinstance(value, float) and type(value) is not float else value


def _is_list(row: object) -> bool:
    # As nearly every row is: asked first, as this is the fast way.
    if isinstance(row, list | tuple):
        return True
    is_sequence = isinstance(row, Sequence) and not isinstance(row, str | bytes)
    return is_sequence or type(row).__module__ == "numpy"


def _check(frozen: Frozen, read: _Plain) -> None:
    """Hold the parts of the form against each other."""
    if len({name.lower() for name in frozen.features} - {""}) != len(read.features):
        raise _broken("a feature stands in them twice, also in lower case, or has no name")
    if [(each.name, each.type) for each in read.inputs] != list(frozen.inputs.items()):
        raise _broken(
            "their inputs are not what their features read, in the order of the first use"
        )
    if frozen.label is not None and frozen.label in frozen.inputs:
        raise _broken(f"a feature reads the label {frozen.label!r}")
    _check_uses(frozen)
    for name, feature in frozen.features.items():
        if feature.type != "float":
            raise _broken(f"the feature {name!r} is {feature.type}, not float")
        for node in parts_of(feature):
            if isinstance(node, Reduce):
                raise _broken(f"the feature {name!r} still holds the statistic {node.function}")
            if isinstance(node, Lookup):
                _check_lookup(frozen, name, node)
            if isinstance(node, Column) and frozen.columns[node.name] != node.type:
                raise _broken(f"the column {node.name!r} has two types")


def _check_uses(frozen: Frozen) -> None:
    for name, use in frozen.uses.items():
        if len(use.by) != len(use.view.entity) or frozen.time is None:
            raise _broken(f"the view {name!r} is joined by {len(use.by)} columns, or by no time")


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
