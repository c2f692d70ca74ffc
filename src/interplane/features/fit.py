"""Fit: written features and training rows become frozen features with their proof."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.data.evaluating import read
from interplane.data.key_hashes import key_hashes
from interplane.data.table import Table, needs_table
from interplane.errors import DataError, UsageError
from interplane.expressions.nodes import Column
from interplane.expressions.trees import parts_of
from interplane.features.batch import features_of
from interplane.features.encodings import OneHot
from interplane.features.freezing import FrozenParts, freeze
from interplane.features.frozen import Frozen
from interplane.features.hindsight import refuse_hindsight
from interplane.features.hindsight_views import refuse_views_hindsight, with_keys
from interplane.features.joining import looked_up, source_digests, uses_of, widen
from interplane.features.leaks import remembered
from interplane.features.nulls import with_null_features
from interplane.features.parity import prove
from interplane.features.refusals import check
from interplane.features.statistics import Passes
from interplane.features.targets import folds_wanted, training_form
from interplane.features.training import Training
from interplane.features.training_rows import TrainingRows, with_folds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor, Future

    from interplane.data.key_hashes import KeyHashes
    from interplane.data.promises import Promise
    from interplane.expressions.expr import Expr
    from interplane.expressions.nodes import Node
    from interplane.features.aggregates import Aggregates
    from interplane.features.definition import Features
    from interplane.features.seen import Seen
    from interplane.record import Type
    from interplane.views.derived import AnyUse

__all__ = ["fit", "fit_transform"]

_SOME = 1000


def fit(
    definition: Features,
    table: Table,
    *,
    sources: Mapping[str, Table] | None = None,
    fast: bool = False,
) -> Frozen:
    """Return the features with every statistic computed on the table, and proved on it."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        source = _Source.read(definition, table, sources, beside=beside)
        with TrainingRows(source.rows, fast=fast) as rows:
            return source.frozen(source.freeze(rows), rows, fast=fast)


def fit_transform(
    definition: Features,
    table: Table,
    *,
    sources: Mapping[str, Table] | None = None,
    fast: bool = False,
) -> tuple[Frozen, Table, np.ndarray[Any, Any]]:
    """Return the frozen features, the training rows' features out of fold, and their labels."""
    if definition.label is None:
        raise UsageError(
            f"{definition.name} has no label",
            expected="one, to return with the training rows",
            do="Declare label=..., or call fit and transform",
        )
    with ThreadPoolExecutor(max_workers=1) as beside:
        source = _Source.read(definition, table, sources, beside=beside)
        folds = source.folds()
        with TrainingRows(source.rows, fast=fast) as rows:
            parts = source.freeze(rows)
            folded = source.folded(folds)
            rows.read(folded)
            features, lookups = training_form(parts, rows, source.label)
            frozen = source.frozen(parts, rows, fast=fast)
    labelled = folded.filter(source.has_label) if frozen.training.null_labels else folded
    x = features_of(features, labelled, lookups)
    return frozen, x, np.array(labelled.column(definition.label).cast("float64").to_numpy())


@dataclass(frozen=True)
class _Source:
    """What a fit starts from: the definition, its expressions, and the columns that they read."""

    definition: Features
    uses: Mapping[str, AnyUse]
    written: Mapping[str, Expr | OneHot]
    types: Mapping[str, Type]
    rows: pa.Table
    has_label: pa.ChunkedArray
    sources: Mapping[str, str]
    hashes: Future[KeyHashes] | None
    seen: Future[dict[Seen, bytes]]
    promise: Promise | None

    @classmethod
    def read(
        cls,
        definition: Features,
        table: Table,
        sources: Mapping[str, Table] | None,
        *,
        beside: Executor,
    ) -> _Source:
        """Check the features against the table and read what they need of it and of the sources.

        The keys of the rows are taken down ``beside``: the statistics are computed on one thread.

        Raises:
            NotFreezable: if a feature cannot be frozen.
            DataError: if there is no row, or none with a label.
        """
        needs_table(table, f"the rows to fit {definition.name} on")
        for name, each in (sources or {}).items():
            needs_table(each, f"the rows of the source {name!r}")
        time = definition.time
        uses = uses_of(definition.joins, table, sources, time=time, of=definition.name)
        written = definition.expressions(table.types, uses)
        check(written, label=definition.label, columns={*table.types, *looked_up(uses)})
        reads = with_keys(_columns_of(written), uses)
        refuse_hindsight(definition, reads, table)
        refuse_views_hindsight(definition, reads, table, uses, sources)
        if table.rows == 0:
            raise DataError(
                f"there are no rows to fit {definition.name} on",
                expected="at least one",
                do="Look at the step that makes the training table",
            )
        used = {part.name for part in _parts(written) if isinstance(part, Column)}
        kept = used | {*definition.key, definition.label, time}
        kept |= {name for use in uses.values() for name in use.by}
        narrow = table.select(*(name for name in table.names if name in kept))
        wide = widen(narrow, uses, sources, time=time)
        rows = read(wide, wide.types).combine_chunks()
        has_label = _has_label(definition, wide.types, rows)
        digests = source_digests(uses, sources)
        key = definition.key
        hashes = beside.submit(key_hashes, table, key) if key else None
        return cls(
            *(definition, uses, written, wide.types, rows, has_label, digests),
            hashes=hashes,
            seen=beside.submit(_remembered, table, key, hashes),
            promise=table.promise,
        )

    @property
    def label(self) -> Column | None:
        """The column of the label."""
        label = self.definition.label
        return None if label is None else Column(label, self.types[label])

    def folds(self) -> set[int]:
        """Return the numbers of folds that target encodings ask for; refuse them without a key."""
        definition = self.definition
        return folds_wanted(_parts(self.written), key=definition.key, of=definition.name)

    def folded(self, folds: set[int]) -> pa.Table:
        """Return the rows with a column for each number of folds."""
        if self.hashes is None:
            return self.rows
        return with_folds(self.rows, self.hashes.result(), folds=folds)

    def freeze(self, rows: Aggregates) -> FrozenParts:
        """Replace every statistic by its value on the rows."""
        return freeze(self.written, Passes(rows, label=self.label))

    def _last(self) -> str | None:
        time = self.definition.time
        if time is None or self.types[time] not in {"date", "timestamp"}:
            return None
        latest = pc.max(self.rows.column(time)).as_py()
        return None if latest is None else str(latest.isoformat())

    def frozen(self, parts: FrozenParts, rows: Aggregates, *, fast: bool) -> Frozen:
        """Return the frozen features, proved on the rows, with what is to be said of them."""
        seen = self.seen.result()
        frozen = Frozen(
            features=parts.features,
            lookups=parts.lookups,
            uses=self.uses,
            label=self.definition.label,
            time=self.definition.time,
            key=self.definition.key,
            context=self.definition.context,
            training=Training(
                rows=self.rows.num_rows,
                null_labels=self.rows.num_rows - pc.sum(self.has_label).as_py(),
                fast=fast,
                last=self._last(),
                sources=dict(self.sources),
                seen=tuple(seen),
                promise=self.promise,
                stages=parts.stages,
                written=dict(parts.written),
            ),
            read_seen=dict(seen).__getitem__,
        )
        some = Table.from_arrow(self.rows.slice(0, _SOME))
        frozen = with_null_features(frozen, some, rows)
        return frozen.with_parity(prove(frozen, Table.from_arrow(self.rows), wide=True))


def _remembered(
    table: Table, key: tuple[str, ...], hashes: Future[KeyHashes] | None
) -> dict[Seen, bytes]:
    return remembered(table, key, hashes=None if hashes is None else hashes.result())


def _columns_of(written: Mapping[str, Expr | OneHot]) -> dict[str, list[str]]:
    """Return the columns that each feature reads."""
    return {
        name: [part.name for part in _parts({name: each}) if isinstance(part, Column)]
        for name, each in written.items()
    }


def _parts(written: Mapping[str, Expr | OneHot]) -> Iterator[Node]:
    for each in written.values():
        yield from parts_of(each.x.node if isinstance(each, OneHot) else each.node)


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
