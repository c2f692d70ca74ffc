"""Statistics of the training rows: each stage in one query per set of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.expressions.reductions import reduction_sql, vocabulary_sql
from interplane.features.batch import table_from_arrow
from interplane.features.encodings import TARGET_MEAN, VOCABULARY
from interplane.features.freezing import Grouped
from interplane.features.targets import smoothed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Column, Node, Reduce
    from interplane.features.lookups import LookupTable
    from interplane.features.training_rows import TrainingRows

__all__ = ["compute"]

_COUNTS = ("count", "count_distinct")


def compute(
    rows: TrainingRows,
    stage: Sequence[Reduce],
    lookups: Mapping[str, LookupTable],
    *,
    label: Column | None,
) -> dict[Reduce, object]:
    """Return the statistics of one stage, as `freeze` asks for them.

    Args:
        rows: the training rows.
        stage: the statistics; nothing in them is a statistic.
        lookups: the tables of the stages before.
        label: the column of the label; rows without one are left out of target encodings.
    """
    rows.use(lookups)
    answers: dict[Reduce, object] = {}
    groups: dict[tuple[Node, ...], list[Reduce]] = {}
    for statistic in stage:
        if statistic.function == VOCABULARY:
            answers[statistic] = _vocabulary(rows, statistic)
        elif statistic.function == TARGET_MEAN and label is not None:
            answers[statistic] = smoothed(rows, statistic, label)
        else:
            groups.setdefault(statistic.by, []).append(statistic)
    for by, statistics in groups.items():
        answers.update(_grouped(rows, by, statistics) if by else _scalars(rows, statistics))
    return answers


def _vocabulary(rows: TrainingRows, statistic: Reduce) -> tuple[Any, ...]:
    top = int(dict(statistic.options)["top"])  # type: ignore[arg-type]
    source = rows.values({"x": statistic.args[0]})
    found = rows.query(vocabulary_sql("x", source=source, top=top))
    return tuple(found.column(0).to_pylist())


def _scalars(rows: TrainingRows, statistics: Sequence[Reduce]) -> dict[Reduce, object]:
    columns, aggregates = _aggregates(statistics)
    found = rows.query(f"SELECT {', '.join(aggregates)} FROM {rows.values(columns)}")
    return {each: found.column(place)[0].as_py() for place, each in enumerate(statistics)}


def _grouped(
    rows: TrainingRows, by: Sequence[Node], statistics: Sequence[Reduce]
) -> dict[Reduce, object]:
    columns, aggregates = _aggregates(statistics)
    keys = {f"k{place}": key for place, key in enumerate(by)}
    found = rows.groups(rows.values({**keys, **columns}), list(keys), aggregates)
    kinds = tuple(key.type for key in by)
    answers: dict[Reduce, object] = {}
    for place, each in enumerate(statistics):
        chosen = found.select([*keys, f"a{place}"])
        table = table_from_arrow(chosen, keys=kinds, value=each.type)
        answers[each] = Grouped(table, 0 if each.function in _COUNTS else None)
    return answers


def _aggregates(statistics: Sequence[Reduce]) -> tuple[dict[str, Node], list[str]]:
    """Return the columns that statistics need, and the aggregate of each over them."""
    columns: dict[str, Node] = {}
    aggregates = []
    for place, each in enumerate(statistics):
        columns[f"x{place}"] = each.args[0]
        where = None
        if each.where is not None:
            where = f"w{place}"
            columns[where] = each.where
        aggregates.append(f"{reduction_sql(each, f'x{place}', where=where)} AS a{place}")
    return columns, aggregates
