"""Check a LightGBM model text before LightGBM reads it.

LightGBM trusts its own files: a child index out of range, or a loop between two nodes, is followed
at prediction and ends the process or never ends. This reader accepts what LightGBM writes and
refuses everything else, with the tree and the field.

The form is a header of ``key=value`` lines, then a block of them per tree, then ``end of trees``.
Nodes are numbered from 0; a child below zero is leaf ``-child - 1``.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from interplane.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ModelText", "read_model_text"]

_MOST_LEAVES: Final = 1 << 17
_MOST_WORDS: Final = 1 << 24
_CATEGORICAL: Final = 1
_END: Final = "\nend of trees\n"
_TREE: Final = "\nTree="

_INTEGER = r"-?[0-9]{1,18}"
_NUMBER = r"-?(?:[0-9]{1,40}(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,3})?|inf|nan)"
_INTEGERS: Final = re.compile(f"{_INTEGER}(?: {_INTEGER})*")
_NUMBERS: Final = re.compile(f"{_NUMBER}(?: {_NUMBER})*")

_FLAGS: Final = {"tree", "average_output"}
_DESCRIPTIONS: Final = {
    **dict.fromkeys(("leaf_weight", "leaf_count"), True),
    **dict.fromkeys(("split_gain", "internal_value", "internal_weight", "internal_count"), False),
}
"""Fields that no prediction reads: whether they have a number per leaf, else per node."""
_CATEGORICAL_FIELDS: Final = {"cat_boundaries", "cat_threshold"}
_LINEAR_FIELDS: Final = {"leaf_const", "num_features", "leaf_features", "leaf_coeff"}
_TREE_FIELDS: Final = {
    *("num_leaves", "num_cat", "split_feature", "threshold", "decision_type"),
    *("left_child", "right_child", "leaf_value", "is_linear", "shrinkage"),
    *(*_DESCRIPTIONS, *_CATEGORICAL_FIELDS, *_LINEAR_FIELDS),
}


class ModelText(NamedTuple):
    """What a model text says of itself.

    Attributes:
        feature_names: the features, in the order of a row.
        outputs: scores per row: 1, or the number of classes.
        objective: the objective, as LightGBM writes it (for example ``binary sigmoid:1``).
        trees: how many trees there are.
    """

    feature_names: tuple[str, ...]
    outputs: int
    objective: str
    trees: int


def read_model_text(data: bytes) -> ModelText:
    """Check a whole model and return what it says of itself.

    Raises:
        DataError: if LightGBM could not read or follow it safely; nothing of it was used.

    >>> read_model_text(b"not a model")
    Traceback (most recent call last):
    ...
    interplane.errors.DataError: the LightGBM model has no header. Expected a whole model text as LightGBM writes it. Train or add the model again.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(f"is no text ({error})")
    if not text.startswith("tree\n") or "\0" in text:
        _refuse("has no header")
    body, end, _rest = text.partition(_END)
    if not end:
        _refuse("ends before its last tree")
    header_text, *blocks = body.split(_TREE)
    header = _fields(header_text, "header")
    width = _whole(header, "max_feature_idx", "header") + 1
    names = tuple(header.get("feature_names", "").split(" "))
    if len(names) != width or not all(names):
        _refuse(f"names {len(names)} features and counts {width}")
    if len(header.get("feature_infos", "").split(" ")) != width:
        _refuse(f"describes not each of its {width} features")
    _check_sizes(header, body, blocks)
    for number, block in enumerate(blocks):
        _Tree(number, block, width).check()
    per_iteration = _whole(header, "num_tree_per_iteration", "header", low=1)
    classes = _whole(header, "num_class", "header", low=1)
    if per_iteration != classes or len(blocks) % per_iteration:
        _refuse(f"has {len(blocks)} trees for {classes} classes")
    return ModelText(names, classes, header.get("objective", ""), len(blocks))


def _check_sizes(header: Mapping[str, str], body: str, blocks: list[str]) -> None:
    """Check the byte length of each tree, by which LightGBM finds the next one."""
    sizes = [int(word) for word in header.get("tree_sizes", "").split() if word.isdecimal()]
    whole = f"{_TREE}{_TREE.join(blocks)}\n" if blocks else ""
    found = [len(f"Tree={block}\n".encode()) for block in blocks]
    if sizes != found or not body.endswith(whole[:-1]):
        _refuse("has trees of other lengths than its header says")


class _Tree:
    """One tree's block of fields, and what must hold for it."""

    def __init__(self, number: int, block: str, width: int) -> None:
        self.where = f"tree {number}"
        first, _, rest = block.partition("\n")
        if first != str(number):
            _refuse(f"has {first!r:.40} where {self.where} should be")
        if "\n\n" in rest.rstrip("\n"):  # LightGBM takes an empty line for the tree's end
            _refuse(f"has an empty line inside {self.where}")
        self.fields = _fields(rest, self.where)
        self.width = width
        self.leaves = _whole(self.fields, "num_leaves", self.where, low=1, high=_MOST_LEAVES)
        self.nodes = self.leaves - 1

    def check(self) -> None:
        """Check every field: what a prediction follows, and how the others are written.

        LightGBM reads the trees on several threads, and there a number that it cannot read ends
        the process.
        """
        unknown = self.fields.keys() - _TREE_FIELDS
        if unknown:
            _refuse(f"has the field {min(unknown)!r:.40} in {self.where}")
        categories = _whole(self.fields, "num_cat", self.where)
        self._numbers("shrinkage", 1)
        self._numbers("leaf_value", self.leaves)
        for name, per_leaf in _DESCRIPTIONS.items():
            if self.fields.get(name):
                self._numbers(name, self.leaves if per_leaf else self.nodes)
        self._integers("split_feature", self.nodes, 0, self.width - 1)
        decisions = self._integers("decision_type", self.nodes, 0, 15)
        thresholds = self._numbers("threshold", self.nodes)
        self._check_links()
        self._check_categories(decisions, thresholds, categories)
        if _whole(self.fields, "is_linear", self.where, high=1):
            self._check_linear()
        elif self.fields.keys() & _LINEAR_FIELDS:
            self._refuse("is_linear", "1, or no linear leaves")

    def _check_links(self) -> None:
        """Every node and leaf but the root is the child of exactly one node above it.

        LightGBM numbers a node when it splits a leaf, so a child's number is above its parent's:
        with that, there is no loop.
        """
        children = [
            child
            for side in ("left_child", "right_child")
            for child in self._integers(side, self.nodes, -self.leaves, self.nodes - 1)
        ]
        if self.nodes and sorted(children) != [*range(-self.leaves, 0), *range(1, self.nodes)]:
            self._refuse("left_child", "each node and leaf below one node")
        if any(0 <= child <= index % self.nodes for index, child in enumerate(children)):
            self._refuse("left_child", "children after their parent")

    def _check_categories(self, decisions: list[int], thresholds: list[float], count: int) -> None:
        for decision, threshold in zip(decisions, thresholds, strict=True):
            if decision & _CATEGORICAL and threshold not in range(count):
                self._refuse("threshold", f"one of {count} sets of categories")
        if count == 0:
            if self.fields.keys() & _CATEGORICAL_FIELDS:
                self._refuse("num_cat", "the number of sets of categories")
            return
        bounds = self._integers("cat_boundaries", count + 1, 0, _MOST_WORDS)
        if bounds[0] != 0 or bounds != sorted(bounds):
            self._refuse("cat_boundaries", "rising bounds from 0")
        self._integers("cat_threshold", bounds[-1], 0, (1 << 32) - 1)

    def _check_linear(self) -> None:
        """Check the linear leaves, whose lists are written leaf by leaf, each ending in spaces."""
        self._numbers("leaf_const", self.leaves)
        per_leaf = self._integers("num_features", self.leaves, 0, self.width)
        features = self._listed("leaf_features", per_leaf)
        if not all(_INTEGERS.fullmatch(word) and int(word) < self.width for word in features):
            self._refuse("leaf_features", f"features below {self.width}")
        if not all(_NUMBERS.fullmatch(word) for word in self._listed("leaf_coeff", per_leaf)):
            self._refuse("leaf_coeff", "numbers")

    def _listed(self, name: str, per_leaf: list[int]) -> list[str]:
        words = self.fields.get(name, "").split(" ")
        rest = iter(words)
        listed = [next(rest, "") for count in per_leaf for _ in range(count + 1)]
        found = [word for word in listed if word]
        spaced = [word for count in per_leaf for word in [*["x"] * count, ""]]
        if ["x" if word else "" for word in words] != [*spaced, ""] or len(found) != sum(per_leaf):
            self._refuse(name, f"{sum(per_leaf)} numbers, leaf by leaf")
        return found

    def _integers(self, name: str, count: int, low: int, high: int) -> list[int]:
        text = self.fields.get(name, "")
        if text and not _INTEGERS.fullmatch(text):
            self._refuse(name, "whole numbers")
        values = [int(word) for word in text.split()]
        if len(values) != count or (values and not low <= min(values) <= max(values) <= high):
            self._refuse(name, f"{count} whole numbers from {low} to {high}")
        return values

    def _numbers(self, name: str, count: int) -> list[float]:
        text = self.fields.get(name, "")
        if text and not _NUMBERS.fullmatch(text):
            self._refuse(name, "numbers")
        values = [float(word) for word in text.split()]
        too_large = sum(map(math.isinf, values)) != text.count("inf")
        if len(values) != count or too_large:
            self._refuse(name, f"{count} numbers")
        return values

    def _refuse(self, name: str, expected: str) -> NoReturn:
        found = self.fields.get(name, "nothing")
        _refuse(f"has {found[:60]!r} as {name} of {self.where}", f"{expected} there")


def _fields(block: str, where: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.split("\n"):
        name, equals, value = line.partition("=")
        if name in fields:
            _refuse(f"says {name!r:.40} twice in {where}")
        if equals:
            fields[name] = value
        elif name and name not in _FLAGS:
            _refuse(f"has the line {line!r:.40} in {where}")
    return fields


def _whole(
    fields: Mapping[str, str], name: str, where: str, *, low: int = 0, high: int = 1 << 24
) -> int:
    found = fields.get(name, "")
    if not found.isdecimal() or not found.isascii() or not low <= int(found) <= high:
        _refuse(f"has {found[:40]!r} as {name} of {where}", f"a whole number from {low} to {high}")
    return int(found)


def _refuse(what: str, expected: str = "a whole model text as LightGBM writes it") -> NoReturn:
    raise DataError(
        f"the LightGBM model {what}", expected=expected, do="Train or add the model again"
    )
