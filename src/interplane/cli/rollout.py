"""``interplane rollout``: how the canary of a model stands, and the decision about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from interplane.monitoring.canary_criteria import Criterion
    from interplane.project.canaries import RolloutLook
    from interplane.project.project import Project

__all__ = ["rollout"]


@click.command()
@click.argument("model")
@click.option("--decide", is_flag=True, help="Decide, and do what was decided.")
@json_option
def rollout(model: str, *, decide: bool, as_json: bool) -> None:
    """Show how the canary of MODEL stands beside the live crossing, criterion by criterion.

    A criterion is harmed when harm beyond its margin is proved, fine when it is proved to be within,
    open as long as neither is. Harm of any rolls the canary back. When all are fine, after the least
    rows and time, it is promoted; what was not shown by max_time is rolled back. Section [rollout] of
    the project file says all of these.

    Looking is free of charge: only --decide spends a part of alpha, and only where there is
    something new to look at.
    """
    from interplane.project.canaries import decide_rollouts, look_at_rollout
    from interplane.project.project import Project

    project = Project.find()
    if decide:
        found = next(iter(decide_rollouts(project, models=(model,))), None)
    else:
        found = look_at_rollout(project, model)
    if as_json:
        print_json(_plain(project, model, found))
    elif found is None:
        _say_nothing(project, model)
    else:
        _say(found)


def _plain(project: Project, model: str, found: RolloutLook | None) -> dict[str, Any]:
    policy = project.config.rollout.to_dict()
    if found is None:
        return {"model": model, "canary": None, "policy": policy}
    return {**found.to_dict(), "policy": policy}


def _say_nothing(project: Project, model: str) -> None:
    rolling = project.rollout(model)
    shadow = None if rolling is None else rolling.rollout.shadow
    say(f"No canary of {model} is under way.")
    if shadow is not None:
        say(
            f"{project.crossing(shadow).name} is its shadow: "
            f'"interplane shadow {model}" says what it would change'
        )
    else:
        say(f'Begin with "interplane deploy {model}@N --canary 5% --reason …"')


def _say(found: RolloutLook) -> None:
    decision = found.decision
    say(
        f"{found.canary} answers {found.share:.1%} beside {found.live}, "
        f"since {found.began[:16].replace('T', ' ')} ({_long(decision.elapsed_s)})"
    )
    say(
        f"  it answered {decision.rows:,} rows and could not answer {decision.refused:,} requests; "
        f"{found.live} answered {decision.live_rows:,}"
    )
    print_table(
        ("criterion", "canary", "live", "off by", "margin", "state"),
        [_line(each) for each in decision.criteria],
        right=("canary", "live", "off by", "margin"),
    )
    for each in decision.criteria:
        if each.unjudged:
            say(f"  {each.name}: {each.unjudged}")
    if found.done:
        say(f"Look {decision.look}: {found.canary} was {found.done}: {decision.reasons[0]}")
    else:
        new = "" if found.is_new else " (nothing new since)"
        say(f"Look {decision.look}{new}: {decision.action}: {decision.reasons[0]}")
    if found.error:
        say(f"It could not be done: {found.error}")


def _line(each: Criterion) -> tuple[str, ...]:
    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.4g}"

    is_judged = not each.unjudged
    return (
        each.name,
        number(each.canary),
        number(each.live),
        number(each.effect) if is_judged else "-",
        number(each.margin) if is_judged else "-",
        each.state,
    )


def _long(seconds: float) -> str:
    """Return a length of time for a person.

    >>> _long(90), _long(7200), _long(200000)
    ('2 min', '2 h', '2 d')
    """
    for size, unit in ((86_400, "d"), (3_600, "h")):
        if seconds >= 2 * size or (unit == "h" and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 60:.0f} min"
