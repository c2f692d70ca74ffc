"""Why a step runs: how its key differs from that of its last run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.record import Digest, StepKey

__all__ = ["Labels", "reasons"]

_SHOWN = 4


class Labels(Protocol):
    """Gives words to the inputs of a step."""

    def __call__(self, parameter: str, before: Digest | None, now: Digest | None) -> str:
        """Say how the input of a parameter changed, for example ``flights@5 instead of flights@4``."""
        ...


def reasons(before: StepKey | None, now: StepKey, labels: Labels) -> tuple[str, ...]:
    """Return why a step with the key ``now`` runs, when its last run had the key ``before``."""
    if before is None:
        return ("first run",)
    found = [
        *_code(before.code, now.code),
        *_parameters(before.parameters, now.parameters),
        *_inputs(before.inputs, now.inputs, labels),
        *_versions(before.distributions, now.distributions),
    ]
    if before.seed != now.seed:
        found.append("the seed changed")
    if before.outputs != now.outputs:
        found.append(f"its outputs are {', '.join(now.outputs)}")
    if before.unfollowed != now.unfollowed and not found:
        found.append("other code could not be followed")
    return tuple(found)


def _code(before: Mapping[str, Digest], now: Mapping[str, Digest]) -> list[str]:
    changed = [name for name in now if name in before and before[name] != now[name]]
    new = [name for name in now if name not in before]
    gone = [name for name in before if name not in now]
    words = [f"{_names(changed)} changed"] if changed else []
    if words:  # what was edited says more than what it now leads to
        return words
    words += [f"{_names(new)} is reached now"] if new else []
    words += [f"{_names(gone)} is reached no more"] if gone else []
    return words


def _names(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    more = f" and {len(quoted) - _SHOWN} more" if len(quoted) > _SHOWN else ""
    return ", ".join(quoted[:_SHOWN]) + more


def _parameters(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    words = []
    for name in sorted(before.keys() | now.keys()):
        if name not in before:
            words.append(f"{name} {now[name]} is new")
        elif name not in now:
            words.append(f"{name} is gone")
        elif repr(before[name]) != repr(now[name]):  # 2 and 2.0 differ
            words.append(f"{name} {now[name]} instead of {before[name]}")
    return words


def _inputs(before: Mapping[str, Digest], now: Mapping[str, Digest], labels: Labels) -> list[str]:
    names = [*now, *(name for name in before if name not in now)]
    return [
        labels(name, before.get(name), now.get(name))
        for name in names
        if before.get(name) != now.get(name)
    ]


def _versions(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    words = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old != new and old is not None and new is not None:
            words.append(f"{name} {old} → {new}")
        elif old != new:
            words.append(f"{name} {new} is reached now" if new else f"{name} is reached no more")
    return words
