"""How often does nothing happen and an alarm goes off? And how soon does one go off when something does?

``python -m benchmarks.false_alarms`` draws days of a world that does not change, of 1,000 to 1,000,000
predictions each, beside references that are drawn as well, judges the whole grid of each day under one
budget, and counts the days with any alarm. Then it changes the world in four ways. ``--quick`` does less
of all. It ends with 1 where the stated chance does not hold.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.shifts import make_shifts
from benchmarks.stationary import SLICINGS, World, read_flights, read_world
from interplane.data.drift import psi
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.judging.budget import budgets, decide, sitting_of
from interplane.monitoring.judging.judge import judge
from interplane.monitoring.judging.measure import wilson
from interplane.monitoring.rules import Reference, Rule

if TYPE_CHECKING:
    from benchmarks.shifts import Shift
    from interplane.data.table import Table
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.layout import Layout

STATED = 0.05
BASELINE_ROWS = 50_000
FLOORS = {
    "drift": 0.1,
    "null_rate": 0.02,
    "unseen_rate": 0.01,
    "positive_rate": 0.02,
    "label_rate": 0.02,
    "roc_auc": 0.01,
}


def make_rules(*, floors: bool, against: str = "baseline", window: str = "1d") -> list[Rule]:
    """A rule for each metric, in all slices; without floors every effect counts."""
    worse = {"roc_auc": "down", "positive_rate": "either", "label_rate": "either"}
    return [
        Rule(
            name=metric,
            model="flights",
            metric=metric,
            window=window,
            slices=SLICINGS[1:],
            against=Reference(kind=against),
            moves_by=floor if floors else 1e-12,
            direction=worse.get(metric, "up"),
        )
        for metric, floor in FLOORS.items()
    ]


def judge_window(rules: list[Rule], now: dict, reference: dict, layout: Layout) -> list[Finding]:
    """All findings of a window, with those that fire under the stated budget."""
    sittings: dict = {}
    for rule in rules:
        found = sittings.setdefault(sitting_of(rule), [])
        for by in SLICINGS:
            found += judge(rule, now[by], reference[by], layout=layout, by=by, window=(0, 1))
    alphas = budgets(rules, false_alarms=STATED)
    return [each for sitting, found in sittings.items() for each in decide(found, alphas[sitting])]


@dataclass(frozen=True)
class Rate:
    """How many of some days had an alarm."""

    work: str
    days: int
    alarmed: int
    cells: float

    @property
    def holds(self) -> bool:
        """Whether the days do not contradict the stated chance, at 95 %."""
        return wilson(self.alarmed, self.days)[0] <= STATED

    def __str__(self) -> str:
        low, high = wilson(self.alarmed, self.days)
        return (
            f"{self.work:<62}{self.cells:>7.0f}{self.alarmed:>5} of {self.days}"
            f"   [{low:.1%}, {high:.1%}]{'' if self.holds else '   more than stated'}"
        )


def drawn_rate(
    world: World, rows: int, *, days: int, floors: bool, against: str = "baseline", seed: int = 0
) -> Rate:
    """The days with an alarm, of days of so many rows; each beside a reference of its own."""
    rules = make_rules(floors=floors, against=against)
    rng = np.random.default_rng([seed, rows])
    alarmed, cells = 0, 0
    for _ in range(days):
        reference = world.draw(rng, BASELINE_ROWS if against == "baseline" else rows)
        found = judge_window(rules, world.draw(rng, rows), reference, world.layout)
        alarmed += any(each.fires for each in found)
        cells += sum(not each.skipped for each in found)
    work = f"{rows:>9,} rows, against {against}, {'floors' if floors else 'no floors'}"
    return Rate(work, days, alarmed, cells / days)


def hours_rate(world: World, rows: int, *, days: int, floors: bool, seed: int = 0) -> Rate:
    """The days with an alarm in any of their 24 hours, which have so many rows each and one baseline."""
    rules = make_rules(floors=floors, window="1h")
    rng = np.random.default_rng([seed, rows, 3])
    alarmed, cells = 0, 0
    for _ in range(days):
        reference = world.draw(rng, BASELINE_ROWS)
        fired = False
        for _ in range(24):
            found = judge_window(rules, world.draw(rng, rows), reference, world.layout)
            fired |= any(each.fires for each in found)
            cells += sum(not each.skipped for each in found)
        alarmed += fired
    work = f"24 hours x {rows:,} rows, against baseline, {'floors' if floors else 'no floors'}"
    return Rate(work, days, alarmed, cells / days)


def rows_rate(flights: Table, rows: int, *, days: int, floors: bool, seed: int = 0) -> Rate:
    """The same with real rows: drawn with replacement, the bins decided by the baseline, all counted."""
    arrow = flights.to_arrow()
    rng = np.random.default_rng([seed, rows, 1])
    rules = make_rules(floors=floors)
    alarmed, cells = 0, 0
    for _ in range(days):
        before, now = (
            type(flights).from_arrow(arrow.take(rng.integers(0, flights.rows, size)))
            for size in (BASELINE_ROWS, rows)
        )
        layout = make_layout(before, threshold=0.3)
        one, other = (count(each, layout, slicings=SLICINGS[1:]) for each in (now, before))
        tallies = [{by: each.tallies(by) for by in SLICINGS} for each in (one, other)]
        found = judge_window(rules, *tallies, layout)
        alarmed += any(each.fires for each in found)
        cells += sum(not each.skipped for each in found)
    work = f"{rows:>9,} real rows, against baseline, {'floors' if floors else 'no floors'}"
    return Rate(work, days, alarmed, cells / days)


def usual_rates(world: World, rows: int, *, days: int, seed: int = 0) -> tuple[Rate, Rate]:
    """Such days under what is usual: every cell tested at 5 %, and a plain PSI above 0.1 of any column."""
    rules = make_rules(floors=False)
    rng = np.random.default_rng([seed, rows])
    tested = plain = cells = 0
    for _ in range(days):
        reference, now = world.draw(rng, BASELINE_ROWS), world.draw(rng, rows)
        found = [
            each for each in judge_window(rules, now, reference, world.layout) if not each.skipped
        ]
        cells += len(found)
        tested += any(each.p <= STATED for each in found)
        plain += any(
            psi(
                *(
                    side[each.cell.by][each.cell.values].columns[each.cell.column]
                    for side in (reference, now)
                )
            )
            > 0.1
            for each in found
            if each.cell.metric == "drift"
        )
    return (
        Rate(f"{rows:>9,} rows, each cell at 5 %", days, tested, cells / days),
        Rate(f"{rows:>9,} rows, plain PSI above 0.1", days, plain, cells / days),
    )


@dataclass(frozen=True)
class Delay:
    """How soon a change was found.

    Attributes:
        work: the change and the rows of a day.
        delays: the day of the first alert in each repetition, from 1; None if there was none.
        named: in how many of those with an alert the cell that changed was among the first ones.
        strange: alerts of cells that the change does not reach, of all days.
        days: how many days were judged.
    """

    work: str
    delays: list[int | None]
    named: int
    strange: int
    days: int

    def __str__(self) -> str:
        found = sorted(each for each in self.delays if each is not None)
        middle = f"{found[len(found) // 2]}" if found else "-"
        within = "".join(
            f"{sum(each <= most for each in found) / len(self.delays):>7.0%}" for most in (1, 3, 7)
        )
        named = f"{self.named} of {len(found)}"
        return f"{self.work:<66}{middle:>7}{within}{named:>14}{self.strange:>6} of {self.days}"


def delay(
    world: World,
    shift: Shift,
    rows: int,
    *,
    repeats: int,
    baseline: int = BASELINE_ROWS,
    seed: int = 0,
) -> Delay:
    """Draw days after a change, up to a week of them, until an alert names something it reaches."""
    rules = make_rules(floors=True)
    rng = np.random.default_rng([seed, rows, 2])
    delays: list[int | None] = []
    named = strange = days = 0
    for _ in range(repeats):
        reference = world.draw(rng, baseline)
        delays.append(None)
        for day in range(1, 8):
            found = judge_window(rules, shift.world.draw(rng, rows), reference, world.layout)
            days += 1
            cells = [each.cell for each in found if each.fires]
            strange += any(not shift.touched(cell) for cell in cells)
            if any(shift.touched(cell) for cell in cells):
                delays[-1] = day
                named += any(shift.named(cell) for cell in cells)
                break
    beside = "" if baseline == BASELINE_ROWS else f", {baseline:,} before"
    return Delay(f"{rows:>9,} rows, {shift.name}{beside}", delays, named, strange, days)


def raw_winds(flights: Table, world: World) -> dict[str, np.ndarray]:
    """The bins of the wind, of the same flights, in another unit."""
    import pyarrow.compute as pc

    arrow = flights.to_arrow()
    name = "row.wind_speed"
    place = arrow.column_names.index(name)
    faster = arrow.set_column(place, name, pc.multiply(arrow[name], 1.609344))
    table = type(flights).from_arrow(faster)
    grid = count(table, world.layout, slicings=[SLICINGS[-1]]).grid(SLICINGS[-1])
    order = [grid.values.index(each) for each in world.slices]
    return {"km/h": grid.arrays[f"column {name}"][order]}


def main(words: list[str]) -> int:
    """Print the study."""
    quick = "--quick" in words
    begin = time.perf_counter()
    flights = read_flights()
    world = read_world(flights)
    sizes = (1_000, 10_000, 100_000, 1_000_000)
    days, repeats = (40, 5) if quick else (200, 50)
    print(f"Days without any change. Stated: an alarm on at most {STATED:.0%} of days.")
    print(f"{'':<62}{'cells':>7}   days with an alarm, interval at 95 %")
    rates = []
    for floors, against in ((True, "baseline"), (False, "baseline"), (False, "previous")):
        for rows in sizes:
            rates.append(drawn_rate(world, rows, days=days, floors=floors, against=against))
            print(rates[-1], flush=True)
    rates.append(hours_rate(world, 1_000, days=days // 2, floors=False))
    print(rates[-1], flush=True)
    for floors in (True, False):
        rates.append(rows_rate(flights, 10_000, days=days // 2, floors=floors))
        print(rates[-1], flush=True)
    print("\nSuch days under what is usual.")
    for rows in sizes:
        print(*usual_rates(world, rows, days=days // 4), sep="\n", flush=True)
    print("\nDays after a change, until the first alert that it explains (at most 7).")
    print(f"Beside a baseline of {BASELINE_ROWS:,} rows, with floors.")
    print(f"{'':<66}{'median':>7}{'in 1':>7}{'in 3':>7}{'in 7':>7}{'named it':>14}   other alerts")
    for shift in make_shifts(world, raw_winds(flights, world)):
        for rows in sizes:
            print(delay(world, shift, rows, repeats=repeats), flush=True)
    # Two hundredths of one carrier's AUC are less than 50,000 rows before can tell: with more of them?
    print(delay(world, shift, sizes[-1], repeats=repeats, baseline=sizes[-1]), flush=True)
    print(f"\n{time.perf_counter() - begin:.0f} s")
    return 0 if all(rate.holds for rate in rates) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
