"""Schemas as TOML: read with errors that say the line, written with what was seen as comments."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.data.schema import VALUE_RULES, ColumnRules, Drift, Schema
from interplane.errors import ConfigError, did_you_mean
from interplane.record import TYPES
from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from interplane.record import Type

__all__ = ["parse_schema", "read_schema"]

FORMAT = 1
_TABLE_KEYS = ("format", "columns", "extra", "min_rows", "key", "time", "max_age", "on_breach")
_COLUMN_KEYS = (
    "type",
    "required",
    "nulls",
    "min",
    "max",
    "allowed",
    "pattern",
    "unique",
    "drift",
    "on_breach",
    "known_at",
)
_DRIFT_KEYS = ("measure", "max", "on_breach")
_MEASURES = ("psi", "jensen_shannon", "l_infinity")
_ORDERED: frozenset[Type] = frozenset({"int", "float", "date", "timestamp"})
_SECTION = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"""^\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w.-]+)\s*=""")


def read_schema(path: Path) -> Schema:
    """Read a schema file.

    Raises:
        ConfigError: if it is not there or not right; says file, line and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no schema file {str(path)!r}",
            expected="a schema, as the dataset declares it",
            do='Write one with "interplane data schema NAME --write", or correct the path',
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"schema file {str(path)!r} cannot be read: {error}") from error
    return parse_schema(text, name=str(path))


def parse_schema(text: str, *, name: str = "the schema") -> Schema:
    r"""Return the schema that a TOML text says.

    Raises:
        ConfigError: for wrong TOML, an unknown key, or a value that a key cannot have.

    >>> parse_schema("[columns.x]\ntype = 'int'\nmin = 0").columns["x"].low
    0
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is no TOML: {error}", do="Mend the line") from error
    return _Reader(text, name).schema(document)


class _Reader:
    """Turns the parsed document into a schema; knows the text, to say where something stands."""

    def __init__(self, text: str, name: str) -> None:
        self._lines = text.splitlines()
        self._name = name

    def schema(self, document: dict[str, Any]) -> Schema:
        self._keys(document, _TABLE_KEYS, ())
        format_ = self._get(document, "format", (), FORMAT, _WHOLE)
        if format_ != FORMAT:
            raise self._error(
                ("format",), f"{format_}", expected=f"{FORMAT}", do="Use a newer Interplane"
            )
        columns = self._get(document, "columns", (), {}, _SECTIONS)
        if not columns:
            raise ConfigError(
                f"{self._name} names no column",
                expected="a section [columns.NAME] for each column",
                do='Write a first one with "interplane data schema NAME --write"',
            )
        return Schema(
            columns={column: self._column(column, rules) for column, rules in columns.items()},
            extra=self._choice(document, "extra", (), ("stop", "warn", "allow"), "stop"),
            least_rows=self._get(document, "min_rows", (), 1, _WHOLE),
            key=self._named(document, "key", columns),
            time=self._time(document, columns),
            max_age=self._age(document),
            on_breach=self._choice(document, "on_breach", (), ("stop", "warn"), "stop"),
            known_at=self._known_at(columns),
        )

    def _known_at(self, columns: dict[str, Any]) -> dict[str, str]:
        """Return the column that says when another is known, for those that say so."""
        found = {}
        for name, rules in columns.items():
            path = ("columns", name, "known_at")
            at: str | None = self._get(rules, "known_at", path[:-1], None, _TEXT)
            if at is None:
                continue
            self._known(at, columns, path)
            if columns[at].get("type") not in {"date", "timestamp"}:
                raise self._error(
                    path, f"column {at!r}", expected="a column of dates or timestamps"
                )
            found[name] = at
        return found

    def _named(self, document: dict[str, Any], key: str, columns: Iterable[str]) -> tuple[str, ...]:
        names = self._get(document, key, (), [], _NAMES)
        for column in names:
            self._known(column, columns, (key,))
        return tuple(names)

    def _time(self, document: dict[str, Any], columns: dict[str, Any]) -> str | None:
        time: str | None = self._get(document, "time", (), None, _TEXT)
        if time is not None:
            self._known(time, columns, ("time",))
            if columns[time].get("type") not in {"date", "timestamp"}:
                raise self._error(
                    ("time",), f"column {time!r}", expected="a column of dates or timestamps"
                )
        return time

    def _age(self, document: dict[str, Any]) -> float | None:
        text = self._get(document, "max_age", (), None, _TEXT)
        if text is None:
            return None
        if "time" not in document:
            raise self._error(("max_age",), f"{text!r} without a time column", expected='"time"')
        seconds = parse_duration(text)
        if seconds is None:
            raise self._error(
                ("max_age",), f"{text!r}", expected='a length of time such as "90m", "36h" or "2d"'
            )
        return seconds

    def _column(self, name: str, rules: Any) -> ColumnRules:
        path = ("columns", name)
        if not isinstance(rules, dict):
            raise self._error(path, f"{rules!r}", expected="a section with at least a type")
        self._keys(rules, _COLUMN_KEYS, path)
        if "type" not in rules:
            raise self._error(path, "no type", expected=f"type = one of {', '.join(TYPES)}")
        type_: Type = self._choice(rules, "type", path, TYPES, "str")
        on_breach, actions = self._actions(rules, path)
        return ColumnRules(
            type=type_,
            required=self._get(rules, "required", path, True, _BOOL),
            nulls=self._get(rules, "nulls", path, None, _SHARE),
            low=self._bound(rules, "min", path, type_),
            high=self._bound(rules, "max", path, type_),
            allowed=self._allowed(rules, path, type_),
            pattern=self._pattern(rules, path, type_),
            unique=self._get(rules, "unique", path, False, _BOOL),
            drift=self._drift(rules, path, type_),
            on_breach=on_breach,
            actions=actions,
        )

    def _actions(self, rules: dict[str, Any], path: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
        given = rules.get("on_breach", "stop")
        choices = ("stop", "warn", "null")
        if not isinstance(given, dict):
            return self._choice(rules, "on_breach", path, choices, "stop"), {}
        inner = (*path, "on_breach")
        known = tuple(key for key in _COLUMN_KEYS if key not in {"drift", "on_breach", "known_at"})
        self._keys(given, known, inner)
        actions = {key: self._choice(given, key, inner, choices, "stop") for key in given}
        for key, action in actions.items():
            if action == "null" and key not in VALUE_RULES:
                raise self._error(
                    (*inner, key), "'null'", expected="stop or warn: no single value breaks it"
                )
        return "stop", actions

    def _bound(
        self, rules: dict[str, Any], key: str, path: tuple[str, ...], type_: Type
    ) -> Any | None:
        if key not in rules:
            return None
        if type_ not in _ORDERED:
            raise self._error((*path, key), f"{rules[key]!r}", expected=f"no {key} for a {type_}")
        return self._value(rules[key], (*path, key), type_)

    def _allowed(
        self, rules: dict[str, Any], path: tuple[str, ...], type_: Type
    ) -> tuple[Any, ...] | None:
        values = self._get(rules, "allowed", path, None, _VALUES)
        if values is None:
            return None
        return tuple(self._value(value, (*path, "allowed"), type_) for value in values)

    def _value(self, value: Any, path: tuple[str, ...], type_: Type) -> Any:
        """Return a bound or allowed value as the column's type has it; times as ISO text."""
        from datetime import UTC, date, datetime

        match type_, value:
            case ("bool", bool()) | ("str", str()):
                return value
            case ("int", int()) if not isinstance(value, bool):
                return value
            case ("float", int() | float()) if not isinstance(value, bool):
                return float(value)
            case ("date", date()) if not isinstance(value, datetime):
                return value.isoformat()
            case ("timestamp", datetime()):
                moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
                return moment.isoformat()
            case ("timestamp", date()):
                return f"{value.isoformat()}T00:00:00"
        raise self._error(path, f"{value!r}", expected=f"a value of type {type_}")

    def _pattern(self, rules: dict[str, Any], path: tuple[str, ...], type_: Type) -> str | None:
        pattern: str | None = self._get(rules, "pattern", path, None, _TEXT)
        if pattern is None:
            return None
        where = (*path, "pattern")
        if type_ != "str":
            raise self._error(where, f"{pattern!r}", expected=f"no pattern for a {type_}")
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            # One null, for Python values would make pyarrow import pandas.
            pc.match_substring_regex(pa.nulls(1, pa.string()), pattern)
        except pa.ArrowInvalid as error:
            raise self._error(
                where, f"{pattern!r}", expected=f"a regular expression (RE2): {error}"
            ) from error
        return pattern

    def _drift(self, rules: dict[str, Any], path: tuple[str, ...], type_: Type) -> Drift | None:
        given = self._get(rules, "drift", path, None, _SECTIONS)
        if given is None:
            return None
        inner = (*path, "drift")
        if type_ in {"date", "timestamp"}:
            raise self._error(inner, "drift", expected=f"no drift for a {type_}: time moves")
        self._keys(given, _DRIFT_KEYS, inner)
        return Drift(
            measure=self._choice(given, "measure", inner, _MEASURES, "psi"),
            most=float(self._get(given, "max", inner, 0.2, _NUMBER)),
            on_breach=self._choice(given, "on_breach", inner, ("stop", "warn"), "warn"),
        )

    # ---- values and places ----------------------------------------------------------------

    def _keys(self, given: dict[str, Any], known: Iterable[str], path: tuple[str, ...]) -> None:
        names = tuple(known)
        for key in given:
            if key not in names:
                raise self._error(
                    (*path, key),
                    "no such key",
                    expected=f"one of {', '.join(names)}",
                    do=did_you_mean(key, names),
                )

    def _known(self, column: str, columns: Iterable[str], path: tuple[str, ...]) -> None:
        names = list(columns)
        if column not in names:
            raise self._error(
                path,
                f"column {column!r}",
                expected="a column with a section [columns.NAME]",
                do=did_you_mean(column, names),
            )

    def _get(
        self,
        given: dict[str, Any],
        key: str,
        path: tuple[str, ...],
        default: Any,
        kind: _Kind,
    ) -> Any:
        if key not in given:
            return default
        if not kind.fits(given[key]):
            raise self._error((*path, key), f"{given[key]!r}", expected=kind.words)
        return given[key]

    def _choice(
        self,
        given: dict[str, Any],
        key: str,
        path: tuple[str, ...],
        choices: tuple[str, ...],
        default: str,
    ) -> Any:
        value = given.get(key, default)
        if value not in choices:
            raise self._error(
                (*path, key),
                f"{value!r}",
                expected=f"one of {', '.join(choices)}",
                do=did_you_mean(str(value), choices),
            )
        return value

    def _error(
        self, path: tuple[str, ...], found: str, *, expected: str = "", do: str = ""
    ) -> ConfigError:
        line = self._line(path)
        place = f", line {line}" if line else ""
        return ConfigError(
            f"{self._name}{place}: {found} at {'.'.join(path)}",
            expected=expected,
            do=do or "Mend the schema file",
            path=list(path),
            line=line,
        )

    def _line(self, path: tuple[str, ...]) -> int | None:
        """Return the line of a key: the deepest section or key that begins its path."""
        section: tuple[str, ...] = ()
        best: tuple[int, int] = (0, 0)
        for number, line in enumerate(self._lines, start=1):
            header = _SECTION.match(line)
            if header:
                section = _dotted(header.group(1))
                here = section
            else:
                key = _KEY.match(line)
                if not key:
                    continue
                here = (*section, *_dotted(key.group(1)))
            if here == path[: len(here)] and len(here) > best[0]:
                best = (len(here), number)
        return best[1] or None


def _dotted(text: str) -> tuple[str, ...]:
    """Split ``columns."a.b".x`` at the dots outside quotes."""
    parts = re.findall(r""""((?:[^"\\]|\\.)*)"|'([^']*)'|([^.\s"']+)""", text)
    return tuple(
        next(group for group in groups if group) if any(groups) else "" for groups in parts
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


class _Kind(NamedTuple):
    """What a key's value must be, as a test and in words."""

    fits: Callable[[Any], bool]
    words: str


_BOOL = _Kind(lambda value: isinstance(value, bool), "true or false")
_WHOLE = _Kind(lambda v: _is_number(v) and isinstance(v, int), "a whole number from 0 on")
_NUMBER = _Kind(_is_number, "a number from 0 on")
_SHARE = _Kind(lambda value: _is_number(value) and value <= 1, "a share from 0 to 1")
_TEXT = _Kind(lambda value: isinstance(value, str), "a text")
_VALUES = _Kind(lambda value: isinstance(value, list) and bool(value), "a list of values")
_NAMES = _Kind(
    lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "a list of columns",
)
_SECTIONS = _Kind(lambda value: isinstance(value, dict), "a section")
