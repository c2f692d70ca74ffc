"""Whether a user's own operation depends on its arguments alone: told by the syntax of its twins.

Two twins that both read the clock agree while they are compared, and differ from the training rows
later; so what depends on anything else is refused by name, before any value is tried. The function is
refused by the names that it reads, and that the functions of its project do that it calls: what an
installed package reads inside is not seen.
"""

from __future__ import annotations

import dis
import json
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.function_text import function_parts, functions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from interplane.expressions.own_operations import OwnOperation

__all__ = ["refuse_impure"]

_NAMED_WITHOUT_PARENTHESES = frozenset(
    {"current_catalog", "current_database", "current_date", "current_role", "current_schema"}
    | {"current_time", "current_timestamp", "current_user", "localtime", "localtimestamp"}
    | {"session_user", "user"}
)
_CLOCKS = frozenset({"ago", "get_current_time", "get_current_timestamp"})
_CLOCK, _CHANCE = "it reads the clock", "it gives another value each time"
_SURROUNDINGS = "another machine or process has other settings"
_FILES = "what is read there changes, and is in no frozen features"
_MODULES = {
    **dict.fromkeys(("time",), _CLOCK),
    **dict.fromkeys(("random", "secrets", "uuid"), _CHANCE),
    **dict.fromkeys(("getpass", "locale", "platform"), _SURROUNDINGS),
    **dict.fromkeys(("glob", "shutil", "sqlite3", "subprocess", "tempfile"), _FILES),
    **dict.fromkeys(("httpx", "requests", "socket"), _FILES),
}
"""Modules of which nothing depends on arguments alone, or hardly anything."""

_READS = {
    **dict.fromkeys(("now", "today", "utcnow"), _CLOCK),
    **dict.fromkeys(("random", "urandom", "default_rng"), _CHANCE),
    **dict.fromkeys(("environ", "environb", "getenv", "getcwd", "getpid", "argv"), _SURROUNDINGS),
    **dict.fromkeys(("input", "stdin", "open", "read_bytes", "read_text"), _FILES),
    **dict.fromkeys(("iterdir", "listdir", "scandir", "urlopen"), _FILES),
    **dict.fromkeys(("__import__", "eval", "exec"), "what it reads cannot be seen"),
}
"""What such things are called: functions, methods and attributes, of whatever it is."""
_OF_SOMETHING = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_READING = _OF_SOMETHING | {"LOAD_GLOBAL", "LOAD_NAME", "IMPORT_FROM"}
_INSTEAD = "Give what it needs as an argument: a column of the row, or the prediction time"


def refuse_impure(own: OwnOperation, engine: duckdb.DuckDBPyConnection) -> None:
    """Refuse SQL that reads a clock, chance, settings, other rows or tables, and such a function.

    The engine has to have read it before.

    Raises:
        ExpressionError: names the operation and what in it it is.
    """
    _refuse_function(own)
    text = own.sql.format(*(f"c{index}" for index in range(len(own.args))))
    (plain,) = engine.execute("SELECT json_serialize_sql(?)", [f"SELECT ({text})"]).fetchone() or ()
    statement = json.loads(plain)["statements"][0]["node"]["select_list"]
    unstable = _unstable(engine)
    for node in _nodes(statement):
        match node:
            case {"class": "SUBQUERY"}:
                raise _refused(own, "a query inside", "it reads other rows than its own")
            case {"class": "WINDOW", "function_name": name}:
                raise _refused(own, f"{name}(…) over a window", "it reads other rows than its own")
            case {"class": "FUNCTION", "function_name": name} if name.lower() in unstable:
                raise _refused(own, f"{name}()", "it is not of its arguments alone")
            case {"class": "FUNCTION", "function_name": "age", "arguments": [_]}:
                raise _refused(own, "age() of one time", "it reads the clock")
            case {"class": "COLUMN_REF", "column_names": [name]} if (
                name.lower() in _NAMED_WITHOUT_PARENTHESES
            ):
                raise _refused(own, name, "it is not of its arguments alone")
            case _:
                pass


def _refuse_function(own: OwnOperation) -> None:
    """Refuse a function that reads what no argument says, by the first name of such a thing."""
    if own.template is not None:
        found = _names(own.function.__code__, {})
    else:
        found = _of_parts(function_parts(own.function))
        for each in functions_of(own.function):
            found |= _names(each.__code__, each.__globals__)
    for what, why in sorted(found.items(), key=lambda each: (each[0][0] == ".", each)):
        raise _refused(
            own, what, why, of="the function" if own.template is None else "the template"
        )


def _of_parts(parts: Mapping[str, Any]) -> dict[str, str]:
    """Return what is refused of the modules and functions that are read by another name."""
    found = {}
    for text in (part for part in parts.values() if type(part) is str):
        is_module, name = text.startswith("module "), text.removeprefix("module ")
        first, last = name.partition(".")[0], name.rpartition(".")[2]
        why = _MODULES.get(first) or (None if is_module else _READS.get(last))
        if why is not None:
            found[text if is_module else f"{last}()"] = why
    return found


def _names(code: CodeType, around: Mapping[str, Any]) -> dict[str, str]:
    """Return what is refused of the names that code reads; a function of one's own may have any."""
    found = {}
    codes = [code]
    while codes:
        each = codes.pop()
        codes += [inside for inside in each.co_consts if isinstance(inside, CodeType)]
        reads = [step for step in dis.get_instructions(each) if isinstance(step.argval, str)]
        for step in reads:
            name = step.argval
            if step.opname == "IMPORT_NAME" and name.partition(".")[0] in _MODULES:
                found[f"module {name}"] = _MODULES[name.partition(".")[0]]
            elif step.opname in _READING and name in _READS and not _is_own(around.get(name)):
                found[f".{name}" if step.opname in _OF_SOMETHING else name] = _READS[name]
    return found


def _is_own(value: object) -> bool:
    """Whether it is a function with a text, which is looked through itself."""
    return isinstance(value, FunctionType)


def _unstable(engine: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the functions that the engine says do not depend on their arguments alone."""
    found = engine.execute(
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions() "
        "WHERE function_type = 'scalar' AND stability <> 'CONSISTENT'"
    ).fetchall()
    return frozenset(name for (name,) in found) | _CLOCKS | _NAMED_WITHOUT_PARENTHESES


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _nodes(each)


def _refused(own: OwnOperation, what: str, why: str, *, of: str = "") -> ExpressionError:
    return ExpressionError(
        f"{of or f'the SQL {own.sql!r:.200}'} of the operation {own.name!r} has {what}: {why}",
        expected="an expression of its arguments, the same whenever and wherever it is computed",
        do=_INSTEAD,
        operation=own.name,
    )
