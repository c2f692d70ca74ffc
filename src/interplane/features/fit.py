"""Fit: written features and training rows become frozen features with their proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.data.table import Table
from interplane.errors import DataError, UsageError
from interplane.expressions.nodes import Column, Lookup
from interplane.features.batch import evaluate, read, tables_to_arrow
from interplane.features.encodings import OneHot
from interplane.features.freezing import FrozenParts, check, freeze, parts_of, rebuild
from interplane.features.frozen import Frozen
from interplane.features.parity import prove
from interplane.features.statistics import compute
from interplane.features.targets import folds_of, out_of_fold
from interplane.features.training import Training
from interplane.features.training_rows import TrainingRows, fold_column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.expressions.expr import Expr
    from interplane.expressions.nodes import Node
    from interplane.features.definition import Features
    from interplane.record import Type

__all__ = ["fit", "fit_transform"]


def fit(definition: Features, table: Table, *, fast: bool = False) -> Frozen:
    """Return the features with every statistic computed on the table, and proved on it."""
    source = _Source.read(definition, table)
    with source.on_engine(fast=fast) as rows:
        parts = source.freeze(rows)
    return source.frozen(parts, fast=fast)


def fit_transform(
    definition: Features, table: Table, *, fast: bool = False
) -> tuple[Frozen, Table, np.ndarray[Any, Any]]:
    """Return the frozen features, the training rows' features out of fold, and their labels."""
    if definition.label is None:
        raise UsageError(
            f"{definition.name} has no label",
            expected="one, to return with the training rows",
            do="Declare label=..., or call fit and transform",
        )
    source = _Source.read(definition, table)
    with source.on_engine(fast=fast) as rows:
        parts = source.freeze(rows)
        features, lookups, folded = source.out_of_fold(parts, rows)
    frozen = source.frozen(parts, fast=fast)
    x = evaluate(features, folded.filter(source.has_label), lookups)
    y = source.rows.column(definition.label).filter(source.has_label).cast("float64").to_numpy()
    return frozen, Table.from_arrow(x, name="the training features"), np.array(y)


@dataclass(frozen=True)
class _Source:
    """What a fit starts from: the definition, its expressions, and the columns that they read."""

    definition: Features
    written: Mapping[str, Expr | OneHot]
    types: Mapping[str, Type]
    rows: pa.Table
    has_label: pa.ChunkedArray

    @classmethod
    def read(cls, definition: Features, table: Table) -> _Source:
        """Check the features against the table and read what they need of it.

        Raises:
            NotFreezable: if a feature cannot be frozen.
            DataError: if there is no row, or none with a label.
        """
        written = definition.expressions(table.types)
        check(written, label=definition.label)
        if table.rows == 0:
            raise DataError(
                f"there are no rows to fit {definition.name} on",
                expected="at least one",
                do="Look at the step that makes the training table",
            )
        needed = {name: table.types[name] for name in table.names if name in _read(written)}
        for name in (*definition.key, definition.label):
            if name is not None:
                needed.setdefault(name, table.types[name])
        rows = read(table, needed)
        return cls(definition, written, needed, rows, _has_label(definition, needed, rows))

    def on_engine(self, *, fast: bool) -> TrainingRows:
        """Return the rows on an engine."""
        return TrainingRows(self.rows, key=self.definition.key, fast=fast)

    def freeze(self, rows: TrainingRows) -> FrozenParts:
        """Replace every statistic by its value on the rows."""
        return freeze(self.written, partial(compute, rows, label=self._label))

    def frozen(self, parts: FrozenParts, *, fast: bool) -> Frozen:
        """Return the frozen features, proved on the rows."""
        frozen = Frozen(
            features=parts.features,
            lookups=parts.lookups,
            label=self.definition.label,
            time=self.definition.time,
            key=self.definition.key,
            context=self.definition.context,
            training=Training(
                rows=self.rows.num_rows,
                null_labels=self.rows.num_rows - pc.sum(self.has_label).as_py(),
                fast=fast,
            ),
        )
        return frozen.with_parity(prove(frozen, Table.from_arrow(self.rows)))

    def out_of_fold(
        self, parts: FrozenParts, rows: TrainingRows
    ) -> tuple[dict[str, Node], dict[str, pa.Table], pa.Table]:
        """Return the training form of the features, its lookup tables, and the rows with folds."""
        tables = tables_to_arrow(parts.lookups)
        if not parts.targets:
            return dict(parts.features), tables, self.rows
        label = self._label
        if not self.definition.key or label is None:
            raise UsageError(
                f"{self.definition.name} encodes a target and has no key",
                expected="the columns that name a row, to draw folds by",
                do='Declare them, for example key=["flight_id"]',
            )
        rows.use(parts.lookups)
        tables |= {name: out_of_fold(rows, each, label) for name, each in parts.targets.items()}
        folds = rows.folds(sorted({folds_of(each) for each in parts.targets.values()}))
        folded = self.rows
        for name in folds.column_names:
            folded = folded.append_column(name, folds.column(name))
        return (
            {
                name: rebuild(node, partial(_with_fold, parts))
                for name, node in parts.features.items()
            },
            tables,
            folded,
        )

    @property
    def _label(self) -> Column | None:
        label = self.definition.label
        return None if label is None else Column(label, self.types[label])


def _with_fold(parts: FrozenParts, node: Node) -> Node | None:
    """Return a look-up of a target encoding by the row's fold too."""
    if not isinstance(node, Lookup) or node.table not in parts.targets:
        return None
    fold = Column(fold_column(folds_of(parts.targets[node.table])), "int")
    keys = tuple(rebuild(key, partial(_with_fold, parts)) for key in node.keys)
    return replace(node, keys=(*keys, fold))


def _read(written: Mapping[str, Expr | OneHot]) -> set[str]:
    nodes = (each.x.node if isinstance(each, OneHot) else each.node for each in written.values())
    return {part.name for node in nodes for part in parts_of(node) if isinstance(part, Column)}


def _has_label(definition: Features, types: Mapping[str, Type], rows: pa.Table) -> pa.ChunkedArray:
    """Return which rows have a label; all, if there is none to have."""
    label = definition.label
    if label is None:
        return pa.chunked_array([np.ones(rows.num_rows, dtype=bool)])
    if types[label] not in {"bool", "int", "float"}:
        raise DataError(
            f"the label {label!r} is {types[label]}",
            expected="a number or a bool",
            do="Encode it in the data step, for example as 0 and 1",
            column=label,
        )
    found = pc.invert(pc.is_null(rows.column(label), nan_is_null=True))
    if not pc.any(found).as_py():
        raise DataError(
            f"no row has a label: the column {label!r} is null in all {rows.num_rows:,}",
            expected="at least one",
            do="Look at the step that makes the training table",
            column=label,
        )
    return found
