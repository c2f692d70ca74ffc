"""The bytes of a text file as UTF-8, with everything needed to say where a fault stands in the file."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from interplane.data.csv_structure import Structure
from interplane.data.faults import option, unreadable
from interplane.errors import UsageError

if TYPE_CHECKING:
    from interplane.data.options import ReadOptions
    from interplane.errors import UnreadableFile

__all__ = ["CsvText", "open_text"]

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class CsvText:
    """A file's text from its header on, and where that stands in the file.

    Attributes:
        name: what to call the file in a message.
        data: the text as UTF-8.
        encoding: the encoding of the file.
        skipped_lines: lines of the file before ``data``.
        skipped_bytes: bytes of the file before ``data``; None where spaces were dropped since, so
            that bytes no longer tell a place.
        delimiter: the character between fields.
        quote: the character around fields, or "".
    """

    name: str
    data: bytes = field(repr=False)
    encoding: str
    skipped_lines: int = 0
    skipped_bytes: int | None = 0
    delimiter: str = ","
    quote: str = '"'

    @cached_property
    def structure(self) -> Structure:
        """Its quotes, lines and fields."""
        return Structure(self.data, delimiter=self.delimiter, quote=self.quote)

    @cached_property
    def first_record(self) -> bytes:
        """The bytes up to the first line end outside quotes."""
        inside = False
        for match in re.finditer(rb'[\r\n"' + re.escape(self.quote.encode()) + rb"]", self.data):
            if self.quote and match.group() == self.quote.encode():
                inside = not inside
            elif not inside and match.group() in {b"\r", b"\n"}:
                return self.data[: match.start()]
        return self.data

    @property
    def first_line(self) -> int:
        """The line of the file at which ``data`` begins."""
        return self.skipped_lines + 1

    def fault(self, byte: int, reason: str, **how: Any) -> UnreadableFile:
        """Build the error for a byte of ``data``, with its place in the file."""
        before = self.data[:byte]
        if self.encoding not in {"utf-8", "ascii"}:
            before = before.decode().encode(self.encoding)
        line = self.structure.line_of(byte) + self.skipped_lines
        place = None if self.skipped_bytes is None else len(before) + self.skipped_bytes
        return unreadable(self.name, reason, line=line, byte=place, **how)


def open_text(raw: bytes, *, name: str, options: ReadOptions) -> CsvText:
    """Return a file's text from its header on: decoded, its delimiter known, its quotes checked.

    Raises:
        UnreadableFile: for an empty file, bytes that its encoding does not have, a NUL, a blank
            header, a delimiter that is not clear, or quotes that are not around whole fields.
    """
    text = _skip_lines(_decode(raw, name, options), options.skip_rows)
    text = replace(text, quote=options.quote)
    _refuse_blank_header(text, options.skip_rows)
    text = replace(text, delimiter=options.delimiter or _find_delimiter(text))
    if options.skip_initial_space:
        text = replace(text, data=_drop_spaces(text), skipped_bytes=None)
    fault = text.structure.quote_fault()
    if fault is not None:
        raise text.fault(
            fault.byte,
            fault.reason,
            expected="quotes around whole fields, doubled inside them",
            do=f"If quotes are plain text here, say {option('quote', '')}; if spaces come before"
            f" them, {option('skip_initial_space', True)}",
        )
    return text


def _decode(raw: bytes, name: str, options: ReadOptions) -> CsvText:
    if not raw or raw.isspace():
        raise unreadable(
            name,
            "the file is empty",
            expected="a header and rows",
            do="Write or fetch the file again. Nothing was added",
        )
    encoding, mark = _find_encoding(raw, options.encoding)
    body = raw[mark:]
    try:
        decoded = body.decode(encoding)
    except LookupError as error:
        raise UsageError(
            f"encoding {encoding!r} is not known",
            do='For example "utf-8", "utf-16", "windows-1252" or "latin-1"',
        ) from error
    except UnicodeDecodeError as error:
        raise unreadable(
            name,
            f"the bytes {body[error.start : error.end].hex(' ')} are no {encoding}",
            line=_count_lines(body[: error.start].decode(encoding)) + 1,
            byte=error.start + mark,
            expected=f"text in {encoding}",
            do=_nul_advice(raw)
            if b"\0" in body
            else f"Say its encoding, for example {option('encoding', 'windows-1252')}",
        ) from error
    nul = decoded.find("\0")
    if nul >= 0:
        raise unreadable(
            name,
            "there is a NUL byte",
            line=_count_lines(decoded[:nul]) + 1,
            byte=len(decoded[:nul].encode(encoding)) + mark,
            expected="text",
            do=_nul_advice(raw),
        )
    data = body if encoding == "utf-8" else decoded.encode()
    return CsvText(name=name, data=data, encoding=encoding, skipped_bytes=mark)


def _find_encoding(raw: bytes, asked: str | None) -> tuple[str, int]:
    """Return the encoding, and the length of the byte-order mark before the text."""
    wanted = (asked or "").lower().replace("_", "-").removesuffix("-sig")
    for mark, encoding in _MARKS:
        if raw.startswith(mark) and encoding.startswith(wanted):
            return encoding, len(mark)
    return wanted or "utf-8", 0


def _nul_advice(raw: bytes) -> str:
    start = raw[:200]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if start[offset::2].count(0) > 0.8 * len(start[offset::2]):
            return f"It looks like UTF-16: say {option('encoding', encoding)}"
    return "If it is no text file, convert it; if it is, remove the byte"


def _count_lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _skip_lines(text: CsvText, lines: int) -> CsvText:
    """Leave out the lines before the header."""
    if not lines:
        return text
    ends = list(_first_ends(text.data, lines))
    if len(ends) < lines:
        raise unreadable(
            text.name,
            f"the file has {len(ends) + 1} lines, and {lines} are skipped",
            do="Lower skip_rows",
        )
    start = ends[-1]
    skipped = len(text.data[:start].decode().encode(text.encoding))
    return replace(
        text,
        data=text.data[start:],
        skipped_lines=lines,
        skipped_bytes=(text.skipped_bytes or 0) + skipped,
    )


def _first_ends(data: bytes, lines: int) -> list[int]:
    ends: list[int] = []
    for match in re.finditer(rb"\r\n|\r|\n", data):
        if len(ends) == lines:
            break
        ends.append(match.end())
    return ends


def _refuse_blank_header(text: CsvText, skipped: int) -> None:
    if text.first_record.strip():
        return
    blank = next((i for i, line in enumerate(text.data.splitlines()) if line.strip()), 0)
    raise text.fault(
        0,
        "the line of the header is blank",
        expected="the names of the columns",
        do=f"If the lines before it are no data, say {option('skip_rows', skipped + blank)}",
    )


def _find_delimiter(text: CsvText) -> str:
    """Return the delimiter that the header shows; a comma if it shows none."""
    header = text.first_record
    outside = header.split(text.quote.encode())[::2] if text.quote else [header]
    counts = {mark: sum(piece.count(mark.encode()) for piece in outside) for mark in _DELIMITERS}
    found = {mark: count for mark, count in counts.items() if count}
    best = max(found, key=lambda mark: found[mark], default=",")
    if len(found) > 1 and best != ",":
        shown = " and ".join(f"{mark!r} ({count} times)" for mark, count in found.items())
        raise unreadable(
            text.name,
            f"the delimiter is not clear: the header has {shown}",
            line=text.first_line,
            do=f"Say it, for example {option('delimiter', best)}",
        )
    return best


def _drop_spaces(text: CsvText) -> bytes:
    """Leave out the spaces that follow a delimiter or a line end outside quotes."""
    mark = re.escape(text.delimiter.encode())
    quote = text.quote.encode()
    pieces = text.data.split(quote) if quote else [text.data]
    for index in range(0, len(pieces), 2):
        pieces[index] = re.sub(rb"(" + mark + rb"|[\r\n]) +", rb"\1", pieces[index])
    pieces[0] = pieces[0].lstrip(b" ")
    return quote.join(pieces)
