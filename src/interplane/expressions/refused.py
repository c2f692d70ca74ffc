"""What other libraries have and expressions have not: why, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from interplane.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FUNCTIONS",
    "KINDS",
    "OF_TABLES",
    "Refusal",
    "UnknownMethod",
    "find_refusal",
    "refusing",
]


class UnknownMethod(ExpressionError, AttributeError):
    """What is written has no such method; also an ``AttributeError``, so that ``hasattr`` says no."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of operations that have no exact twin for one row.

    Attributes:
        names: what they are called, here and there.
        prefixes: what further names of theirs begin with.
        reason: why they are refused.
        do: what to write instead.
    """

    names: tuple[str, ...]
    reason: str
    do: str
    prefixes: tuple[str, ...] = ()


KINDS: tuple[Refusal, ...] = (
    Refusal(
        (
            *("lag", "lead", "shift", "diff", "pct_change", "rank", "dense_rank", "percent_rank"),
            *("row_number", "ntile", "cumsum", "cumprod", "cummax", "cummin", "cumcount"),
            *("rolling", "expanding", "ewm", "ffill", "bfill", "forward_fill", "backward_fill"),
            *("interpolate", "sort", "sort_by", "order_by", "head", "tail", "arg_max", "arg_min"),
        ),
        "it depends on the other rows and their order, and one row that is served has neither",
        'Compute it in a data step; or over time, in a feature view: x.mean().over(ip.last("7d"))',
        prefixes=("rolling_", "cum_", "ewm_"),
    ),
    Refusal(
        ("apply", "map", "map_elements", "map_batches", "applymap", "transform", "udf"),
        "a Python function has no twin on the engine",
        "Write it with the operations there are, or declare both twins with @ip.operation",
    ),
    Refusal(
        ("now", "today", "utcnow", "current_date", "current_timestamp", "current_time"),
        "the clock shows another time when a model is trained than when a row is served",
        "Read the prediction time: the column that ip.features(time=…) names",
    ),
    Refusal(
        ("random", "rand", "randint", "sample", "shuffle", "uuid"),
        "it gives another value each time",
        'Draw by a key: x.hash_bucket(10), or (x + "some salt").hash_bucket(10)',
    ),
    Refusal(
        ("hash",),
        "each engine, and each version of one, has its own",
        "Write x.hash_bucket(n) for a bucket, x.md5() or x.sha256() for a name",
    ),
    Refusal(
        ("strftime", "to_char", "format"),
        "the engine and Python write years, names and fractions differently",
        'Put it together: t.year().cast("str") + "-" + t.month().cast("str").lpad(2, "0"), t.day_name()',
    ),
    Refusal(
        ("strptime", "to_datetime", "str_to_time"),
        "the engine and Python read dates differently",
        'Write s.cast("date") or s.cast("timestamp") for ISO texts; read others in a data step',
    ),
    Refusal(
        ("reverse",),
        "the engine turns round what people see as letters, and Python code points",
        "Declare what you mean with @ip.operation",
    ),
    Refusal(
        ("levenshtein", "damerau_levenshtein", "jaccard", "jaro_winkler_similarity"),
        "the engine counts bytes",
        "Declare both twins with @ip.operation",
    ),
    Refusal(
        ("ilike",),
        "what is the same letter in another case differs",
        "Write s.lower().like(pattern)",
    ),
    Refusal(
        ("split", "explode", "unnest", "list", "arr", "struct", "json"),
        "a value here is one number, text, time or truth",
        "Write s.split_part(separator, index), s.count_parts(separator), or prepare it in a data step",
    ),
    Refusal(
        ("join", "merge", "join_asof", "merge_asof", "union", "concat_tables", "append"),
        "another table's rows are not in the row that is served",
        "Join it in a data step; what changes over time, as a feature view: "
        'def features_of(flight, weather=weather_view.by("origin"))',
    ),
    Refusal(
        ("filter", "group_by", "groupby", "agg", "aggregate"),
        "an expression is of one row",
        "Write x.mean(where=condition, by=[key]) for statistics of the training rows",
    ),
)
"""Every kind that is refused by name."""

FUNCTIONS = frozenset(
    (*KINDS[2].names, *KINDS[3].names, "udf", "lag", "lead", "rank", "row_number", "ntile")
)
"""The names that people look for in the package itself: ``ip.now()``."""

OF_TABLES = frozenset(
    (*KINDS[-2].names, *KINDS[-1].names, "sort", "sort_by", "order_by", "head", "tail")
)
"""What tables have, and people ask of the row: ``flight.join(other)``."""


def find_refusal(name: str) -> Refusal | None:
    """Return why there is no operation of this name, or None if nothing is known of it.

    >>> find_refusal("rolling_mean").do[:27]
    'Compute it in a data step; '
    """
    for kind in KINDS:
        if name in kind.names or name.startswith(kind.prefixes or ("\0",)):
            return kind
    return None


def refusing(name: str, kind: Refusal, written: str) -> Callable[..., NoReturn]:
    """Return what stands for a refused operation: called, it says so.

    Args:
        name: the operation.
        kind: why it is refused.
        written: how the author wrote it, up to its parentheses.
    """

    def refused(*args: object, **options: object) -> NoReturn:
        del args, options
        raise ExpressionError(
            f"{written}() cannot be: {kind.reason}",
            expected="an operation that is the same for a table and for one row",
            do=kind.do,
            operation=name,
        )

    return refused
