"""The rules of the project file: ``[[monitor]]`` tables to `Rule` values, each word of them checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.errors import ConfigError, did_you_mean
from interplane.monitoring.metrics import METRICS
from interplane.monitoring.rule_keys import READERS, At, text
from interplane.monitoring.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.monitoring.metrics import Metric

__all__ = ["read_rules"]

_KEYS: Final = Rule.__struct_fields__


def read_rules(
    plain: Sequence[Mapping[str, Any]], *, place: str = "interplane.toml"
) -> tuple[Rule, ...]:
    """Read the ``[[monitor]]`` tables of a project file.

    A rule without a name is called after its model, metric, window, reference and columns. One
    without a direction means the way that is bad for its metric.

    Args:
        plain: the tables.
        place: the file, for messages.

    Raises:
        ConfigError: naming the rule, the key and what was expected there.

    >>> [rule] = read_rules(
    ...     [{"model": "flights", "metric": "roc_auc", "at_least": 0.7, "window": "1d"}]
    ... )
    >>> rule.name, rule.direction
    ('flights-roc_auc-1d', 'down')
    """
    rules: dict[str, Rule] = {}
    for number, table in enumerate(plain, 1):
        rule = _read(table, number, place)
        if rule.name in rules:
            raise ConfigError(
                f"{place}: two rules are called {rule.name!r}",
                expected="a name of its own for each",
                do='Give one of them another: name = "…"',
                rule=rule.name,
            )
        rules[rule.name] = rule
    return tuple(rules.values())


def _read(table: Any, number: int, place: str) -> Rule:
    if not isinstance(table, dict):
        raise At(place, f"monitor {number}").not_it("it", table, "a table [[monitor]]")
    at = At(place, _called(table, number))
    for key in table:
        if key not in _KEYS:
            raise at.refuse(
                key,
                " is no setting of a rule",
                f"one of {', '.join(_KEYS)}",
                f"{did_you_mean(key, _KEYS)}Take it out or correct it",
            )
    metric = _metric(table, at)
    fields: dict[str, Any] = {
        "model": text(table, "model", at),
        "metric": metric.name,
        "direction": metric.bad,
    }
    for key, read in READERS.items():
        if key in table:
            fields[key] = read(key, table[key], at)
    fields["name"] = text(table, "name", at) if "name" in table else _name(fields)
    rule = Rule(**fields)
    _check(rule, metric, at)
    return rule


def _called(table: Mapping[str, Any], number: int) -> str:
    name = table.get("name")
    return f"rule {name!r}" if isinstance(name, str) and name else f"monitor {number}"


def _name(fields: Mapping[str, Any]) -> str:
    """Return a name that changes of thresholds, slices and owners do not change."""
    parts = [fields["model"], fields["metric"], fields.get("window", "1h")]
    if fields.get("against") is not None:
        parts.append(fields["against"].kind)
    return "-".join((*parts, *fields.get("columns", ())))


def _metric(table: Mapping[str, Any], at: At) -> Metric:
    name = text(table, "metric", at)
    if name not in METRICS:
        raise at.not_it(
            "metric",
            name,
            f"one of {', '.join(METRICS)}",
            f"{did_you_mean(name, METRICS)}Name one of them",
        )
    return METRICS[name]


def _check(rule: Rule, metric: Metric, at: At) -> None:
    bounded = rule.at_least is not None or rule.at_most is not None
    if rule.moves_by is None and not bounded:
        raise at.refuse(
            "moves_by",
            " is missing",
            "moves_by with against, or a bound: at_least, at_most",
            "Say from which size on it counts",
        )
    if rule.moves_by is not None and rule.against is None:
        raise at.refuse("against", " is missing", "what moves_by is measured against", "Say it")
    if rule.against is not None and rule.moves_by is None:
        raise at.refuse(
            "moves_by", " is missing", "the least effect that counts, as against is there", "Say it"
        )
    if rule.at_least is not None and rule.at_most is not None and rule.at_least > rule.at_most:
        raise at.refuse("at_least", f" is {rule.at_least:g}, above at_most", "a bound below it")
    _check_metric(rule, metric, at)


def _check_metric(rule: Rule, metric: Metric, at: At) -> None:
    bounded = rule.at_least is not None or rule.at_most is not None
    if metric.kind == "outside" and rule.against is not None:
        raise at.refuse(
            "against", f" does not go with {metric.name}", "bounds alone: at_most, at_least"
        )
    if metric.kind == "outside" and rule.slices:
        raise at.refuse("slices", f" do not go with {metric.name}", "none: it is one number")
    if metric.kind == "distance" and bounded:
        raise at.refuse(
            "at_most" if rule.at_most is not None else "at_least",
            f" does not go with {metric.name}",
            "moves_by: a distance is an effect already",
        )
    if metric.kind == "distance" and rule.direction != "up":
        raise at.not_it("direction", rule.direction, '"up": a distance has one way')
    if rule.columns and not metric.per_column and metric.name != "freshness":
        raise at.refuse("columns", f" do not go with {metric.name}", "no columns", "Take them out")
    if rule.against is not None and rule.against.kind == "baseline" and not metric.timeless:
        raise at.refuse(
            "against",
            f" is the baseline, which has no {metric.name}",
            '"previous", or { same = "hour-of-week", weeks = 4 }',
        )
    same = rule.against is not None and rule.against.kind in {"hour-of-day", "hour-of-week"}
    if same and rule.window not in {"1h", "1d"}:
        raise at.refuse(
            "against", f" is hours, and the window {rule.window}", 'a window "1h" or "1d"'
        )
