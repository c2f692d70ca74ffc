"""What a definition asks of a Spark DataFrame: its views, its expressions, its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.errors import UnknownName
from interplane.expressions.nodes import Column
from interplane.expressions.trees import parts_of
from interplane.features.encodings import OneHot
from interplane.features.hindsight import refuse_hindsight
from interplane.features.hindsight_views import with_keys
from interplane.features.joining import uses_of
from interplane.features.refusals import check
from interplane.features.spark.rows import types_of
from interplane.features.targets import folds_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame

    from interplane.expressions.expr import Expr
    from interplane.expressions.nodes import Node
    from interplane.features.definition import Features
    from interplane.record import Type
    from interplane.views.derived import AnyUse

__all__ = ["Asked"]


@dataclass(frozen=True)
class Asked:
    """What features ask of a frame, before a row of it is read.

    Attributes:
        definition: the features as written.
        uses: their views, by parameter.
        written: their expressions.
        types: the columns that they need of the frame, in its order.
    """

    definition: Features
    uses: Mapping[str, AnyUse]
    written: Mapping[str, Expr | OneHot]
    types: Mapping[str, Type]

    @classmethod
    def of(
        cls, definition: Features, frame: DataFrame, sources: Mapping[str, DataFrame] | None
    ) -> Self:
        """Check the features against the columns of the frame and of the sources.

        Raises:
            NotFreezable: if a feature cannot be frozen.
            UnknownName: if a column that plays a part, or that a feature reads, is not there.
            DataError: if it has a type that none of ours holds exactly.
        """
        named = (*definition.key, definition.label, definition.time)
        parts = {name for name in named if name is not None}
        types = types_of(frame, needed=parts)
        empty = _empty(types)
        given = {name: _empty(types_of(source)) for name, source in (sources or {}).items()}
        try:
            uses = uses_of(definition.joins, empty, given, time=definition.time, of=definition.name)
            written = definition.expressions(types, uses)
            check(written, label=definition.label)
            reads = with_keys({name: _columns(each) for name, each in written.items()}, uses)
            refuse_hindsight(definition, reads, empty)
        except UnknownName as error:
            # A column that was asked for may be there, in a type that none of ours holds.
            types_of(frame, needed=[str(error.details.get("name"))])
            raise
        kept = parts | {name for names in reads.values() for name in names}
        kept |= {name for use in uses.values() for name in use.by}
        kept |= {*definition.known_at, *definition.known_at.values()}
        return cls(definition, uses, written, {name: types[name] for name in types if name in kept})

    @property
    def label(self) -> Column | None:
        """The column of the label."""
        label = self.definition.label
        return None if label is None else Column(label, self.types[label])

    @property
    def reads(self) -> dict[str, list[str]]:
        """The columns that each feature reads, those that views are joined by among them."""
        return with_keys({name: _columns(each) for name, each in self.written.items()}, self.uses)

    @property
    def folds(self) -> set[int]:
        """The numbers of folds that target encodings ask for; they need a key.

        Raises:
            UsageError: if there is none.
        """
        parts = (part for each in self.written.values() for part in _parts(each))
        return folds_wanted(parts, key=self.definition.key, of=self.definition.name)


def _empty(types: Mapping[str, Type]) -> Table:
    """Return a table with these columns and no row."""
    import pyarrow as pa

    schema = pa.schema([(name, arrow_type(kind)) for name, kind in types.items()])
    return Table.from_arrow(schema.empty_table(), name="the Spark DataFrame")


def _parts(written: Expr | OneHot) -> Iterator[Node]:
    yield from parts_of(written.x.node if isinstance(written, OneHot) else written.node)


def _columns(written: Expr | OneHot) -> list[str]:
    return [part.name for part in _parts(written) if isinstance(part, Column)]
