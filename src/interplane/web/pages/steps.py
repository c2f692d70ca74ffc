"""The steps of a run: how each went, why it ran or was reused, and what it hangs on.

What a step stands on is in its key: so how two runs of it differ can be told from what is on record,
without the project's code.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.pipeline.reasons import reasons
from interplane.project.runs import find_run
from interplane.record import Digest, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from interplane.project.chronicle import Planes
    from interplane.project.runs import RunInfo
    from interplane.record import StepKey, StepRun
    from interplane.storage.store import Store

__all__ = ["StepBar", "Steps", "known_names"]

_LOOKED_BACK: Final = 20
_WHYS: Final = {
    "reused": "the same code, inputs and parameters",
    "ready": "what it needs is there: it comes next or is reused",
    "killed": "it was at work when the run was killed",
}


class StepBar(Value, frozen=True, kw_only=True):
    """A step of a run: how it went, and where it lies in the run's time.

    Attributes:
        step: its name.
        went: done, reused, failed or skipped; in a run that goes on also waiting (for others), ready
            (next, or reused, which shows when a later step has ended), or running; in one that was
            killed also killed, which was running then.
        why: why it ran, was reused or skipped.
        of_run: the run that it was reused from.
        begin: when it began, in seconds after the run; 0 for what was reused or skipped.
        seconds: how long it took; 0 while it is at work.
        since: when it began, where it is at work, or was when the run was killed; else empty.
        attempts: how often it was tried.
        made: what it made, by the name of the output.
        error: why it failed.
        has_log: whether it wrote anything.
        unfollowed: what of its code could not be followed.
    """

    step: str
    went: str
    why: str
    of_run: Digest | None
    begin: float
    seconds: float
    since: str
    attempts: int
    made: dict[str, str]
    error: str
    has_log: bool
    unfollowed: tuple[str, ...]


class Called(NamedTuple):
    """What a record is called, and where it is shown."""

    name: str
    href: str


def known_names(planes: Planes) -> dict[Digest, Called]:
    """Return the names of data versions and crossings."""
    names = {
        each.version: Called(f"{each.dataset}@{each.number}", f"/data/{each.dataset}/{each.number}")
        for each in planes.data
    }
    for each in planes.crossings:
        names[each.crossing] = Called(
            f"{each.model}@{each.number}", f"/models/{each.model}/{each.number}"
        )
    return names


class Steps:
    """The steps of one run.

    Args:
        store: where it is.
        info: the run.
        planes: what happened in the project.
        at_work: the steps that have begun and not ended, and when, in seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        info: RunInfo,
        planes: Planes,
        *,
        at_work: Mapping[str, float | None] | None = None,
    ) -> None:
        self._info = info
        self._at_work = at_work or {}
        self._names = known_names(planes)
        self._names_of_steps = {*info.run.parameters, *info.steps}
        self._before = _keys_before(store, info, planes, wanted=self._names_of_steps)
        keys = {name: done.key for name, done in info.step_runs.items()}
        self.keys: Mapping[str, StepKey] = (
            {**self._before, **keys}
            if _goes_on(info)
            else {
                **{name: self._before[name] for name in info.steps if name in self._before},
                **keys,
            }
        )
        # Runs of before said not what their steps take: of these, what keys say.
        self._order = tuple(info.run.takes or self.keys)
        self._known = frozenset(self._order)
        self._makers = {
            output: name for name, key in self.keys.items() for output in (*key.outputs, name)
        }

    def parents(self, step: str) -> list[str]:
        """Return the steps and inputs that a step takes, by name."""
        if step in self._info.run.takes:
            return list(self._info.run.takes[step])
        key = self.keys.get(step)
        taken = () if key is None else key.inputs
        return list(dict.fromkeys(self._makers.get(n, n) for n in taken if "." not in n))

    def inputs(self) -> list[str]:
        """Return the names of the inputs that no step makes."""
        every = (name for step in self._order for name in self.parents(step))
        return list(dict.fromkeys(name for name in every if name not in self._known))

    def called(self, name: str) -> Called | None:
        """Return what an input is called that a run declared."""
        digest = self._info.run.inputs.get(name)
        return None if digest is None else self._names.get(digest)

    def bars(self) -> list[StepBar]:
        """Return the steps in the order in which they ran, then those that did not yet."""
        went = self._went()
        return [self._bar(name, word) for name, word in went.items()]

    def _went(self) -> dict[str, str]:
        """Return how each step went, or goes."""
        went = dict(self._info.steps)
        if not _goes_on(self._info):
            went.update(dict.fromkeys(self._at_work, "killed"))
            left = (name for name in self._order if name not in went)
            return {**went, **dict.fromkeys(left, "skipped")}
        ended = set(went)
        # What a step that has ended here took was made before, in this run or an earlier one.
        waiting = [name for name in ended for name in self.parents(name)]
        while waiting:
            name = waiting.pop()
            if name in self._known and name not in went:
                went[name] = "reused"
                waiting += self.parents(name)
        failed = {name for name, word in went.items() if word in {"failed", "skipped"}}
        for name in self._order:  # parents first
            if name in went:
                continue
            above = [each for each in self.parents(name) if each in self._known]
            if failed & set(above):
                went[name] = "skipped"
                failed.add(name)
                continue
            is_ready = all(went.get(each) in {"done", "reused"} for each in above)
            went[name] = "ready" if is_ready else "waiting"
        unknown = sorted(self._names_of_steps - set(went))  # they never ran before
        went.update(dict.fromkeys(unknown, "waiting"))
        return {**went, **dict.fromkeys(self._at_work, "running")}

    def _bar(self, name: str, went: str) -> StepBar:
        done = self._info.step_runs.get(name)
        is_here = done is not None and went != "reused" and done.run == self._info.digest
        begun = datetime.fromisoformat(self._info.run.started_at)
        since = self._since(name)
        begin = 0.0
        if since is not None:
            begin = max((since - begun).total_seconds(), 0.0)
        elif done is not None and is_here:
            begin = _after(begun, done)
        return StepBar(
            step=name,
            went=went,
            why=self._why(name, went, done),
            of_run=done.run if done is not None and not is_here else None,
            begin=begin,
            seconds=done.duration_s if done is not None and is_here and since is None else 0.0,
            since="" if since is None else since.isoformat().replace("+00:00", "Z"),
            attempts=1 if done is None else done.attempts,
            made={} if done is None else {key: out.summary for key, out in done.outputs.items()},
            error=(done.error or "") if done is not None else "",
            has_log=name in self._at_work or (done is not None and done.log is not None),
            unfollowed=() if done is None else done.key.unfollowed,
        )

    def _since(self, name: str) -> datetime | None:
        """Return when a step began that is at work."""
        at = self._at_work.get(name)
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def _why(self, name: str, went: str, done: StepRun | None) -> str:
        if went in _WHYS:
            return _WHYS[went]
        if went == "skipped":
            steps = self._info.steps
            if name not in steps and not _goes_on(self._info):
                return "the run ended before it began"
            failed = [step for step in self._above(name) if steps.get(step) == "failed"]
            return f"{', '.join(failed)} failed" if failed else "what it needs failed"
        if went == "waiting":
            is_known = name in self._known
            return "what it needs has not ended" if is_known else "it never ran before"
        if done is None:
            return "what it needs is there"
        return "; ".join(reasons(self._before.get(name), done.key, self._label))

    def _above(self, step: str) -> Iterator[str]:
        """Yield every step that a step hangs on."""
        seen: set[str] = set()
        waiting = [step]
        while waiting:
            for above in self.parents(waiting.pop()):
                if above in self._known and above not in seen:
                    seen.add(above)
                    waiting.append(above)
                    yield above

    def _label(self, parameter: str, before: Digest | None, now: Digest | None) -> str:
        name, _, part = parameter.partition(".")
        if part:
            return f"the schema of {name} changed"
        if before is None or now is None:
            return f"it takes {name} now" if before is None else f"it takes no {name} now"
        if name in self._makers:
            return f"{name} came out differently"
        old, new = self._names.get(before), self._names.get(now)
        if old is None or new is None:
            return f"another {name}" + ("" if new is None else f": {new.name}")
        return f"{new.name} instead of {old.name}"


def _goes_on(info: RunInfo) -> bool:
    return info.status == "running"


def _after(begun: datetime, done: StepRun) -> float:
    return max((datetime.fromisoformat(done.started_at) - begun).total_seconds(), 0.0)


def _keys_before(
    store: Store, info: RunInfo, planes: Planes, *, wanted: AbstractSet[str]
) -> dict[str, StepKey]:
    """Return the key of each step the last time that it was done before a run began."""
    found: dict[str, StepKey] = {}
    for digest in islice(_earlier(info, planes), _LOOKED_BACK):
        for name, done in find_run(store, digest).step_runs.items():
            if done.status == "done":
                found.setdefault(name, done.key)
        if wanted <= set(found):
            break
    return found


def _earlier(info: RunInfo, planes: Planes) -> Sequence[Digest]:
    """Return the runs of the same pipeline before one, the last first."""
    runs = [each.run for each in planes.runs if each.pipeline == info.run.pipeline]
    place = runs.index(info.digest) if info.digest in runs else len(runs)
    return runs[:place][::-1]
