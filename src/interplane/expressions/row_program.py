"""The row program: frozen expressions compiled to one Python function of one row, or of some rows.

It gives, bit for bit, what the engine gives for the same row. Standard library only, for the model
server imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions.graph import Graph
from interplane.expressions.nodes import Column, Lookup
from interplane.expressions.python_source import (
    write_columns,
    write_many,
    write_row,
    write_vector,
)
from interplane.expressions.source import build

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.expressions.nodes import Constant, Node
    from interplane.record import Type

__all__ = ["RowProgram", "compile_row"]

_NUMERIC = {"bool", "int", "float"}


class RowProgram:
    """Expressions of one row as one function.

    Values are taken as decoded: of the types of ``inputs``, None for null (and NaN, which is null);
    an int may stand where a float is asked for.

    Attributes:
        names: the names of the outputs, in order.
        inputs: the columns that a row must have, in the order of `vector`'s values.
        source: the Python that was generated for rows, to look at.

    >>> from interplane.expressions.expr import Row
    >>> row = Row({"distance": "float"})
    >>> program = compile_row({"far": (row.distance > 1000).node}, inputs={"distance": "float"})
    >>> program({"distance": 1400}), program.vector([None])
    ({'far': True}, [nan])
    >>> program.many([(1400,), (3,)]), program.many_columns([(1400,), (None,)])
    (array('d', [1.0, 0.0]), {'far': [True, None]})
    """

    __slots__ = (
        "_columns",
        "_graph",
        "_lookups",
        "_many",
        "_run",
        "_vector",
        "inputs",
        "names",
        "source",
    )

    def __init__(
        self,
        outputs: Mapping[str, Node],
        inputs: Mapping[str, Type],
        lookups: Mapping[str, Mapping[tuple[Constant, ...], Constant]],
    ) -> None:
        self.names = tuple(outputs)
        self.inputs = dict(inputs)
        self._lookups = lookups
        self._graph = Graph(outputs.values())
        self._check()
        self.source, constants = write_row(self._graph, self.names, self.inputs, lookups)
        self._run: Callable[[Any], dict[str, Any]] = build(self.source, constants)
        self._vector: Callable[[Any], list[float]] | None = None
        self._many: Callable[[Any], array[float]] | None = None
        self._columns: Callable[[Any], list[list[Any]]] | None = None

    def __call__(self, row: Mapping[str, Constant]) -> dict[str, Any]:
        """Return the outputs of one row, None for null."""
        return self._run(row)

    def vector(self, values: Sequence[Constant]) -> list[float]:
        """Return the outputs as floats for a model: NaN for null, 1.0 and 0.0 for true and false.

        Args:
            values: the value of each input, in order.

        Raises:
            ExpressionError: if an output is no number and no bool.
        """
        if self._vector is None:
            self._vector = self._compile_vector()
        return self._vector(values)

    def many(self, rows: Iterable[Sequence[Constant]]) -> array[float]:
        """Return the vectors of some rows as one array of floats, row after row.

        The loop is inside the generated function, so that a row costs less than a call of `vector`;
        the values are the same bits.

        Args:
            rows: for each row the value of each input, in order. Of columns: ``zip(*columns)``.

        Raises:
            ExpressionError: if an output is no number and no bool.

        >>> from interplane.expressions.expr import Row
        >>> row = Row({"x": "float", "n": "int"})
        >>> outputs = {"sum": (row.x + row.n).node, "n": row.n.node}
        >>> program = compile_row(outputs, inputs={"x": "float", "n": "int"})
        >>> program.many(zip([0.5, None], [1, 2]))
        array('d', [1.5, 1.0, nan, 2.0])
        """
        if self._many is None:
            self._check_numeric()
            self._many = build(*write_many(self._graph, self.inputs, self._lookups))
        return self._many(rows)

    def many_columns(self, rows: Iterable[Sequence[Constant]]) -> dict[str, list[Any]]:
        """Return the outputs of some rows by name, a value for each row, None for null.

        Args:
            rows: as for `many`; the outputs may be of any type.
        """
        if self._columns is None:
            self._columns = build(*write_columns(self._graph, self.inputs, self._lookups))
        found = self._columns(rows)
        columns = map(list, zip(*found, strict=True)) if found else ([] for _ in self.names)
        return dict(zip(self.names, columns, strict=True))

    def _compile_vector(self) -> Callable[[Any], list[float]]:
        self._check_numeric()
        return build(*write_vector(self._graph, self.inputs, self._lookups))

    def _check_numeric(self) -> None:
        for name, root in zip(self.names, self._graph.roots, strict=True):
            kind = self._graph.parts[root].node.type
            if kind not in _NUMERIC:
                raise ExpressionError(
                    f"the output {name!r} is {kind}, which no vector of numbers can hold",
                    expected="bool, int or float",
                    do="Encode it (one_hot, target_encode), or call the program with a dict",
                )

    def _check(self) -> None:
        for part in self._graph.parts:
            match part.node:
                case Column(name, kind):
                    if name not in self.inputs:
                        raise UnknownName.of("column", name, self.inputs, where="the inputs")
                    if self.inputs[name] != kind:
                        raise ExpressionError(
                            f"the column {name!r} is {self.inputs[name]} among the inputs",
                            expected=f"{kind}, as in the expression",
                            do="Declare it with that type",
                        )
                case Lookup(table):
                    if table not in self._lookups:
                        raise UnknownName.of("lookup table", table, self._lookups)

    def __reduce__(self) -> str:
        raise ExpressionError(
            "a row program cannot be pickled", do="Store its expressions and compile them again"
        )


def compile_row(
    outputs: Mapping[str, Node],
    *,
    inputs: Mapping[str, Type],
    lookups: Mapping[str, Mapping[tuple[Constant, ...], Constant]] | None = None,
) -> RowProgram:
    """Compile expressions into a function of one row.

    Args:
        outputs: the expressions by name, without statistics.
        inputs: the type of each column; those that no expression reads are left alone.
        lookups: the tables behind look-ups: values by key.

    Raises:
        NotFreezable: if a statistic is left in an expression.
        UnknownName: if a column or a table is missing.
    """
    return RowProgram(outputs, inputs, lookups or {})
