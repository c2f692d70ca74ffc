"""The reference page of operations and statistics, written from their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.expressions.operations import TABLE
from interplane.expressions.page_notes import NOTES, OWN, refused_section
from interplane.expressions.reductions import REDUCTIONS

if TYPE_CHECKING:
    from interplane.expressions.form import Example, Operation
    from interplane.expressions.reductions import Reduction

__all__ = ["operations_page"]

_TOP = """\
# Operations

What features are written with. This page is generated from the tables in `interplane.expressions`
(`make docs`); a test holds it to them, and every example on it is computed on the engine and by the
row program.

- There are six types: bool, int (64 bits), float (64 bits), str, date, and timestamp (UTC,
  microseconds). Years go from 1 to 9999.
- No operation fails on a value. What is undefined or out of range is null. Nulls in, null out,
  unless the text says otherwise.
- A float is a number or an infinity. NaN is null, in columns and wherever it would arise.
- An int becomes a float where only a float will do (`x / y`, `x.ln()`, `x + 0.5`). Nothing else is
  converted by itself: write `.cast("int")`, `.cast("str")` …
- Constants stand where columns can: `x + 1`, `x == "AA"`.
"""

_STATISTICS = """\
## Statistics

Computed on the training rows by `fit`, and replaced by their values. Nulls are left out. Each takes
`where=` (a condition on the rows that count) and `by=` (one or more keys: one value for each group,
looked up by key). Over no rows a statistic is null, a count is 0. With keys there may be `default=`
(the value of unknown keys: a constant, or another statistic), `smoothing=` (the weight, in rows, of
the value of all rows; for mean, std, var, quantile and median) and `min_rows=` (groups with fewer
rows share one value, which unknown keys have too unless there is a default). `first` and `last`
depend on the order of rows: they are statistics of windows over time. Several quantiles of one
column are `low, high = x.quantile([0.1, 0.9])`. A fit of a Spark DataFrame computes them in Spark
SQL; the last column says how far that agrees with a fit of the same table.
"""


def operations_page() -> str:
    """Return the page, as Markdown.

    >>> operations_page().splitlines()[0]
    '# Operations'
    """
    groups: dict[str, list[Operation]] = {}
    for operation in TABLE.values():
        groups.setdefault(operation.group, []).append(operation)
    parts = [_TOP, *(_group(name, operations) for name, operations in groups.items())]
    return "\n".join([*parts, OWN, refused_section(), _STATISTICS, _statistics()])


def _group(name: str, operations: list[Operation]) -> str:
    lines = [f"## {name}\n", "| written | takes | gives | example |", "|---|---|---|---|"]
    lines += [_row(operation) for operation in operations]
    return "\n".join(lines) + "\n" + NOTES.get(name, "")


def _row(operation: Operation) -> str:
    cells = (
        f"`{operation.written}`",
        _types(operation),
        operation.doc,
        "; ".join(f"`{_example(operation, example)}`" for example in operation.examples),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _types(operation: Operation) -> str:
    """Return the types that an operation takes, in short: ``int, float → bool``."""
    uniform = [form for form in operation.forms if len(set(form.args)) == 1]
    if len(uniform) == len(operation.forms):
        taken = ", ".join(dict.fromkeys(form.args[0] for form in uniform))
        return f"{taken} → {_results(operation)}"
    texts = [f"{', '.join(form.args)} → {form.result}" for form in operation.forms]
    same = all(form.args[0] == "bool" and form.args[1] == form.result for form in operation.forms)
    return "bool, and two of any type → that type" if same else "; ".join(texts)


def _results(operation: Operation) -> str:
    if len(operation.forms) > 1 and all(form.args[0] == form.result for form in operation.forms):
        return "the same"
    if len({form.result for form in operation.forms}) > 1:
        return ", ".join(form.result for form in operation.forms)
    return operation.forms[0].result


def _example(operation: Operation, example: Example) -> str:
    inside = [_text(arg) for arg in example.args]
    inside += [f"{name}={_text(value)}" for name, value in example.options]
    return f"{operation.name}({', '.join(inside)}) = {_text(example.result)}"


def _text(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(map(_text, value))}]"
        case str() | int() | float():
            return repr(value)
        case _:
            return str(value)


def _statistics() -> str:
    lines = ["| written | takes | gives | on Spark |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_statistic, REDUCTIONS.values())]) + "\n"


def _statistic(reduction: Reduction) -> str:
    option = reduction.option or ""
    results = list(dict.fromkeys(reduction.types.values()))
    same = len(results) > 1 and list(reduction.types) == results
    result = "the same" if same else ", ".join(results)
    taken = ", ".join(reduction.types)
    cells = (f"`x.{reduction.name}({option})`", f"{taken} → {result}", reduction.doc)
    return f"| {' | '.join(cells)} | {reduction.agreement or 'no'} |"
