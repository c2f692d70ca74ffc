"""The section of the project file that says what two people have to agree on: ``[approval]``."""

from __future__ import annotations

from typing import Any

from interplane.errors import ConfigError
from interplane.record.base import Value
from interplane.record.durations import parse_duration
from interplane.record.sections import read_section

__all__ = ["ApprovalConfig", "read_approval"]

_DO = "Mend [approval] in the project file"


class ApprovalConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What two people have to agree on.

    Attributes:
        second_person: what is live of a model changes (deploying, promoting, rolling back) only
            when one person asked for it and another, by the name on record, does the same. Ending a
            canary or a shadow leaves what is live, and needs one.
        within: for how long what was asked for may be confirmed (``1d``).
        canary_up_to: the largest share of the requests that one person may give a canary; more of
            them is as good as live.
    """

    second_person: bool = False
    within: str = "1d"
    canary_up_to: float = 0.5

    @property
    def within_s(self) -> float:
        """``within`` in seconds.

        >>> ApprovalConfig().within_s
        86400.0
        """
        return parse_duration(self.within) or 0.0


def read_approval(plain: Any, *, place: str) -> ApprovalConfig:
    """Read the section.

    Raises:
        ConfigError: if it says something that Interplane does not know, or that makes no sense.

    >>> read_approval({"second_person": True}, place="here").within
    '1d'
    """
    config = read_section(
        plain,
        ApprovalConfig,
        place=place,
        name="approval",
        example="for example second_person = true",
        do=_DO,
    )
    if parse_duration(config.within) is None:
        raise ConfigError(
            f"{place}: approval.within is {config.within!r}",
            expected="a length of time such as 90m, 6h or 2d",
            do=_DO,
        )
    if not 0 <= config.canary_up_to <= 1:
        raise ConfigError(
            f"{place}: approval.canary_up_to is {config.canary_up_to!r}",
            expected="a share from 0 to 1",
            do=_DO,
        )
    return config
