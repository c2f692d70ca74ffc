"""JSON values, and dataclasses of artifacts."""

from __future__ import annotations

import base64
import dataclasses
import math
import reprlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UnknownArtifact
from interplane.pipeline.codecs.ports import is_a
from interplane.pipeline.codecs.wants import Want, refuse_form
from interplane.pipeline.steps import resolve_annotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.pipeline.codecs.ports import Loading, Saving

__all__ = ["DataclassCodec", "JsonCodec", "from_json", "to_json"]

_INT64: Final = 1 << 63
_DEPTH: Final = 100


class JsonCodec:
    """None, booleans, numbers, texts, bytes, dates; lists, tuples, sets and dicts of these.

    They come back as what they are: a tuple as a tuple, NaN as NaN, a dict in its order. NumPy's
    scalars come back as Python's.
    """

    kind = "json"

    def takes(self, value: Any) -> bool:
        """Return whether it is such a value; what is inside shows when it is saved."""
        return type(value) in _WRITERS or is_a(value, "numpy", "generic")

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Describe the value itself."""
        del to
        return {"value": to_json(value, place)}, reprlib.repr(value)

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return a new value."""
        del source
        value = from_json(description["value"])
        if want.form in {"any", "other"} or value is None:
            return value
        raise refuse_form(want, f"{reprlib.repr(value)}")


class DataclassCodec:
    """An instance of a dataclass whose fields are artifacts.

    The record names no class: what receives it says by its annotation what it is.
    """

    kind = "dataclass"

    def takes(self, value: Any) -> bool:
        """Return whether it is an instance of a dataclass."""
        return dataclasses.is_dataclass(value) and not isinstance(value, type)

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Describe each field."""
        fields = {
            item.name: to.inner(getattr(value, item.name), f"{place}.{item.name}")
            for item in dataclasses.fields(value)
        }
        name = type(value).__qualname__
        return {"class": name, "fields": fields}, f"{name}({', '.join(fields)})"

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return a new instance of the class that is wanted, with the fields as they were.

        Raises:
            UnknownArtifact: if no dataclass with these fields is wanted.
        """
        fields = description["fields"]
        kind = want.annotation
        if want.form != "dataclass":
            raise UnknownArtifact(
                f"{want.place} receives a dataclass {description['class']}, and does not say so",
                expected=f"the annotation {want.place.split()[-1].strip(chr(39))}: "
                f"{description['class']}",
                do="Annotate the parameter, so that edits of the class run this step again",
            )
        known = {item.name for item in dataclasses.fields(kind)}
        if known != fields.keys():
            raise refuse_form(want, f"a {description['class']} with {', '.join(fields)}")
        made = kind.__new__(kind)
        for name, inner in fields.items():
            wanted = Want.of(resolve_annotation(kind, name), f"{want.place}.{name}")
            object.__setattr__(made, name, source.inner(inner, wanted))
        return made


def to_json(value: Any, place: str, depth: int = 0) -> Any:
    """Return a value as plain JSON; what JSON lacks is tagged, as ``{"$float": "nan"}``.

    Raises:
        UnknownArtifact: for anything else inside; says where.

    >>> to_json({"a": (1, float("inf"))}, "x")
    {'a': {'$tuple': [1, {'$float': 'inf'}]}}
    """
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value, place, depth)
    if is_a(value, "numpy", "bool_", "integer", "floating", "str_"):
        return to_json(value.item(), place, depth)
    kind = type(value)
    raise UnknownArtifact(
        f"{place} holds a {kind.__module__}.{kind.__qualname__}",
        expected="None, booleans, numbers, texts, dates, lists, tuples, sets and dicts of these",
        do="Return it as an output of its own, or as a field of a dataclass",
    )


def _same(value: Any, place: str, depth: int) -> Any:
    del place, depth
    return value


def _int(value: int, place: str, depth: int) -> Any:
    del place, depth
    return value if -_INT64 <= value < _INT64 else {"$int": str(value)}


def _float(value: float, place: str, depth: int) -> Any:
    del place, depth
    return value if math.isfinite(value) else {"$float": repr(value)}


def _bytes(value: bytes, place: str, depth: int) -> Any:
    del place, depth
    return {"$bytes": base64.b64encode(value).decode()}


def _date(value: date, place: str, depth: int) -> Any:
    del place, depth
    return {f"${type(value).__name__}": value.isoformat()}


def _text(value: str, place: str, depth: int = 0) -> str:
    del depth
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnknownArtifact(
            f"{place} holds a text with half a character ({value[error.start]!r})",
            expected="text that UTF-8 can write",
            do="Decode it with errors='replace'",
        ) from error
    return value


def _sequence(value: Any, place: str, depth: int) -> Any:
    if depth > _DEPTH:
        raise UnknownArtifact(
            f"{place} is nested deeper than {_DEPTH}", do="Flatten it, or return a dataclass"
        )
    items = [to_json(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(value)]
    kind = type(value)
    if kind is list:
        return items
    return {f"${kind.__name__}": items if kind is tuple else sorted(items, key=repr)}


def _mapping(value: dict[Any, Any], place: str, depth: int) -> Any:
    if depth > _DEPTH:
        return _sequence(list(value), place, depth)
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {
            _text(key, place): to_json(item, f"{place}[{key!r}]", depth + 1)
            for key, item in value.items()
        }
    pairs = [
        [
            to_json(key, f"a key of {place}", depth + 1),
            to_json(item, f"{place}[{key!r}]", depth + 1),
        ]
        for key, item in value.items()
    ]
    return {"$dict": pairs}


_WRITERS: Final[dict[type, Callable[[Any, str, int], Any]]] = {
    type(None): _same,
    bool: _same,
    int: _int,
    float: _float,
    str: _text,
    bytes: _bytes,
    date: _date,
    datetime: _date,
    dict: _mapping,
    **dict.fromkeys((list, tuple, set, frozenset), _sequence),
}


def from_json(plain: Any) -> Any:
    """Return the value that `to_json` wrote."""
    if isinstance(plain, list):
        return [from_json(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    tag = next(iter(plain), "")
    reader = _READERS.get(tag)
    if reader is None:
        return {key: from_json(item) for key, item in plain.items()}
    return reader(plain[tag])


_READERS: Final[dict[str, Any]] = {
    "$int": int,
    "$float": float,
    "$bytes": base64.b64decode,
    "$date": date.fromisoformat,
    "$datetime": datetime.fromisoformat,
    "$tuple": lambda items: tuple(from_json(item) for item in items),
    "$set": lambda items: {from_json(item) for item in items},
    "$frozenset": lambda items: frozenset(from_json(item) for item in items),
    "$dict": lambda pairs: {from_json(key): from_json(item) for key, item in pairs},
}
