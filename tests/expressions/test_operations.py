"""The table: its examples hold on engine and row program, its templates are closed, its page is true."""

from __future__ import annotations

import ast
import os
import random
from pathlib import Path
from typing import Any

import pytest

from interplane.errors import UnknownName
from interplane.expressions.constants import type_of
from interplane.expressions.form import Example, mentions
from interplane.expressions.nodes import Column, Literal
from interplane.expressions.operations import TABLE, call
from interplane.expressions.page import operations_page
from interplane.expressions.runtime import NAMESPACE
from interplane.testing.fuzz import fuzz_operation
from interplane.testing.parity_bench import Bench

EXAMPLES = [(name, example) for name, op in TABLE.items() for example in op.examples]
TEMPLATES = sorted(
    {
        (name, template, len(form.args))
        for name, op in TABLE.items()
        for form in op.forms
        for template in (form.python, form.plain, form.safe and form.safe[1])
        if template
    }
)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_hold_on_both_sides(name: str, example: Example) -> None:
    """What the page shows is what engine and row program give."""
    kinds = _types(name, example)
    columns = {f"x{index}": kind for index, kind in enumerate(kinds)}
    node = call(name, *(Column(x, kind) for x, kind in columns.items()), **dict(example.options))
    rows = {x: [value] for x, value in zip(columns, example.args, strict=True)}
    bench = Bench(columns, rows, {})
    try:
        assert [] == bench.compare([node]).differences
        (engine,) = bench.on_engine({"0": node})["0"]
    finally:
        bench.close()
    # The text of a float is exact, and tells 1.0 from 1 and 0.0 from -0.0.
    assert repr(example.result) == repr(engine)


def _types(name: str, example: Example) -> tuple[Any, ...]:
    """Return the types of an example's arguments; a null fits where a form takes the rest."""
    given = tuple(type_of(value) for value in example.args)
    return next(
        form.args
        for form in TABLE[name].forms
        if all(kind in {None, taken} for kind, taken in zip(given, form.args, strict=True))
    )


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_operation_is_fuzzed_on_its_own(name: str) -> None:
    """Each form of each operation gives the same bits on both sides, on values that break things."""
    seed = int(os.environ.get("INTERPLANE_FUZZ_SEED", random.SystemRandom().randrange(2**31)))
    found = fuzz_operation(name, seed=seed, rows=150)
    assert not found, f"INTERPLANE_FUZZ_SEED={seed}\n" + "\n".join(map(str, found))


@pytest.mark.parametrize(("name", "template", "count"), TEMPLATES)
def test_templates_are_closed(name: str, template: str, count: int) -> None:
    """A template inside another expression keeps its meaning, and uses known names only."""
    fields = {field: field for field in mentions(template) if not field.isdigit()}
    text = template.format(*(f"x{index}" for index in range(count)), **fields)
    for around in ("z ** {} ** z", "-{}", "not {} == z"):
        bare, closed = around.format(text), around.format(f"({text})")
        assert ast.dump(ast.parse(closed)) == ast.dump(ast.parse(bare)), name
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    own = {*(f"x{index}" for index in range(count)), *fields}
    assert set() == used - own - set(NAMESPACE)


def test_every_example_and_doc_is_there() -> None:
    """No operation without documentation and an example."""
    assert [] == [name for name, op in TABLE.items() if not (op.doc and op.examples and op.forms)]


def test_options_have_samples_that_are_accepted() -> None:
    """The fuzzer draws only settings that an author may write."""
    for operation in TABLE.values():
        for form in operation.forms:
            for option in operation.options:
                samples = option.samples(form.args[0])
                assert samples
                assert all(option.accepts(sample, form.args[0]) for sample in samples)


def test_the_page_is_the_table() -> None:
    """docs/operations.md is generated: run "make docs" after a change of the table."""
    page = Path(__file__).parents[2] / "docs" / "operations.md"
    assert operations_page() == page.read_text(encoding="utf-8")


def test_an_unknown_operation_has_a_suggestion() -> None:
    """The nearest name is offered."""
    with pytest.raises(UnknownName, match="Did you mean 'round'"):
        call("rounds", Literal(1.0, "float"))
