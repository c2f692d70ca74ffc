"""What a monitor works with for one model: its rows, its bins, its baselines, its named slices."""

from __future__ import annotations

import importlib
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import ConfigError, UnknownName
from interplane.monitoring.counting.columns import FEATURES
from interplane.monitoring.metrics import get_metric
from interplane.project.baselines import baseline_layout, baseline_rows
from interplane.project.crossings import load
from interplane.project.outcomes import key_types
from interplane.project.predictions import log_folder, reading_of
from interplane.record import Crossing, Digest
from interplane.storage.names import named_pointer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.data.table import Table
    from interplane.monitoring.counting.expressions import Expression
    from interplane.monitoring.counting.ports import Windows
    from interplane.monitoring.counting.recipe import Feed, Recipe
    from interplane.monitoring.judging.cells import Slices
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.rules import Rule
    from interplane.outcomes.ports import Outcomes
    from interplane.predictions.table import LogReading
    from interplane.project.project import Project

__all__ = ["WatchedModel", "load_expressions"]

_LAYOUTS: Final[dict[tuple[str, bool], Layout]] = {}
"""By the digest of a crossing, which says what its bins are: a process makes each once."""

_MOST_LAYOUTS: Final = 64
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, and naive, as timestamps are


class WatchedModel:
    """One model of a project, as monitors see it.

    Args:
        project: the project.
        model: the model's name.
        windows: where its counts are kept.
        outcomes: what came true of its predictions.
        rules: the rules of the project.
        expressions: named expressions to slice by.
    """

    def __init__(
        self,
        project: Project,
        model: str,
        *,
        windows: Windows,
        outcomes: Outcomes,
        rules: Sequence[Rule],
        expressions: Mapping[str, Expression],
    ) -> None:
        self.name = model
        self.rules = tuple(rule for rule in rules if rule.model == model)
        self._project = project
        self._windows = windows
        self._outcomes = outcomes
        self._expressions = expressions

    @property
    def live(self) -> str | None:
        """The crossing that is live."""
        return self._project.store.catalog.pointer(named_pointer("model", self.name, "live"))

    @cached_property
    def recipe(self) -> Recipe:
        """What has to be counted for the rules: every slicing that any of them names."""
        from interplane.monitoring.counting.recipe import Recipe

        slicings = dict.fromkeys(by for rule in self.rules for by in rule.slices)
        named = {name for by in slicings for name in by}
        used = {name: each for name, each in self._expressions.items() if name in named}
        return Recipe(slicings=tuple(slicings), expressions=used, columns=self._columns())

    @property
    def feed(self) -> Feed:
        """Where its rows come from."""
        from interplane.monitoring.counting.recipe import Feed
        from interplane.outcomes.matching import Matching, touched_hours

        key = tuple(key_types(self._project.store, self.name))

        def touched(after: int) -> tuple[Sequence[int], int]:
            if self._outcomes.newest(self.name) <= after:
                return [], after
            rows = self._read(None, None)
            return touched_hours(rows, self._outcomes, model=self.name, key=key, after=after)

        return Feed(
            read=self._read,
            layouts=self.layout,
            label=Matching(self._outcomes, model=self.name, key=key).match,
            touched=touched,
            prepare=self._prepare if self._has_features else None,
        )

    def layout(self, crossing: str) -> Layout:
        """Return the bins of a crossing."""
        known = (crossing, self._has_features)
        if known not in _LAYOUTS:
            record = self._project.store.record(Digest(crossing), Crossing)
            if len(_LAYOUTS) >= _MOST_LAYOUTS:
                _LAYOUTS.clear()
            _LAYOUTS[known] = baseline_layout(
                self._project.store, record, prepare=partial(self._prepare, crossing)
            )
        return _LAYOUTS[known]

    def find_layout(self, crossing: str) -> Layout | None:
        """Return the bins of a crossing, or None where there is no crossing."""
        return self.layout(crossing) if crossing else None

    def baseline(self, crossing: str, by: tuple[str, ...]) -> Slices | None:
        """Return the counts of a crossing's baseline rows, by slice; None where it has none.

        It has none of a slicing either whose columns its rows do not have.
        """
        from interplane.monitoring.counting.baselines import baseline_tallies

        record = self._project.store.record(Digest(crossing), Crossing)
        with suppress(UnknownName):
            return baseline_tallies(
                self._windows,
                crossing,
                lambda: self._baseline_rows(crossing, record),
                self.layout(crossing),
                recipe=self.recipe,
                slicing=by,
            )
        return None

    def unwatched(self) -> dict[str, str]:
        """Return what rules name and no prediction has, each with why: a slicing, a column."""
        from interplane.monitoring.judging.measures import find_columns

        if self.live is None:
            return {}
        layout = self.layout(self.live)
        _, why = self.recipe.usable(self._read(None, None).types, layout)
        found = {f"slices {', '.join(by)}": text for by, text in why.items()}
        for rule in self.rules:
            metric = get_metric(rule.metric)
            if metric.per_column and rule.columns and layout.columns:
                columns = find_columns(metric, rule.columns, layout)
                found |= {f"{rule.name}: {name}": text for name, text in columns.items() if text}
        return found

    def is_replay(self) -> bool:
        """Return whether the latest prediction was of history that was served as if it were now."""
        watermark_us = self._windows.watermark(self.name)
        if watermark_us is not None:
            since = _EPOCH + timedelta(microseconds=watermark_us) - timedelta(days=1)
            latest = _latest_is_replay(self._read(since, None))
            if latest is not None:
                return latest
        return bool(_latest_is_replay(self._read(None, None)))

    def _baseline_rows(self, crossing: str, record: Crossing) -> Table | None:
        rows = baseline_rows(self._project.store, record)
        return None if rows is None else self._prepare(crossing, rows)

    def _prepare(self, crossing: str, rows: Table) -> Table:
        """Add the model's features to rows of a crossing, where a rule watches any of them."""
        if not self._has_features:
            return rows
        from interplane.monitoring.counting.features import with_features

        record = self._project.store.record(Digest(crossing), Crossing)
        if record.frozen is None:
            return rows
        return with_features(rows, load(self._project.store, record.frozen))

    @cached_property
    def _has_features(self) -> bool:
        """Whether a rule watches features: they are computed again from what was logged."""
        return any(name.startswith(FEATURES) for rule in self.rules for name in rule.columns)

    def _read(self, since: datetime | None, until: datetime | None) -> Table:
        return self._log.between(since, until)

    @cached_property
    def _log(self) -> LogReading:
        """The log as it is at this look: all of it is judged by one state."""
        return reading_of(self._project, log_folder(self._project), self.name)

    def _columns(self) -> list[str] | None:
        """Return the columns that rules watch; None for all, where a rule names none."""
        found: dict[str, None] = {}
        for rule in self.rules:
            if get_metric(rule.metric).per_column:
                if not rule.columns:
                    return None
                found |= dict.fromkeys(rule.columns)
        return list(found)


def _latest_is_replay(rows: Table) -> bool | None:
    found: bool | None = rows.sql('SELECT arg_max(replay, "time") AS found FROM self').to_rows()[0][
        "found"
    ]
    return found


def load_expressions(project: Project) -> dict[str, Any]:
    """Return the named expressions of a project's monitors, imported from its code.

    Raises:
        ConfigError: if they cannot be imported, or are no mapping of names to functions of a row.
    """
    reference = project.config.monitoring.expressions
    if reference is None:
        return {}
    from interplane.pipeline import user_code
    from interplane.pipeline.importing import import_from

    module_name, _, attribute = reference.partition(":")
    import_from(project.root)
    module, error = user_code.call(importlib.import_module, module_name)
    if error is not None:
        raise ConfigError(
            f"monitoring.expressions: {module_name} cannot be imported: {error}",
            expected="a module of the project",
            do="Mend it, or the name in the project file",
        ) from error
    found = getattr(module, attribute, None)
    if not isinstance(found, dict):
        raise ConfigError(
            f"monitoring.expressions: {reference} is {found!r:.80}",
            expected="a dict of names and functions of a row",
            do='For example slices = {"evening": lambda row: row.local_hour >= 18}',
        )
    return found
