"""Operations of a user's own depend on their arguments alone: what can be seen to read more is refused."""

from __future__ import annotations

import io
import os
import os.path
import uuid
from os import getenv as asked
from pathlib import Path
from random import random as chance
from typing import TYPE_CHECKING, Any

import pytest

import interplane as ip
from interplane.errors import ExpressionError
from interplane.expressions.own_operations import OwnOperation, known_own

if TYPE_CHECKING:
    from collections.abc import Callable


def _environment(text: str) -> str:
    return text + os.environ.get("SUFFIX", "")


def _asked(text: str) -> str:
    return text + (asked("SUFFIX") or "")


def _chance(text: str) -> str:
    return text[: 10**9 + int(chance())]


def _names(text: str) -> str:
    return text + uuid.uuid4().hex[:0]


def _inside(text: str) -> str:
    import time

    return text + str(time.time())[:0]


def _file(text: str) -> str:
    with open("/dev/null") as file:  # noqa: PTH123 - it is what is refused
        return text + file.read()


def _file_of_path(text: str) -> str:
    return text + Path("/dev/null").read_text(encoding="utf-8")


def _file_of_module(text: str) -> str:
    return text + io.open("/dev/null").read()  # noqa: UP020 - it is what is refused


def _hidden(text: str) -> str:
    return str(eval("text"))


def _helped(text: str) -> str:
    return _environment(text)


def _nested(text: str) -> str:
    return "".join(letter + os.getcwd()[:0] for letter in text)  # noqa: PTH109 - it is what is refused


def _declared(function: Callable[..., object], **settings: Any) -> OwnOperation:
    given: dict[str, Any] = {
        "args": ["str"],
        "result": "str",
        "sql": "{0} || ''",
        "name": "impure",
        "doc": "Same.",
    }
    made: OwnOperation = ip.operation(**(given | settings))(function)
    return made


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (_environment, r"has \.environ: another machine or process has other settings"),
        (_asked, r"has getenv\(\): another machine"),
        (_chance, r"has random\(\): it gives another value each time"),
        (_names, "has module uuid: it gives another value each time"),
        (_inside, "has module time: it reads the clock"),
        (_file, "has open: what is read there changes"),
        (_file_of_path, r"has \.read_text: what is read there"),
        (_file_of_module, r"has \.open: what is read there"),
        (_hidden, "has eval: what it reads cannot be seen"),
        (_helped, r"has \.environ"),
        (_nested, r"has \.getcwd"),
    ],
)
def test_what_no_argument_says_is_refused(function: Callable[..., str], what: str) -> None:
    """The environment, the clock, chance and files: in the function, inside it, and in what it calls."""
    with pytest.raises(
        ExpressionError, match=f"the function of the operation 'impure' {what}"
    ) as no:
        _declared(function)
    assert "Give what it needs as an argument" in str(no.value)
    assert "impure" not in known_own()


def test_a_template_is_read_too() -> None:
    """Of what row programs have, the classes of times know the clock."""
    with pytest.raises(ExpressionError, match=r"the template of the operation 'impure' has \.now"):
        ip.operation(
            name="impure", args=["str"], result="str", sql="{0}", doc="Same.",
            python="({0} + str(datetime.now())[:0])",
        )  # fmt: skip


def test_names_that_are_not_what_they_are_called_like() -> None:
    """A price that is called open, a function of one's own, and what only handles the text of a path."""

    def today(text: str) -> str:
        return text

    def pure(close: str) -> str:
        open = today(close)  # noqa: A001 - that is what the test is of
        return open + os.path.basename("")  # noqa: PTH119 - it reads no file

    assert "pure_names" == _declared(pure, name="pure_names").name


@pytest.mark.parametrize(
    ("settings", "function", "written"),
    [
        ({"sql": "{0} + 1"}, lambda: _one_more, "CAST({0} AS HUGEINT) + 1"),
        (
            {"sql": "{0} * {1}", "args": ["int", "int"]},
            lambda: _times,
            "CAST({0} AS HUGEINT) * CAST({1} AS HUGEINT)",
        ),
    ],
)
def test_whole_numbers_beyond_64_bits(
    settings: dict[str, Any], function: Callable[[], Callable[..., int]], written: str
) -> None:
    """The refusal says how it is written, and so written it is taken."""
    given: dict[str, Any] = {
        "args": ["int"],
        "result": "int",
        "name": f"wide_{len(written)}",
    } | settings
    with pytest.raises(ExpressionError, match="Calculate with 128 bits") as caught:
        _declared(function(), **given)
    assert f"sql={written!r}" in str(caught.value)
    assert written == _declared(function(), **(given | {"sql": written})).sql


def test_whole_numbers_beyond_128_bits() -> None:
    """As the refusal says: TRY on the engine, None in Python."""
    cast = "CAST({0} AS HUGEINT)"
    sql = f"TRY({cast} * {cast} * {cast})"
    made = _declared(_cube, args=["int"], result="int", sql=sql, name="cube")
    assert "cube" == made.name


def _one_more(number: int) -> int:
    return number + 1


def _times(one: int, other: int) -> int:
    return one * other


def _cube(number: int) -> int | None:
    found = number**3
    return found if abs(found) < 2**127 else None
