"""What cannot be frozen, refused before any work: by feature, with what to do instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from interplane.errors import NotFreezable
from interplane.expressions.expr import Expr
from interplane.expressions.nodes import Call, Column, Literal, Lookup, Reduce
from interplane.expressions.operations import is_operation
from interplane.expressions.reductions import REDUCTIONS
from interplane.expressions.trees import parts_of, rebuild
from interplane.features.derived import DERIVED, TARGET_MEAN
from interplane.features.encodings import OneHot
from interplane.features.lookups import KEY_TYPES
from interplane.features.reasons import reason_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from interplane.expressions.nodes import Node

__all__ = ["check"]


def check(
    written: Mapping[str, Expr | OneHot],
    *,
    label: str | None,
    columns: Container[str] | None = None,
) -> None:
    """Refuse every feature without an exact twin for one row, and every leak of the label.

    Args:
        written: the features by name.
        label: the column of the label.
        columns: the columns that there are: of the row, and those of views as ``parameter.feature``.

    Raises:
        NotFreezable: naming the feature and what in it cannot be frozen, with what to do instead.
    """
    for name, feature in written.items():
        if not isinstance(feature, OneHot):
            _check_type(name, feature)
        root = feature.x.node if isinstance(feature, OneHot) else feature.node
        _check_node(name, root, label=label)
        if columns is not None:
            _check_columns(name, root, columns)


def _check_type(name: str, feature: Expr) -> None:
    kind = feature.node.type
    if kind == "str":
        do = "Use ip.one_hot, ip.target_encode or ip.frequency_encode on it"
    elif kind in {"date", "timestamp"}:
        do = "Take a part of it, for example .hour(), .day_of_week() or .epoch_seconds()"
    else:
        return
    raise NotFreezable(
        f"the feature {name!r} = {feature!r} is {kind}",
        expected="a number or a bool, as a model takes them",
        do=do,
        feature=name,
    )


def _check_columns(name: str, root: Node, columns: Container[str]) -> None:
    for node in parts_of(root):
        if isinstance(node, Column) and node.name not in columns:
            raise NotFreezable(
                f"the feature {name!r} reads the column {node.name!r}, which the rows do not have",
                expected="columns of the row that the function gets, and of its feature views: "
                "another table cannot be joined inside",
                do="Build it from the function's parameters; join the other table in a data step, or "
                "as a feature view",
                feature=name,
            )


def _check_node(name: str, root: Node, *, label: str | None) -> None:
    for node in parts_of(_without_targets(name, root, label=label)):
        match node:
            case Column(name=column) if column == label:
                raise NotFreezable(
                    f"the feature {name!r} reads the label {label!r}",
                    expected="what is known at prediction time, when there is no label yet",
                    do="Learn from the label only by ip.target_encode, which takes it out of fold",
                    feature=name,
                )
            case Lookup():
                raise NotFreezable(
                    f"the feature {name!r} reads the frozen table {node.table!r}",
                    expected="columns, constants, operations and statistics of the training rows",
                    do="Fit writes such tables; write the grouped statistic, as in x.mean(by=[k])",
                    feature=name,
                )
            case Reduce():
                _check_statistic(name, node)
                _check_groups_of_targets(name, node)
            case Call(op=op) if not is_operation(op):
                reason = reason_of(op)
                raise NotFreezable(
                    f"the feature {name!r} uses the operation {op!r}, {reason.why}",
                    expected="an operation of the table, which has an exact twin for one row",
                    do=reason.do,
                    feature=name,
                    operation=op,
                )
            case Call() | Column() | Literal():
                pass


def _reduces(root: Node) -> Iterator[Reduce]:
    return (part for part in parts_of(root) if isinstance(part, Reduce))


def _without_targets(name: str, root: Node, *, label: str | None) -> Node:
    """Return the tree with the label's expression taken out of target encodings, once checked."""

    def change(node: Node) -> Node | None:
        if not isinstance(node, Reduce) or node.function != TARGET_MEAN:
            return None
        target = node.args[0]
        if label is None or not any(
            isinstance(part, Column) and part.name == label for part in parts_of(target)
        ):
            raise NotFreezable(
                f"the feature {name!r} encodes the target {Expr(target)!r}, "
                f"which does not read the label {label!r}",
                expected="an expression of the label's column",
                do="Give the label, or use x.mean(by=[...]) for a statistic of another column",
                feature=name,
            )
        if any(_reduces(target)):
            raise NotFreezable(
                f"the feature {name!r} encodes the target {Expr(target)!r}, which holds a statistic",
                expected="an expression of one row",
                do="Give the label itself",
                feature=name,
            )
        if any(part.function == TARGET_MEAN for key in node.by for part in _reduces(key)):
            raise NotFreezable(
                f"the feature {name!r} encodes the target by groups of an encoded target",
                expected="groups made of columns",
                do="Group by the columns themselves",
                feature=name,
            )
        return replace(node, args=(Literal(None, "float"),))

    return rebuild(root, change)


def _check_groups_of_targets(name: str, statistic: Reduce) -> None:
    """Refuse a statistic per group over an encoded target.

    Its values come from the serving form, which has seen every row's own label: with small groups
    it would hand a training row its label back.
    """
    if statistic.function == TARGET_MEAN or not statistic.by:
        return
    if any(below.function == TARGET_MEAN for below in _reduces(statistic)):
        raise NotFreezable(
            f"the feature {name!r} takes the {statistic.function} of an encoded target by groups",
            expected="an encoded target by itself, or in a statistic of all rows",
            do="Encode the target by those groups with ip.target_encode, which is out of fold",
            feature=name,
        )


def _check_statistic(name: str, statistic: Reduce) -> None:
    odd = [key for key in statistic.by if key.type not in KEY_TYPES]
    if odd:
        raise NotFreezable(
            f"the feature {name!r} groups by {Expr(odd[0])!r}, which is {odd[0].type}",
            expected=f"groups of {', '.join(KEY_TYPES)}",
            do='Make groups of it first, for example with .floor().cast("int") or .bucket([...])',
            feature=name,
        )
    function = statistic.function
    if function in DERIVED or (function in REDUCTIONS and not REDUCTIONS[function].ordered):
        return
    reason = reason_of(function)
    raise NotFreezable(
        f"the feature {name!r} uses the statistic {function!r}, {reason.why}",
        expected="a statistic with one value, or one per group, over the training rows, the same in "
        "whatever order they come",
        do=reason.do,
        feature=name,
        operation=function,
    )
