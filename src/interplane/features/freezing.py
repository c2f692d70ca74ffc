"""How written features become frozen ones, without an engine: refuse, compute in stages, replace.

`freeze` asks for the statistics of one stage at a time: those whose own arguments hold no further
statistic, or only such that are known by now.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from interplane.errors import NotFreezable
from interplane.expressions.expr import Expr
from interplane.expressions.nodes import Call, Column, Literal, Lookup, Node, Reduce, children
from interplane.expressions.operations import TABLE
from interplane.expressions.reductions import REDUCTIONS
from interplane.features.encodings import TARGET_MEAN, OneHot
from interplane.features.lookups import KEY_TYPES, LookupTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from interplane.expressions.nodes import Constant

__all__ = ["FrozenParts", "Grouped", "check", "freeze", "parts_of", "rebuild"]


@dataclass(frozen=True)
class Grouped:
    """What a grouped statistic came to: a value per group, and what stands for all other groups."""

    table: LookupTable
    default: Constant


@dataclass(frozen=True)
class FrozenParts:
    """What is left of the features: expressions of one row, and the tables they look up.

    Attributes:
        features: the expressions by name, all of type float.
        lookups: the tables by name.
        targets: which of them hold a target encoding, with the statistic they came from.
    """

    features: Mapping[str, Node]
    lookups: Mapping[str, LookupTable]
    targets: Mapping[str, Reduce] = field(default_factory=dict)


def freeze(
    written: Mapping[str, Expr | OneHot],
    compute: Callable[[Sequence[Reduce], Mapping[str, LookupTable]], Mapping[Reduce, object]],
) -> FrozenParts:
    """Replace every statistic by its value.

    Args:
        written: the features by name, checked.
        compute: gives the statistics of one stage, by the statistic, over the training rows; the
            lookup tables of the stages before are given to it.
    """
    known: dict[Reduce, object] = {}
    lookups: dict[str, LookupTable] = {}
    targets: dict[str, Reduce] = {}
    replaced: dict[Reduce, Node] = {}
    pending = _statistics(written)
    while pending:
        ready = [found for found in pending if _ready(found, replaced)]
        resolved = {found: _resolve(found, replaced) for found in ready}
        answers = compute(list(dict.fromkeys(resolved.values())), lookups)
        for found in ready:
            answer = known[found] = answers[resolved[found]]
            name = f"{found.function}_{len(lookups)}"
            replaced[found] = _replacement(resolved[found], answer, name=name)
            if isinstance(answer, Grouped):
                lookups[name] = answer.table
                if found.function == TARGET_MEAN:
                    targets[name] = resolved[found]
        pending = [found for found in pending if found not in replaced]
    return FrozenParts(_features(written, known, replaced), lookups, targets)


def parts_of(root: Node) -> Iterator[Node]:
    """Yield the node and all below it, parents first; a shared object comes once."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(reversed(children(node)))


def rebuild(root: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return the tree with ``change(node)`` in place of each node for which it is not None."""
    made: dict[int, Node] = {}

    def build(node: Node) -> Node:
        if id(node) not in made:
            changed = change(node)
            made[id(node)] = _with_children(node, build) if changed is None else changed
        return made[id(node)]

    return build(root)


def _with_children(node: Node, build: Callable[[Node], Node]) -> Node:
    match node:
        case Call():
            return replace(node, args=tuple(map(build, node.args)))
        case Lookup():
            return replace(node, keys=tuple(map(build, node.keys)))
        case Reduce():
            return replace(
                node,
                args=tuple(map(build, node.args)),
                where=None if node.where is None else build(node.where),
                by=tuple(map(build, node.by)),
            )
        case _:
            return node


def _statistics(written: Mapping[str, Expr | OneHot]) -> list[Reduce]:
    """Return every statistic once, those below others first, in the order of the features."""
    found: dict[Reduce, None] = {}
    for feature in written.values():
        root = feature.vocabulary if isinstance(feature, OneHot) else feature.node
        inside = [node for node in parts_of(root) if isinstance(node, Reduce)]
        found.update(dict.fromkeys(reversed(inside)))
    return list(found)


def _ready(statistic: Reduce, replaced: Mapping[Reduce, Node]) -> bool:
    below = (node for node in parts_of(statistic) if node is not statistic)
    return all(node in replaced for node in below if isinstance(node, Reduce))


def _resolve(statistic: Reduce, replaced: Mapping[Reduce, Node]) -> Reduce:
    resolved = rebuild(
        statistic,
        lambda node: (
            replaced.get(node) if isinstance(node, Reduce) and node is not statistic else None
        ),
    )
    assert isinstance(resolved, Reduce)  # noqa: S101  its own root is never replaced
    return resolved


def _replacement(statistic: Reduce, answer: object, *, name: str) -> Node:
    match answer:
        case Grouped(default=default):
            return Lookup(name, statistic.by, Literal(default, statistic.type), statistic.type)
        case tuple():
            return statistic  # a vocabulary never stands inside an expression
        case _:
            return Literal(answer, statistic.type)  # type: ignore[arg-type]


def _features(
    written: Mapping[str, Expr | OneHot],
    known: Mapping[Reduce, object],
    replaced: Mapping[Reduce, Node],
) -> dict[str, Node]:
    def frozen(node: Node) -> Node:
        return rebuild(node, lambda part: replaced.get(part) if isinstance(part, Reduce) else None)

    features: dict[str, Node] = {}
    seen: set[str] = set()
    for name, feature in written.items():
        if isinstance(feature, OneHot):
            vocabulary = known[feature.vocabulary]
            spread = feature.expand(frozen(feature.x.node), vocabulary)  # type: ignore[arg-type]
            named = {f"{name}_{suffix}": part.node for suffix, part in spread.items()}
        else:
            named = {name: as_float(Expr(frozen(feature.node)))}
        for full, node in named.items():
            if full.lower() in seen:
                raise NotFreezable(
                    f"two features are named {full!r}, one of them from the one-hot {name!r}",
                    expected="names that differ, also in lower case and after a one-hot has been spread out",
                    do="Rename one of them",
                )
            seen.add(full.lower())
            features[full] = node
    return features


def as_float(feature: Expr) -> Node:
    """Return a feature as a float: 1.0 and 0.0 for true and false, the same number for an int."""
    return feature.node if feature.node.type == "float" else feature.cast("float").node


# ---- what is refused ------------------------------------------------------------------------


def check(written: Mapping[str, Expr | OneHot], *, label: str | None) -> None:
    """Refuse every feature without an exact twin for one row, and every leak of the label.

    Raises:
        NotFreezable: naming the feature and what in it cannot be frozen, with what to do instead.
    """
    for name, feature in written.items():
        if isinstance(feature, OneHot):
            _check_node(name, feature.x.node, label=label)
        else:
            _check_type(name, feature)
            _check_node(name, feature.node, label=label)


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
            case Call(op=op) if op not in TABLE:
                raise NotFreezable(
                    f"the feature {name!r} uses the operation {op!r}",
                    expected="an operation of the table, which has an exact twin for one row",
                    do="Prepare it in a data step; docs/operations.md lists what there is",
                    feature=name,
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


def _check_statistic(name: str, statistic: Reduce) -> None:
    odd = [key for key in statistic.by if key.type not in KEY_TYPES]
    if odd:
        raise NotFreezable(
            f"the feature {name!r} groups by {Expr(odd[0])!r}, which is {odd[0].type}",
            expected=f"groups of {', '.join(KEY_TYPES)}",
            do='Make groups of it first, for example with .floor().cast("int") or .bucket([...])',
            feature=name,
        )
    if statistic.function not in REDUCTIONS and statistic.function != TARGET_MEAN:
        raise NotFreezable(
            f"the feature {name!r} uses the statistic {statistic.function!r}",
            expected="a statistic with one value, or one per group, over the training rows",
            do="Prepare it in a data step; docs/operations.md lists what there is",
            feature=name,
        )
