"""A damaged model text is refused before LightGBM follows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from interplane.errors import DataError
from interplane.models.lightgbm_text import read_model_text

DAMAGE = Path(__file__).parent / "damage.py"
KINDS = ("binary", "categories", "linear", "classes", "forest", "stump", "monotone")


@pytest.fixture
def text(booster):
    """The text of a model by kind."""
    return lambda kind: booster(kind).model_to_string()


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_model_says_what_it_is(text, kind):
    """Features, scores a row, trees."""
    summary = read_model_text(text(kind).encode())
    assert summary.feature_names == ("distance", "hour", "wind", "month")
    assert summary.outputs == (3 if kind == "classes" else 1)
    assert summary.trees > 0


@pytest.mark.parametrize("kind", ["categories", "linear"])
def test_damage_never_ends_the_process(text, tmp_path, kind):
    """Cuts, flips and absurd indices, in a process of its own: refused or harmless."""
    path = tmp_path / "model.txt"
    path.write_text(text(kind))
    done = subprocess.run(
        [sys.executable, str(DAMAGE), str(path), "1", "400"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout.split()[-1]) > 150


def replaced(text: str, name: str, change) -> bytes:
    """Change the first such field."""
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(f"{name}="))
    lines[at] = f"{name}={change(lines[at].split('=', 1)[1])}"
    return "\n".join(lines).encode()


BROKEN = {
    "more of a tree": ("left_child", lambda v: f"{v} 1", "trees of other lengths"),
    "fewer features": ("max_feature_idx", lambda _: "2", "names 4 features and counts 3"),
    "no count": ("max_feature_idx", lambda _: "x", "'x' as max_feature_idx of header"),
    "more classes": ("num_class", lambda _: "2", "for 2 classes"),
    "other sizes": ("tree_sizes", lambda v: v[:-1], "of other lengths"),
    "an unknown field": ("shrinkage", lambda v: f"{v}\nspell=1", "of other lengths"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_header_or_length_is_named(text, name):
    """What is wrong, in words."""
    field, change, message = BROKEN[name]
    with pytest.raises(DataError, match=message):
        read_model_text(replaced(text("binary"), field, change))


INSIDE = {
    "a loop": ("left_child", lambda v: ["0", *v[1:]], "each node and leaf below one node"),
    "a child twice": ("right_child", lambda v: [v[1], *v[1:]], "each node and leaf below one node"),
    "a child beyond": ("left_child", lambda v: ["99", *v[1:]], "numbers from -15 to 13"),
    "a feature beyond": ("split_feature", lambda v: ["4", *v[1:]], "from 0 to 3"),
    "too few leaves": ("leaf_value", lambda v: v[1:], "15 numbers"),
    "no number": ("leaf_value", lambda v: ["x", *v[1:]], "numbers"),
    "Python's numbers": ("threshold", lambda v: ["1_0", *v[1:]], "numbers"),
    "too large": ("threshold", lambda v: ["1e999", *v[1:]], "numbers"),
    "no decision": ("decision_type", lambda v: ["16", *v[1:]], "from 0 to 15"),
    "no categories": ("decision_type", lambda v: ["1", *v[1:]], "one of 0 sets of categories"),
    "linear": ("is_linear", lambda _: ["1"], "leaf_const"),
    "no flag": ("is_linear", lambda _: ["2"], "from 0 to 1"),
}


def with_sizes(data: bytes) -> bytes:
    """Mend the lengths of the trees, as somebody who edits by hand with care would."""
    body, rest = data.decode().split("\nend of trees\n", 1)
    head, *blocks = body.split("\nTree=")
    sizes = " ".join(str(len(f"Tree={block}\n")) for block in blocks)
    lines = [f"tree_sizes={sizes}" if "tree_sizes=" in line else line for line in head.split("\n")]
    trees = "\nTree=".join(["\n".join(lines), *blocks])
    return f"{trees}\nend of trees\n{rest}".encode()


@pytest.mark.parametrize("name", INSIDE)
def test_a_broken_tree_is_named(text, name):
    """Tree, field and what was expected, even where all lengths agree."""
    field, change, message = INSIDE[name]
    data = replaced(text("binary"), field, lambda value: " ".join(change(value.split(" "))))
    with pytest.raises(DataError, match=message):
        read_model_text(with_sizes(data))


def test_lengths_can_be_mended(text):
    """The test's own tool is right: an unchanged model passes through it."""
    whole = text("binary").encode()
    assert with_sizes(whole) == whole


@pytest.mark.parametrize(
    "data", [b"", b"tree\n", b"\xff\xfe", b"tree\n\nend of trees\n", b"\x80\x04."]
)
def test_what_is_no_model_is_refused(data):
    """Nothing of it is used."""
    with pytest.raises(DataError, match="the LightGBM model"):
        read_model_text(data)
