"""CSV and its relatives: read exactly, or refused with line, byte and reason."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from interplane.data.csv_text import CsvText, open_text
from interplane.data.faults import option, over_budget, unreadable
from interplane.data.infer import convert, first_misfit, infer
from interplane.data.types import check_names
from interplane.errors import DataError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interplane.data.options import Limits, ReadOptions
    from interplane.errors import UnreadableFile
    from interplane.record import Type

__all__ = ["read_csv"]

_BLOCK = 4 << 20
_SHOWN = 40


def read_csv(
    raw: bytes,
    *,
    name: str,
    options: ReadOptions,
    limits: Limits,
    hints: Mapping[str, Type] | None = None,
) -> tuple[pa.Table, ReadOptions]:
    """Return the table that a text file holds, and the options it was read under.

    Args:
        raw: the file's bytes.
        name: what to call the file in a message.
        options: how it is written; encoding and delimiter are found out if not given.
        limits: the budget.
        hints: types to try first, by column; a column that does not fit is inferred instead.

    Raises:
        UnreadableFile: at the first place that cannot be read exactly.
    """
    text = open_text(raw, name=name, options=options)
    names = _names(text, options)
    if len(names) > limits.columns:
        raise over_budget(name, f"it has {len(names):,} columns", limit=f"{limits.columns:,}")
    table = _rows(text, options, columns=len(names))
    if table.num_rows > limits.rows:
        raise over_budget(name, f"it has {table.num_rows:,} rows", limit=f"{limits.rows:,}")
    found = replace(
        options,
        delimiter=None if text.delimiter == "," else text.delimiter,
        encoding=None if text.encoding == "utf-8" else text.encoding,
    )
    return _typed(table, names, text, options, hints or {}), found


# ---- the header ------------------------------------------------------------------------------


def _names(text: CsvText, options: ReadOptions) -> list[str]:
    """Return the names of the columns: the header's, or those given."""
    fields = _split(text)
    names = fields if options.header and options.names is None else _given(fields, text, options)
    try:
        check_names(names, where="the header")
    except DataError as error:
        raise unreadable(
            text.name,
            error.what,
            line=text.first_line,
            expected=error.expected,
            do="Give all names with --option names=A,B,… (in Python names=(...)). If the first line"
            " is data, say --option header=false too; if a title stands above the header,"
            " --option skip_rows=N",
        ) from error
    if options.header and not text.data[_body_start(text, options) :].strip(b"\r\n"):
        raise unreadable(
            text.name,
            f"there is a header of {len(names)} columns and no row",
            line=text.first_line,
            expected="at least one row",
            do=f"If the first line is data, say {option('header', False)}",
        )
    return names


def _split(text: CsvText) -> list[str]:
    reader = csv.reader(
        [text.first_record.decode() + "\n"],
        delimiter=text.delimiter,
        quotechar=text.quote or None,
        quoting=csv.QUOTE_MINIMAL if text.quote else csv.QUOTE_NONE,
    )
    return next(reader)


def _given(fields: list[str], text: CsvText, options: ReadOptions) -> list[str]:
    if options.names is None:
        return [f"column_{position}" for position in range(1, len(fields) + 1)]
    if len(options.names) != len(fields):
        raise unreadable(
            text.name,
            f"the first line has {len(fields)} fields, and {len(options.names)} names are given",
            line=text.first_line,
            expected="a name for each field",
            do="Give as many names as there are fields",
        )
    return list(options.names)


def _body_start(text: CsvText, options: ReadOptions) -> int:
    if not options.header:
        return 0
    end = len(text.first_record)
    return end + (2 if text.data[end : end + 2] == b"\r\n" else 1)


# ---- the rows --------------------------------------------------------------------------------


def _rows(text: CsvText, options: ReadOptions, *, columns: int) -> pa.Table:
    """Return the rows as columns of text, named by position."""
    import pyarrow as pa

    start, end = _body_start(text, options), _body_end(text, options, one_column=columns == 1)
    if options.blank_lines == "refuse":
        _refuse_blank_line(text, before=len(text.data) if columns == 1 else end)
    body = pa.py_buffer(text.data).slice(start, max(end - start, 0))
    try:
        return _parse(body, text, options, columns)
    except pa.ArrowInvalid as error:
        raise _ragged(text, columns, str(error)) from error


def _body_end(text: CsvText, options: ReadOptions, *, one_column: bool) -> int:
    """Return where the last row ends.

    Blank lines after it are no data; but in a single column they may be nulls.
    """
    if one_column and options.blank_lines != "skip":
        return len(text.data)
    return len(text.data.rstrip(b"\r\n"))


def _refuse_blank_line(text: CsvText, *, before: int) -> None:
    blank = text.structure.blank_line()
    if blank is not None and blank < before:
        raise text.fault(
            blank,
            "the line is blank",
            expected="a row",
            do=f"Say {option('blank_lines', 'skip')} if it means nothing, or 'null' if it is a row"
            " of nulls",
        )


def _parse(body: Any, text: CsvText, options: ReadOptions, columns: int) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(index) for index in range(columns)]
    parse_options = arrow_csv.ParseOptions(
        delimiter=text.delimiter,
        quote_char=text.quote or False,
        newlines_in_values=text.structure.has_quoted_line_ends(),
        ignore_empty_lines=options.blank_lines == "skip",
    )
    convert_options = arrow_csv.ConvertOptions(
        check_utf8=False,
        column_types=dict.fromkeys(names, pa.string()),
        null_values=list(options.null_values),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    block = _BLOCK
    while True:
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(body),
                read_options=arrow_csv.ReadOptions(column_names=names, block_size=block),
                parse_options=parse_options,
                convert_options=convert_options,
            )
        except pa.ArrowInvalid as error:
            # A row longer than a block: once the block holds all, this cannot be the reason.
            if "straddl" not in str(error) or block > len(body):
                raise
            block *= 8


def _ragged(text: CsvText, columns: int, reason: str) -> UnreadableFile:
    """Build the error for the first row with too many or too few fields."""
    import numpy as np

    fields = text.structure.fields()
    bad = np.flatnonzero(fields != columns)
    if not len(bad):
        return unreadable(text.name, f"it cannot be parsed: {reason}")
    record = int(bad[0])
    word = "field" if fields[record] == 1 else "fields"
    return text.fault(
        text.structure.record_at(record),
        f"the row has {fields[record]} {word}",
        expected=f"{columns}, as in the header ({len(bad):,} rows differ)",
        do=_ragged_advice(text, fields.tolist(), columns),
    )


def _ragged_advice(text: CsvText, fields: list[int], columns: int) -> str:
    usual, often = Counter(fields).most_common(1)[0]
    first = fields.index(usual)
    if usual == columns or often < 0.8 * len(fields) or not first:
        return "Mend the row, or say the delimiter and quotes that it is written with"
    above = text.structure.line_of(text.structure.record_at(first)) - 1 + text.skipped_lines
    return (
        f"Most rows have {usual} fields, from line {above + 1} on: if that is the header, say"
        f" {option('skip_rows', above)}"
    )


# ---- the types -------------------------------------------------------------------------------


def _typed(
    table: pa.Table,
    names: list[str],
    text: CsvText,
    options: ReadOptions,
    hints: Mapping[str, Type],
) -> pa.Table:
    import pyarrow as pa

    for asked in (*options.types, *options.formats):
        if asked not in names:
            raise UnknownName.of("column", asked, names, where=text.name)
    columns = [
        _forced(name, values, text, options)
        if name in options.types or name in options.formats
        else infer(values, options, prefer=hints.get(name))
        for name, values in zip(names, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, names=names)


def _forced(
    name: str, values: pa.ChunkedArray, text: CsvText, options: ReadOptions
) -> pa.ChunkedArray:
    """Return a column in the type that the options ask for, or say which row does not have it."""
    written = options.formats.get(name)
    to = options.types.get(name, "timestamp" if written else "str")
    typed = convert(values, to, options, written=written)
    if typed is None:
        row = first_misfit(values, to, options, written=written)
        value = values[row].as_py()
        raise text.fault(
            text.structure.row_at(
                row + int(options.header), skip_blank=options.blank_lines == "skip"
            ),
            f"column {name!r} has {value[:_SHOWN]!r}",
            expected=f"a value of type {to}{f' written as {written}' if written else ''}",
            do="Mend the value, add it to null_values, or read the column as text with"
            f" --option types.{name}=str (in Python ReadOptions(types={{{name!r}: 'str'}}))",
        )
    return typed
