"""What a canary has to show before it is promoted: the section ``[rollout]`` of the project file."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import ConfigError, did_you_mean
from interplane.record.base import Value
from interplane.record.durations import parse_duration
from interplane.record.sections import read_section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CRITERIA", "CanaryPolicy", "check_policy", "read_policy"]

CRITERIA: Final = (
    *("errors", "slow", "latency", "positive_rate", "mean_score", "scores"),
    *("auc", "log_loss", "mae"),
)
"""What canaries are judged by; the last three need outcomes."""


_SHARES: Final = ("errors", "slow", "positive_rate", "scores", "auc", "max_skew")
_RULES: Final[tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...]] = (
    (_SHARES, lambda share: 0 <= share <= 1, "a share from 0 to 1"),
    (
        ("mean_score", "log_loss", "mae"),
        lambda number: 0 <= number < inf,
        "a number that is not below 0",
    ),
    (("alpha",), lambda chance: 0 < chance < 0.5, "a chance between 0 and 0.5, for example 0.05"),
    (("latency",), lambda ratio: 1 <= ratio < inf, "a ratio from 1, for example 1.5"),
    (("min_rows", "min_outcomes", "audit_rows"), lambda count: count >= 1, "1 or more"),
)


class CanaryPolicy(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a canary is promoted, and when it is rolled back.

    A margin is the harm that would be put up with: more of it, proved, rolls the canary back; less
    of it has to be proved before it is promoted.

    Attributes:
        min_rows: the least rows that the canary has answered before it is promoted.
        min_time: the least time that it has answered for (``1h``).
        max_time: when it is rolled back if nothing was shown by then (``7d``).
        alpha: the chance that a canary within all margins is rolled back for harm, over all looks;
            and that one beyond a margin is promoted.
        errors: margin of the share of requests that could not be answered with a score.
        slow: margin of the share of requests slower than the slowest hundredth of the live crossing.
        latency: how many times as long as the live crossing's the median request may take.
        positive_rate: margin of the share of positive answers, either way.
        mean_score: margin of the mean score, either way, in standard deviations of the live scores.
        scores: margin of the share of scores below any edge of the bins, either way.
        auc: margin of the area under the ROC curve.
        log_loss: margin of the log loss.
        mae: margin of the mean absolute error, as a part of the live crossing's.
        leave_out: criteria that are not judged, by name.
        min_outcomes: the least outcomes of either crossing before quality is judged.
        needs_outcomes: quality has to be judged before the canary is promoted.
        audit: its skew is audited before it is promoted.
        audit_rows: how many of its predictions.
        max_skew: the greatest skew rate with which a crossing goes live without force.
    """

    min_rows: int = 1000
    min_time: str = "1h"
    max_time: str = "7d"
    alpha: float = 0.05
    errors: float = 0.01
    slow: float = 0.02
    latency: float = 1.5
    positive_rate: float = 0.05
    mean_score: float = 0.25
    scores: float = 0.15
    auc: float = 0.02
    log_loss: float = 0.02
    mae: float = 0.05
    leave_out: tuple[str, ...] = ()
    min_outcomes: int = 200
    needs_outcomes: bool = False
    audit: bool = True
    audit_rows: int = 500
    max_skew: float = 0.01

    @property
    def min_time_s(self) -> float:
        """``min_time`` in seconds.

        >>> CanaryPolicy().min_time_s
        3600.0
        """
        return parse_duration(self.min_time) or 0.0

    @property
    def max_time_s(self) -> float:
        """``max_time`` in seconds."""
        return parse_duration(self.max_time) or 0.0


def read_policy(plain: Mapping[str, Any], *, place: str = "interplane.toml") -> CanaryPolicy:
    """Read the section ``[rollout]`` and check it.

    Raises:
        ConfigError: if it says something that Interplane does not know, or that makes no sense.

    >>> read_policy({"min_rows": 500, "max_time": "2d"}).max_time_s
    172800.0
    """
    policy = read_section(
        plain,
        CanaryPolicy,
        place=place,
        name="rollout",
        example='for example min_rows = 1000 and min_time = "1h"',
    )
    check_policy(policy, place=place)
    return policy


def check_policy(policy: CanaryPolicy, *, place: str = "interplane.toml") -> None:
    """Refuse a policy that makes no sense.

    Raises:
        ConfigError: for a length of time that is none, a share beyond 1, an unknown criterion.
    """
    for name in ("min_time", "max_time"):
        if parse_duration(getattr(policy, name)) is None:
            raise _wrong(place, name, policy, "a length of time such as 90m, 6h or 2d")
    if policy.max_time_s <= policy.min_time_s:
        raise _wrong(place, "max_time", policy, f"more than min_time, which is {policy.min_time}")
    for names, is_right, expected in _RULES:
        for name in names:
            if not is_right(getattr(policy, name)):
                raise _wrong(place, name, policy, expected)
    for name in policy.leave_out:
        if name not in CRITERIA:
            raise ConfigError(
                f"{place}: rollout.leave_out names the criterion {name!r}",
                expected=f"some of {', '.join(CRITERIA)}",
                do=f"{did_you_mean(name, CRITERIA)}Take it out or correct it",
            )


def _wrong(place: str, name: str, policy: CanaryPolicy, expected: str) -> ConfigError:
    return ConfigError(
        f"{place}: rollout.{name} is {getattr(policy, name)!r}", expected=expected, do="Mend it"
    )
