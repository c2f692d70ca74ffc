"""The sections of the project file that the loop reads: monitors, owners, deliveries, triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.errors import ConfigError, did_you_mean
from interplane.monitoring.alerts.owners import DeliveryConfig, read_delivery, read_owners
from interplane.monitoring.rule_file import read_rules
from interplane.monitoring.triggers.parameters import check_parameters
from interplane.monitoring.triggers.trigger import read_triggers
from interplane.record import Value
from interplane.record.durations import parse_duration
from interplane.record.sections import read_section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.monitoring.alerts.owners import Owner
    from interplane.monitoring.rules import Rule
    from interplane.monitoring.triggers.trigger import Trigger

__all__ = ["SECTIONS", "MonitoringConfig", "is_reference", "read_sections"]

SECTIONS: Final = ("monitoring", "monitor", "owners", "delivery", "trigger")
"""The keys of the project file that `read_sections` reads."""

_LEAST_S: Final = 3600.0


class MonitoringConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all monitors share: ``[monitoring]``.

    Attributes:
        false_alarms: the chance of any false alarm in a day, over all rules.
        lateness: how late a prediction may come into the log and still be counted in time.
        keep_days: how long resolved alerts, judged windows and firings are kept, and the counts of
            hours; these for longer where a rule is about longer windows, or earlier ones.
        horizon: how far back hours are counted anew when late rows or outcomes come.
        expressions: where named expressions for slices are, as ``module:attribute``.
        audit_every: how often ``interplane up`` audits the skew of what is live, at least an hour;
            by hand alone if it is not said.
        audit_rows: how many predictions such an audit draws.
    """

    false_alarms: float = 0.05
    lateness: str = "2h"
    keep_days: int = 90
    horizon: str = "30d"
    expressions: str | None = None
    audit_every: str | None = None
    audit_rows: int = 500

    @property
    def lateness_us(self) -> int:
        """``lateness`` in microseconds.

        >>> MonitoringConfig().lateness_us
        7200000000
        """
        return int((parse_duration(self.lateness) or 0.0) * 1e6)

    @property
    def horizon_us(self) -> int:
        """``horizon`` in microseconds."""
        return int((parse_duration(self.horizon) or 0.0) * 1e6)

    @property
    def audit_every_s(self) -> float | None:
        """``audit_every`` in seconds; None where nothing is audited by itself."""
        return None if self.audit_every is None else parse_duration(self.audit_every)


def read_sections(document: Mapping[str, Any], *, place: str) -> dict[str, Any]:
    """Read the sections, and check that they fit together.

    Returns:
        The value of each of `SECTIONS`.

    Raises:
        ConfigError: if one says something that Interplane does not know, or that makes no sense.
    """
    rules = read_rules(_tables(document, "monitor", place), place=place)
    owners = read_owners(document.get("owners", {}), place=place)
    triggers = read_triggers(_tables(document, "trigger", place), place=place)
    monitoring = _monitoring(document.get("monitoring", {}), place)
    _check_rules(rules, owners, triggers, place)
    return {
        "monitoring": monitoring,
        "monitor": rules,
        "owners": owners,
        "delivery": _delivery(document, owners, place),
        "trigger": triggers,
    }


def is_reference(text: str) -> bool:
    """Return whether a text says where something is, as ``module:attribute``.

    >>> is_reference("late.flights:pipeline"), is_reference("flights")
    (True, False)
    """
    module, colon, attribute = text.partition(":")
    parts = (*module.split("."), attribute)
    return bool(colon) and all(part.isidentifier() for part in parts)


def _tables(document: Mapping[str, Any], name: str, place: str) -> list[Any]:
    tables = document.get(name, [])
    if not isinstance(tables, list):
        raise ConfigError(
            f"{place}: {name} is {tables!r}", expected=f"tables [[{name}]]", do="Mend it"
        )
    return tables


def _delivery(
    document: Mapping[str, Any], owners: Mapping[str, Owner], place: str
) -> DeliveryConfig:
    return read_delivery(document.get("delivery", {}), owners, place=place)


def _monitoring(plain: Any, place: str) -> MonitoringConfig:
    config = read_section(
        plain,
        MonitoringConfig,
        place=place,
        name="monitoring",
        example='for example false_alarms = 0.05 and lateness = "2h"',
    )
    _check_monitoring(config, place)
    return config


def _check_monitoring(config: MonitoringConfig, place: str) -> None:
    def wrong(name: str, expected: str) -> ConfigError:
        return ConfigError(
            f"{place}: monitoring.{name} is {getattr(config, name)!r}",
            expected=expected,
            do="Mend it",
        )

    if not 0 < config.false_alarms < 1:
        raise wrong("false_alarms", "a chance between 0 and 1, for example 0.05")
    if config.keep_days < 1:
        raise wrong("keep_days", "1 or more")
    for name in ("lateness", "horizon"):
        if parse_duration(getattr(config, name)) is None:
            raise wrong(name, "a length of time such as 2h or 30d")
    if config.horizon_us <= config.lateness_us:
        raise wrong("horizon", f"more than lateness, which is {config.lateness}")
    if config.audit_every is not None and (config.audit_every_s or 0.0) < _LEAST_S:
        raise wrong("audit_every", "a length of time of an hour or more, such as 6h or 1d")
    if config.audit_rows < 1:
        raise wrong("audit_rows", "1 or more")
    if config.expressions is not None and not is_reference(config.expressions):
        raise wrong("expressions", '"module:attribute", for example "slices:expressions"')


def _check_rules(
    rules: tuple[Rule, ...],
    owners: Mapping[str, Owner],
    triggers: tuple[Trigger, ...],
    place: str,
) -> None:
    names = {trigger.name for trigger in triggers}
    for rule in rules:
        if rule.owner and rule.owner not in owners:
            raise ConfigError(
                f"{place}: the owner {rule.owner!r} of the rule {rule.name!r} is nowhere",
                expected=f"a table [owners.{rule.owner}]; an empty one is told in the log",
                do=f"{did_you_mean(rule.owner, owners)}Add it, or correct the name",
            )
        if rule.then is None:
            continue
        if rule.name in names:
            raise ConfigError(
                f"{place}: a rule that starts runs and a trigger are called {rule.name!r}",
                expected="a name of its own for each: firings are known by it",
                do="Rename one of them",
            )
        check_parameters(rule.then.parameters, place=f"{place}: rule {rule.name!r}")
