"""Why some things have no value for one row that a fit could freeze, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Reason", "reason_of"]


class Reason(NamedTuple):
    """Why something is refused, and what to do instead."""

    why: str
    do: str


_ORDER = Reason(
    "which depends on the order of the rows: a request is a row by itself",
    "Take it over a window of a feature view, which has an order in time: "
    'x.mean().over(ip.last("7d")), x.last().over(ip.last(1)); or prepare it in a data step',
)
_CHANCE = Reason(
    "which is another value each time: training and serving would differ",
    "Draw it in a data step, or take a number from the row: ip.hash_bucket(row.id, 100)",
)
_CLOCK = Reason(
    "which is another time when a request comes: training and serving would differ",
    "Use the prediction time, which is a column: flight.scheduled.days_since(flight.booked)",
)
_ELSEWHERE = Reason(
    "which reads other rows than its own",
    "Join it in a data step, or as a feature view, a parameter of the features",
)
_LIST = Reason(
    "whose value is a list",
    "Take a statistic with one value: x.quantile([0.1, 0.9]) gives an expression for each share; "
    "the most frequent values are ip.one_hot, ip.ordinal or ip.vocabulary",
)
_UNKNOWN = Reason(
    "which is not in the table: it has no exact twin for one row",
    "Prepare it in a data step; docs/operations.md lists what there is",
)

_NAMES: Mapping[Reason, str] = {
    _ORDER: (
        "first last lag lead nth first_value last_value cumsum cumulative_sum cummax cummin cumprod "
        "cumcount diff pct_change rank dense_rank percent_rank row_number ntile rolling ewm "
        "fill_forward fill_backward ffill bfill interpolate arg_max arg_min argmax argmin any_value"
    ),
    _CHANCE: "random rand randn uniform sample uuid gen_random_uuid shuffle",
    _CLOCK: "now today current_timestamp current_date current_time age utcnow",
    _ELSEWHERE: "join lookup merge exists subquery scalar_subquery in_subquery",
    _LIST: (
        "list array_agg collect collect_list collect_set group_concat string_agg histogram unique "
        "values top_k topk approx_top_k vocabulary quantiles"
    ),
}
_REASONS = {name: reason for reason, names in _NAMES.items() for name in names.split()}


def reason_of(name: str) -> Reason:
    """Return why an operation or a statistic of this name is refused.

    >>> reason_of("lag").why
    'which depends on the order of the rows: a request is a row by itself'
    """
    return _REASONS.get(name, _UNKNOWN)
