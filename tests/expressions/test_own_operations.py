"""Operations of a user's own: proved when they are declared, named by their digest, refused by name."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
import textwrap
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import interplane as ip
from interplane.errors import ExpressionError, UsageError
from interplane.expressions import own_operations
from interplane.expressions.expr import Row
from interplane.expressions.function_text import function_parts
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Column
from interplane.expressions.own_operations import OwnOperation, known_own
from interplane.expressions.own_proof import prove
from interplane.testing.parity_bench import Bench

if TYPE_CHECKING:
    from pathlib import Path

ROW = Row({"name": "str", "miles": "float", "hops": "int", "at": "timestamp", "on": "date"})
VOWELS = "aeiou"


def _is_vowel(letter: str) -> bool:
    return letter in VOWELS


@ip.operation(args=["str"], result="int", sql="length({0}) - length(translate({0}, 'aeiou', ''))")
def vowels(text: str) -> int:
    """How many of the letters a, e, i, o and u there are."""
    return sum(map(_is_vowel, text))


half = ip.operation(
    name="half", args=["float"], result="float", sql="({0} * 0.5::DOUBLE)", python="({0} * 0.5)",
    doc="Half of it.",
)  # fmt: skip


def test_it_is_an_expression_that_both_sides_compute() -> None:
    """Called with expressions it gives one; nulls in, null out; an int becomes a float."""
    assert "vowels(name)" == repr(vowels(ROW.name))
    assert ("int", "float") == (vowels(ROW.name).type, half(ROW.hops).type)
    columns = {"name": "str", "miles": "float", "hops": "int"}
    rows = {
        "name": ["queue", "", None, "xyz"],
        "miles": [2.5, None, math.nan, -0.0],
        "hops": [1, 2, None, 2**63 - 1],
    }
    nodes = [
        (vowels(ROW.name) * 2 > ROW.hops).node,
        half(half(ROW.miles) - ROW.miles).fill_null(7.0).node,
        half(ROW.hops).node,
    ]
    bench = Bench(columns, rows, {})  # type: ignore[arg-type]
    try:
        assert [] == bench.compare(nodes).differences
        assert [4, 0, None, 0] == bench.on_engine({"0": vowels(ROW.name).node})["0"]
    finally:
        bench.close()


def test_every_type_can_be_taken_and_given() -> None:
    """Results outside the years 1 to 9999 and beyond 64 bits are null in both twins."""

    @ip.operation(args=["int", "bool"], result="int", sql="{0}::HUGEINT * 3 + {1}::INTEGER")
    def thrice(number: int, more: bool) -> int:  # noqa: FBT001  the engine's order of arguments
        """Three times it, and one more where it says so."""
        return number * 3 + more

    @ip.operation(args=["timestamp"], result="timestamp", sql="{0} + INTERVAL 1 HOUR")
    def hour_later(at: datetime) -> datetime | None:
        """An hour later."""
        try:
            return at + timedelta(hours=1)
        except OverflowError:
            return None

    @ip.operation(args=["date"], result="date", sql="{0} + 7")
    def week_later(on: date) -> date | None:
        """A week later."""
        try:
            return on + timedelta(days=7)
        except OverflowError:
            return None

    assert {"thrice", "hour_later", "week_later"} <= set(known_own())
    assert 10_000 <= prove(week_later)


def test_what_is_stored_names_the_definition_and_holds_no_code() -> None:
    """The digest of SQL, syntax and types; read again it is the same."""
    node = vowels(ROW.name).node
    plain = to_json(node)
    assert {
        "op": "own.vowels",
        "args": [0],
        "type": "int",
        "options": {"definition": {"type": "str", "value": vowels.digest}},
    } == plain["nodes"][1]
    assert node == from_json(plain)


def test_features_of_another_definition_are_refused() -> None:
    """By name, with both digests."""
    plain = to_json(vowels(ROW.name).node)
    plain["nodes"][1]["options"]["definition"]["value"] = half.digest
    with pytest.raises(ExpressionError, match=r"'vowels' that is registered here is another one"):
        from_json(plain)


def test_features_of_an_operation_that_is_not_there_are_refused() -> None:
    """By name, with what to write in the project file."""
    plain = to_json(vowels(ROW.name).node)
    plain["nodes"][1]["op"] = "own.vowel"
    with pytest.raises(ExpressionError, match=r"'vowel' is not registered.*Did you mean 'vowels'"):
        from_json(plain)


def test_modules_are_imported_when_an_operation_is_missing() -> None:
    """What the project named is imported once, and not proved again: there may be no engine."""
    asked = []

    def imports() -> None:
        asked.append("imported")

        @ip.operation(args=["float"], result="float", sql="wrong {0}", name="late_one")
        def late_one(x: float) -> float:
            """Not proved, or it would be refused."""
            return x

    own_operations.when_missing("somewhere", imports)
    assert "own.late_one" == own_operations.find_own("own.late_one").name
    with pytest.raises(ExpressionError, match="not registered"):
        own_operations.find_own("own.later_one")
    assert ["imported"] == asked


def _declared(**changes: Any) -> OwnOperation:
    settings: dict[str, Any] = {
        "name": "odd_one", "args": ["str"], "result": "int", "sql": "length({0})", "doc": "Length.",
    }  # fmt: skip
    function = changes.pop("function", len)
    if "python" in changes:
        made: OwnOperation = ip.operation(**(settings | changes))
        return made
    found: OwnOperation = ip.operation(**(settings | changes))(function)
    return found


def _length(text: str) -> int:
    return len(text)


def _bytes(text: str) -> int:
    return len(text.encode())


def _raises(text: str) -> int:
    return ord(text)


def _floats(text: str) -> float:
    return float(len(text))


def _reads_itself(text: str) -> int:
    return len(text) + len(HELD)


def _chance(text: str) -> int:
    return len(text) + int(random.random())


def _clock(text: str) -> int:
    return len(text) + 0 * datetime.now().year  # noqa: DTZ005  that is what is refused


HELD = [object()]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"function": _bytes}, r"differ on \('ß'\): the engine gives 1, Python 2"),
        ({"function": _raises}, r"raised TypeError: ord\(\)"),
        ({"function": _floats}, r"gave 0.0, of type float"),
        ({"function": _length, "sql": "len{0})"}, "the engine cannot run"),
        ({"function": _length, "sql": "nothing({0})"}, "the engine cannot run"),
        ({"function": _length, "sql": "max(length({0}))"}, "gives 1 rows for 3"),
        ({"function": _length, "sql": "length({1})"}, "with the places {0}"),
        ({"function": _length, "sql": "length({text})"}, "with the places {0}"),
        ({"function": _length, "sql": "1; DROP TABLE x{0}"}, "one expression"),
        ({"function": _length, "sql": "CAST({0} AS BIGINT)"}, "error Conversion Error"),
        ({"function": _length, "sql": "length({0}) + random()::INTEGER"}, r"has random\(\)"),
        ({"function": _length, "sql": "length({0}) + 0 * txid_current()"}, r"has txid_current\(\)"),
        ({"function": _length, "sql": "length({0}) + 0 * year(now())"}, r"has now\(\)"),
        ({"function": _length, "sql": "length({0}) + 0 * year(Current_Date)"}, "has Current_Date"),
        ({"function": _length, "sql": "length({0} || current_user) - 6"}, "has current_user"),
        ({"function": _length, "sql": "length({0}) + (SELECT 0)"}, "has a query inside"),
        ({"function": _length, "sql": "length({0}) * count({0}) OVER ()"}, "over a window"),
        ({"function": _chance}, "the function of the operation 'odd_one' has module random"),
        ({"function": _clock}, r"has \.now: it reads the clock"),
        ({"function": _length, "args": []}, "a list of types"),
        ({"function": _length, "args": ["text"]}, "a list of types"),
        ({"function": _length, "result": None}, "a list of types"),
        ({"function": _length, "doc": ""}, "no documentation"),
        ({"function": _length, "values": [["a"], ["b"]]}, "2 lists of values"),
        ({"function": _length, "values": [[3]]}, "3 among its values"),
        ({"function": _length, "values": ["ab"]}, "a list of values for each"),
        ({"function": _length, "values": 3}, "a list of values for each"),
        ({"function": _length, "name": "Odd One"}, "cannot name a operation"),
        ({"function": len}, "written with def"),
        ({"function": lambda text: 2 * len(text)}, "written with def"),
        ({"function": _reads_itself}, "reads 'HELD', of type list"),
        ({"python": "len({0}"}, "cannot be taken"),
        ({"python": "open({0})"}, "it reads open"),
        ({"python": "len({0})", "name": None}, "has no name"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is_declared(changes: dict[str, Any], what: str) -> None:
    """Twins that differ with the first value that shows it; templates, names and types."""
    with pytest.raises(UsageError, match=what):
        _declared(**changes)
    assert "odd_one" not in known_own()


def test_without_parentheses_it_says_what_to_write() -> None:
    """The decorator has settings."""
    with pytest.raises(ExpressionError, match="in parentheses"):
        ip.operation(_length)


def test_special_values_are_tried_beside_the_usual() -> None:
    """A value that no draw would find is found where the author names it."""
    wrong = "hopscotch"

    def length(text: str) -> int:
        """Wrong for one word."""
        return 0 if text == wrong else len(text)

    settings: dict[str, Any] = {"args": ["str"], "result": "int", "sql": "length({0})"}
    assert "length" == ip.operation(**settings)(length).name
    with pytest.raises(ExpressionError, match="hopscotch"):
        ip.operation(**settings, name="length_2", values=[[wrong]])(length)


def test_another_of_the_same_name_is_refused() -> None:
    """Unless it is the same line of code, written anew."""
    with pytest.raises(ExpressionError, match="another operation 'vowels'"):
        _declared(name="vowels", function=_length)


def test_arguments_are_checked() -> None:
    """How many, of which types, and that there is an expression among them."""
    for call, what in (
        (lambda: vowels("abc"), "expressions among them"),
        (lambda: vowels(ROW.name, ROW.name), "got 2 arguments"),
        (lambda: vowels(ROW.hops), "cannot take 'hops'"),
    ):
        with pytest.raises(ExpressionError, match=what):
            call()


def test_the_digest_follows_what_the_function_calls() -> None:
    """Its syntax, functions of its package and constants; not its documentation, names of types or comments."""
    parts = function_parts(vowels.function)
    assert {"vowels", "_is_vowel", "VOWELS"} <= set(parts)
    assert "'aeiou'" == parts["VOWELS"]

    def one(x: int) -> int:
        """Doc."""
        return x + 1  # a comment

    def two(x):  # type: ignore[no-untyped-def]
        return x + 1

    texts = [re.sub("'(one|two)'", "", str(function_parts(each))) for each in (one, two)]
    assert texts[0] == texts[1]


def test_a_server_needs_no_engine_to_register() -> None:
    """Under `trusting` nothing heavy is imported."""
    code = (
        "import sys\n"
        "from interplane.expressions.own_operations import operation, trusting\n"
        "with trusting():\n"
        "    half = operation(name='half', args=['float'], result='float', sql='{0} / 2',\n"
        "                     python='({0} / 2.0)', doc='Half.')\n"
        "print(half.digest, sorted({'duckdb', 'numpy', 'pyarrow', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith(" []\n")


def test_the_node_is_a_call_like_others() -> None:
    """Its arguments are nodes, its definition is a setting."""
    node = vowels(ROW.name).node
    assert (Column("name", "str"),) == node.args  # type: ignore[union-attr]
    assert (("definition", vowels.digest),) == node.options  # type: ignore[union-attr]


_MODULES = {
    "ops_of_it": """
        import functools
        import helpers_of_it
        from helpers_of_it import Scale, plus
        STEP = 3
        def twice(f):
            @functools.wraps(f)
            def run(x): return f(f(x))
            return run
        @twice
        def one_more(x): return x + 1
        def by_default(x, step=STEP): return x + step
        def by_function(x): return plus(x)
        def by_module(x): return helpers_of_it.plus(x)
        def by_class(x): return Scale().of(x)
        def by_decorator(x): return one_more(x)
        def by_same_name(x): return _inner(x) + plus(x)
        def _inner(x): return x + 7
    """,
    "helpers_of_it": """
        class Scale:
            def of(self, x): return _inner(x)
        def plus(x): return _inner(x)
        def _inner(x): return x + 5
    """,
}


def _parts_of(folder: Path, edit: tuple[str, str]) -> dict[str, str]:
    """Return what functions are made of in a new process, after an edit of their modules."""
    folder.mkdir()
    for name, text in _MODULES.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text).replace(*edit))
    code = (
        "import sys, json, ops_of_it\n"
        "from interplane.expressions.function_text import function_parts\n"
        "print(json.dumps({name: json.dumps(function_parts(value), sort_keys=True)\n"
        "    for name, value in vars(ops_of_it).items() if name.startswith('by_')}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder
    )
    parts: dict[str, str] = json.loads(found.stdout)
    return parts


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (("STEP = 3", "STEP = 4"), {"by_default"}),
        (("f(f(x))", "f(f(f(x)))"), {"by_decorator"}),
        (("x + 7", "x + 8"), {"by_same_name"}),
        (("x + 5", "x + 6"), {"by_function", "by_module", "by_class", "by_same_name"}),
        (("class Scale:", "class Scale:\n    # A comment."), set()),
    ],
)
def test_the_digest_follows_what_lies_beside_it(
    tmp_path: Path, edit: tuple[str, str], changed: set[str]
) -> None:
    """Defaults, decorators, and functions and classes of modules beside it, even of one name."""
    before, after = _parts_of(tmp_path / "a", ("", "")), _parts_of(tmp_path / "b", edit)
    assert changed == {name for name, parts in before.items() if parts != after[name]}
