"""Watching a project's models: counts brought up to the log, windows judged, alerts written down."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from time import time_ns
from typing import TYPE_CHECKING, Self

from interplane.monitoring.metrics import get_metric
from interplane.project.journal import open_journal
from interplane.project.watched_model import WatchedModel, load_expressions
from interplane.storage.names import named_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.episodes import Change
    from interplane.monitoring.calendar import Window
    from interplane.monitoring.counting.advancing import Advanced
    from interplane.monitoring.counting.tally_memory import TallyMemory
    from interplane.monitoring.counting.windows import SqliteWindows
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.passes.compared import Comparing
    from interplane.monitoring.rules import Rule
    from interplane.project.project import Project

__all__ = ["Watched", "Watching", "look_at_models", "open_windows"]

_DAY_US = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What one look at a model found.

    Attributes:
        model: the model.
        now_us: the time of the look: the clock's, or in a replay the log's; microseconds since 1970.
        advanced: what was counted anew; None where nothing was ever predicted.
        judged: how many windows were judged, each under each of its rules.
        changes: what became of alerts, in order.
        unwatched: what rules name and no prediction has, each with why.
    """

    model: str
    now_us: int
    advanced: Advanced | None = None
    judged: int = 0
    changes: tuple[Change, ...] = ()
    unwatched: Mapping[str, str] = field(default_factory=dict)

    def alerts(self, kind: str) -> list[Alert]:
        """Return the alerts that were ``opened``, ``continued`` or ``resolved``."""
        return [change.alert for change in self.changes if change.kind == kind]

    def _repr_html_(self) -> str:
        from interplane.project.cards.monitors import watched_html

        return watched_html(self)


def open_windows(project: Project, *, memory: TallyMemory | None = None) -> SqliteWindows:
    """Open the counted windows of a project, made where there are none yet.

    Args:
        project: the project.
        memory: tallies that were merged before.

    Raises:
        StorageError: if they cannot be opened.
    """
    from interplane.monitoring.counting.windows import SqliteWindows

    _ = project.store  # the workspace is there from now on
    return SqliteWindows(project.workspace / "windows.sqlite", memory=memory)


def look_at_models(project: Project, *, now_us: int | None = None) -> list[Watched]:
    """Look at every model of a project once; see `Watching.look`."""
    with Watching(project) as watching:
        return watching.look(now_us=now_us)


class Watching:
    """Looks at models: what is new is counted, what is closed is judged, once.

    Killed anywhere and made again, it does nothing twice and leaves nothing out: counts are replaced
    hour by hour, and what follows from a window is one transaction of the journal.

    Args:
        project: the project.
        memory: tallies that were merged before.

    Attributes:
        windows: the counts.
        journal: alerts, deliveries, firings.
    """

    def __init__(self, project: Project, *, memory: TallyMemory | None = None) -> None:
        self._project = project
        self._ends = ExitStack()
        self.windows = open_windows(project, memory=memory)
        self._ends.callback(self.windows.close)
        self.journal = open_journal(project)
        self._ends.callback(self.journal.close)
        self._outcomes = project.open_outcomes()
        self._ends.callback(self._outcomes.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.close()

    def models(self) -> list[str]:
        """Return the models that rules are about, and all that were ever live, in order."""
        named = {rule.model for rule in self._project.config.monitor}
        catalog = self._project.store.catalog
        known = [name.partition("/")[2] for name in catalog.names("model/")]
        live = {name for name in known if catalog.pointer(named_pointer("model", name, "live"))}
        return sorted(live | (named & set(known)))

    def unknown(self) -> dict[str, str]:
        """Return the rules about models that there are not, and which these are."""
        known = set(self._project.store.catalog.names("model/"))
        rules = self._project.config.monitor
        return {rule.name: rule.model for rule in rules if f"model/{rule.model}" not in known}

    def look(self, *, now_us: int | None = None) -> list[Watched]:
        """Look at every model.

        Args:
            now_us: the time, microseconds since 1970 UTC; the clock's if not given. In a replay it is
                the log's time that counts.
        """
        self._outcomes.pack()
        self._end_abandoned()
        expressions = load_expressions(self._project)
        clock_us = time_ns() // 1000
        return [
            self._look(
                WatchedModel(
                    self._project,
                    name,
                    windows=self.windows,
                    outcomes=self._outcomes,
                    rules=self._project.config.monitor,
                    expressions=expressions,
                ),
                now_us,
                clock_us=clock_us,
            )
            for name in self.models()
        ]

    def _end_abandoned(self) -> None:
        """Resolve alerts of rules, and of slicings, that are not in the project file any more."""
        from interplane.monitoring.alerts.episodes import abandoned

        alerts = self.journal.alerts(everything=False)
        if ends := abandoned(alerts, rules=self._project.config.rules):
            self.journal.end_alerts(ends, now_us=time_ns() // 1000)

    # ---- one model ------------------------------------------------------------------------

    def _look(self, model: WatchedModel, given_us: int | None, *, clock_us: int) -> Watched:
        from interplane.monitoring.counting.advancing import advance
        from interplane.monitoring.judging.quality import measure

        config = self._project.config.monitoring
        now_us = clock_us if given_us is None else given_us
        is_replay = given_us is None and model.is_replay()
        advanced = advance(
            self.windows,
            model.name,
            model.feed,
            model.recipe,
            now_us=now_us,
            is_replay=is_replay,
            lateness_us=config.lateness_us,
            horizon_us=config.horizon_us,
            keep_us=self._keep_us(model),
            keep_since_us=self._keep_since_us(model),
            measure=measure,
        )
        log_us = advanced.watermark_us if is_replay else None
        if log_us is not None:
            now_us = log_us + config.lateness_us
        judged, changes = 0, []
        servers_us = clock_us if given_us is None else given_us
        for rule, window, findings in self._findings(model, advanced, servers_us, log_us=log_us):
            found = self._record(rule, window, findings, now_us=now_us, clock_us=clock_us)
            if found is not None:
                judged += 1
                changes += found
        return Watched(
            model=model.name,
            now_us=now_us,
            advanced=advanced,
            judged=judged,
            changes=tuple(changes),
            unwatched=model.unwatched() if self.windows.hours(model.name) else {},
        )

    def _keep_us(self, model: WatchedModel) -> int:
        """Return how long counts are kept: as long as is said, and as any rule may ask for them."""
        from interplane.monitoring.passes.due import reach_us

        said = self._project.config.monitoring.keep_days * _DAY_US
        return max([said, *map(reach_us, model.rules)])

    def _keep_since_us(self, model: WatchedModel) -> int | None:
        """Return since when counts are kept because a window that needs them is not judged yet.

        Nobody may have looked for longer than counts are kept.
        """
        from interplane.monitoring.passes.due import reach_us

        judged = [(rule, self.journal.judged_until(rule.name)) for rule in model.rules]
        needed = [until - reach_us(rule) for rule, until in judged if until is not None]
        return min(needed, default=None)

    def _findings(
        self, model: WatchedModel, advanced: Advanced, servers_us: int, *, log_us: int | None
    ) -> Iterable[tuple[Rule, Window, list[Finding]]]:
        """Yield what each rule finds in each window that is due, in order."""
        from interplane.monitoring.judging.budget import budgets, sitting_of
        from interplane.monitoring.passes.compared import Comparing
        from interplane.monitoring.passes.sittings import sittings_of

        parts = budgets(
            self._project.config.monitor, false_alarms=self._project.config.monitoring.false_alarms
        )
        hours = self.windows.hours(model.name)
        if advanced.watermark_us is not None and hours:
            comparing = Comparing(self.windows, baseline=model.baseline, live=model.live)
            for sitting, rules in sittings_of(model.rules, model=model.name).items():
                yield from self._sittings(
                    model, rules, comparing, advanced.watermark_us, alpha=parts[sitting]
                )
        outside = [rule for rule in model.rules if get_metric(rule.metric).kind == "outside"]
        for rule in outside:
            alpha = parts[sitting_of(rule)]
            yield from self._outside(model, rule, servers_us, log_us=log_us, alpha=alpha)

    def _sittings(
        self,
        model: WatchedModel,
        rules: Sequence[Rule],
        comparing: Comparing,
        watermark_us: int,
        *,
        alpha: float,
    ) -> Iterable[tuple[Rule, Window, list[Finding]]]:
        """Yield what the rules of a sitting find in each window that any of them is to judge."""
        from interplane.monitoring.calendar import HOUR_US
        from interplane.monitoring.passes.due import due_windows, is_told
        from interplane.monitoring.passes.sittings import judge_sitting
        from interplane.monitoring.tally import Tally

        first_us = min(self.windows.hours(model.name)) * HOUR_US
        due = {
            window: None
            for rule in rules
            for window in due_windows(
                rule,
                self.journal.judged_until(rule.name),
                first_us=first_us,
                watermark_us=watermark_us,
            )
        }
        for window in sorted(due, key=lambda each: each.begin_us):
            begin, end = window.hours
            counted = self.windows.tallies(model.name, begin_hour=begin, end_hour=end)
            whole = counted.get((), Tally())
            if not all(is_told(rule, window, whole, watermark_us=watermark_us) for rule in rules):
                return  # windows are judged in order: the later ones wait with it
            findings = judge_sitting(
                rules, window, comparing=comparing, layout_of=model.find_layout, alpha=alpha
            )
            for rule in rules:
                yield rule, window, [each for each in findings if each.cell.rule == rule.name]

    def _outside(
        self,
        model: WatchedModel,
        rule: Rule,
        servers_us: int,
        *,
        log_us: int | None,
        alpha: float,
    ) -> Iterable[tuple[Rule, Window, list[Finding]]]:
        """Yield what a rule about numbers from outside finds, by the servers' clock.

        Also in a replay: servers count by their own clock, whatever time they are asked about. Only
        how old events are is told from the log's time.
        """
        from interplane.monitoring.judging.budget import decide
        from interplane.monitoring.passes.due import due_windows
        from interplane.project.outside_findings import outside_findings

        lateness_us = self._project.config.monitoring.lateness_us
        for window in due_windows(
            rule,
            self.journal.judged_until(rule.name),
            first_us=0,
            watermark_us=servers_us - lateness_us,
        ):
            found = outside_findings(
                self._project, rule, window, crossing=model.live or "", now_us=log_us
            )
            yield rule, window, decide(found, alpha)

    def _record(
        self,
        rule: Rule,
        window: Window,
        findings: Sequence[Finding],
        *,
        now_us: int,
        clock_us: int,
    ) -> list[Change] | None:
        """Write down that a window was judged, with all that follows; None if it was before.

        What runs are asked for is said by the time of the look, which may be history's; when
        something was written down, and until when it is muted, by the clock.
        """
        from interplane.monitoring.alerts.episodes import advance as advance_alerts
        from interplane.monitoring.alerts.ports import matches
        from interplane.monitoring.triggers.due import alert_firings

        rules = self._project.config.rules
        changes = advance_alerts(self.journal.alerts(rule=rule.name), findings, rules=rules)
        mutes = self.journal.mutes(now_us=clock_us)
        opened = [
            change.alert
            for change in changes
            if change.kind == "opened" and not any(matches(mute, change.alert) for mute in mutes)
        ]
        is_new = self.journal.record_judged(
            rule.name,
            window,
            findings=[each for each in findings if each.counts or each.fires or each.skipped],
            changes=changes,
            firings=alert_firings(opened, rules=rules, now_us=now_us),
            now_us=clock_us,
        )
        return changes if is_new else None
