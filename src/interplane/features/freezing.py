"""How written features become frozen ones, without an engine: compute in stages, and replace.

`freeze` asks for the statistics of one stage at a time: those whose own arguments hold no further
statistic, or only such that are known by now. Those that pool rare groups are known a pass later, which
the next stage begins in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from msgspec import structs

from interplane.errors import DataError, NotFreezable
from interplane.expressions.expr import Expr, if_else
from interplane.expressions.nodes import Literal, Lookup, Node, Reduce
from interplane.expressions.operations import call
from interplane.expressions.render import render
from interplane.expressions.trees import parts_of, rebuild
from interplane.features.derived import TARGET_MEAN, VOCABULARY
from interplane.features.encodings import OneHot
from interplane.features.training import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.features.lookups import LookupTable

__all__ = ["Cuts", "FrozenParts", "Grouped", "freeze"]


@dataclass(frozen=True)
class Grouped:
    """What a grouped statistic came to: a value per group, and what stands for all other groups."""

    table: LookupTable
    default: Constant


@dataclass(frozen=True)
class Cuts:
    """Edges of buckets in rising order, which the fit found; none where no row has a value."""

    edges: tuple[Constant, ...]


@dataclass(frozen=True)
class FrozenParts:
    """What is left of the features: expressions of one row, and the tables they look up.

    Attributes:
        features: the expressions by name, all of type float.
        lookups: the tables by name.
        targets: which of them hold a target encoding, with the statistic they came from.
        stages: what was computed one after the other.
        written: the statistic that each table was, as text.
    """

    features: Mapping[str, Node]
    lookups: Mapping[str, LookupTable]
    targets: Mapping[str, Reduce] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)


def freeze(
    written: Mapping[str, Expr | OneHot],
    compute: Callable[[Sequence[Reduce], Mapping[str, LookupTable]], Mapping[Reduce, object]],
) -> FrozenParts:
    """Replace every statistic by its value.

    Args:
        written: the features by name, checked.
        compute: goes over the training rows once, for the statistics of a stage and what waited for
            this pass (`Passes`), and gives what is known then, by the statistic; the lookup tables of
            the passes before are given to it.

    Raises:
        DataError: if no feature is left, as no vocabulary has a value.
    """
    known: dict[Reduce, object] = {}
    replaced: dict[Reduce, Node] = {}
    asked: dict[Reduce, Reduce] = {}  # each as it is computed: what it stands on is replaced
    names: dict[Reduce, str] = {}
    lookups: dict[str, LookupTable] = {}
    stages: list[Stage] = []
    pending = _statistics(written)
    while pending:
        ready = [found for found in pending if found not in asked and _ready(found, replaced)]
        asked |= {found: _resolve(found, replaced) for found in ready}
        for found in ready:
            if found.by:
                names[found] = f"{found.function}_{len(names)}"
        stage = list(dict.fromkeys(asked[found] for found in ready))
        answers = compute(stage, lookups)
        stages = [*stages, _stage(stage)] if stage else _once_more(stages)
        for found in [each for each in pending if asked.get(each) in answers]:
            answer = known[found] = answers[asked[found]]
            replaced[found] = _replacement(asked[found], answer, name=names.get(found, ""))
            if isinstance(answer, Grouped):
                lookups[names[found]] = answer.table
        pending = [found for found in pending if found not in replaced]
    targets = {name: asked[found] for found, name in names.items() if found.function == TARGET_MEAN}
    tables = {name: lookups[name] for name in names.values()}
    features = _features(written, known, replaced)
    if not features:
        raise DataError(
            f"no feature is left of {', '.join(written)}: the vocabularies are empty",
            expected="at least one value that is no null, and frequent enough for its vocabulary",
            do="Look at the columns in the training rows, or ask less of min_share and top",
        )
    texts = {name: render(found) for found, name in names.items()}
    return FrozenParts(features, tables, targets, tuple(stages), texts)


def _stage(asked: Sequence[Reduce]) -> Stage:
    keys = {each.args if each.function == VOCABULARY else each.by for each in asked} - {()}
    return Stage(statistics=len(asked), groups=len(keys))


def _once_more(stages: Sequence[Stage]) -> list[Stage]:
    """Return the stages after a pass in which none began: the last one waited for it."""
    *before, last = stages
    return [*before, structs.replace(last, passes=last.passes + 1)]


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
    def known(node: Node) -> Node | None:
        return replaced.get(node) if isinstance(node, Reduce) else None

    return replace(
        statistic,
        args=tuple(rebuild(arg, known) for arg in statistic.args),
        where=None if statistic.where is None else rebuild(statistic.where, known),
        by=tuple(rebuild(key, known) for key in statistic.by),
    )


def _replacement(statistic: Reduce, answer: object, *, name: str) -> Node:
    match answer:
        case Grouped(default=default):
            return Lookup(name, statistic.by, Literal(default, statistic.type), statistic.type)
        case Cuts(edges=()):  # all that has a value is below every edge, as there is none
            return if_else(Expr(statistic.args[0]).not_null(), 0, None).node
        case Cuts(edges=edges):
            return call("bucket", statistic.args[0], edges=edges)
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
