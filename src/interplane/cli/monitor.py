"""``interplane monitor``: look at the models, and say what each day or hour was like."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import json_option, print_json, print_table, say
from interplane.monitoring.calendar import LENGTHS, Length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.project.project import Project
    from interplane.project.watch_report import ModelReport, WindowReport
    from interplane.project.watching import Watched

__all__ = ["monitor"]

_SHOWN_SLICES = 6


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--window",
    "length",
    type=click.Choice(LENGTHS),
    default="1d",
    show_default=True,
    help="The length of the windows that are shown.",
)
@click.option(
    "--last", default=14, show_default=True, type=click.IntRange(1, 10_000), help="How many."
)
@click.option("--by", default="", help="A slicing that a rule names, for example origin.")
@click.option(
    "--metric", default="label_rate", show_default=True, help="What is shown of each slice."
)
@click.option("--watch", is_flag=True, help="Go on looking, until Ctrl-C.")
@click.option(
    "--every-s",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.1, 86_400),
    help="How often, with --watch.",
)
@json_option
def monitor(
    models: tuple[str, ...],
    *,
    length: Length,
    last: int,
    by: str,
    metric: str,
    watch: bool,
    every_s: float,
    as_json: bool,
) -> None:
    """Look at the models: count what is new, judge what is closed, show the last windows.

    What is watched stands in the project file, in tables [[monitor]]. Alerts that a look opens are
    written down; "interplane alerts" lists them, and "interplane up" tells their owners and starts
    what they trigger.
    """
    from interplane.project.project import Project
    from interplane.project.watch_report import report
    from interplane.project.watching import Watching

    project = Project.find()
    if watch:
        _go_on(project, every_s)
        return
    slicing = tuple(name.strip() for name in by.split(",")) if by else ()
    with Watching(project) as watching:
        looks = {each.model: each for each in watching.look()}
        reports = [
            report(watching, project, model, length=length, last=last, by=slicing, metric=metric)
            for model in models or looks
        ]
        unknown = watching.unknown()
    if as_json:
        print_json([_plain(each, looks.get(each.model)) for each in reports])
        return
    for name, model in unknown.items():
        say(f"rule {name!r} watches nothing: there is no model {model!r}")
    for each in reports:
        _print(each, looks.get(each.model))
    if not reports:
        say('Nothing is watched: no model is live. See "interplane deploy --help".')


def _plain(report: ModelReport, look: Watched | None) -> dict[str, Any]:
    return {**report.to_dict(), "unwatched": {} if look is None else dict(look.unwatched)}


def _go_on(project: Project, every_s: float) -> None:
    """Look again and again, as a keeper of the workspace; say what becomes of alerts."""
    from interplane.project.keeper import Keeper, Pass
    from interplane.project.watching import look_at_models

    def look(_now: object) -> None:
        for each in look_at_models(project):
            _print_alerts(each)

    keeper = Keeper(project.workspace, [Pass("monitors", look)], every_s=every_s)
    with suppress(KeyboardInterrupt):
        keeper.run(ready=lambda: say("Watching. Ctrl-C ends it."))


def _print(report: ModelReport, look: Watched | None) -> None:
    live = f", {report.live} is live" if report.live else ""
    upto = f" up to {report.watermark}" if report.watermark else ""
    say(f"{report.model}: {report.rows:,} predictions counted{upto}{live}")
    _print_alerts(look)
    for name, why in ({} if look is None else look.unwatched).items():
        say(f"  not watched: {name}: {why}")
    if report.windows and report.by:
        _print_slices(report)
    elif report.windows:
        _print_windows(report)
    if report.open_alerts:
        alerts = "1 open alert" if report.open_alerts == 1 else f"{report.open_alerts} open alerts"
        say(f'{alerts}: see "interplane alerts"')


def _print_alerts(look: Watched | None) -> None:
    from interplane.project.watch_report import alert_words

    for kind in ("opened", "resolved"):
        for alert in [] if look is None else look.alerts(kind):
            say(f"  {kind} {alert.id[:8]}  {alert_words(alert)}")


def _print_windows(report: ModelReport) -> None:
    names = [name for name in _names(report.windows) if name != "latency_p99"]
    headers = ["window", "rows", "outcomes", "positive", *names, "p99"]
    print_table(headers, [_row(each, names) for each in report.windows], right=headers[1:])
    _print_untold(report.windows)


def _print_untold(windows: Sequence[WindowReport]) -> None:
    """Say why figures of known outcomes are not there, once for each reason."""
    from interplane.project.watch_report import untold

    for name, why, of in untold(windows):
        say(f"no {name} of {of}: {why}")


def _names(windows: Sequence[WindowReport]) -> list[str]:
    return list(dict.fromkeys(name for each in windows for name in each.metrics))


def _row(window: WindowReport, names: Sequence[str]) -> list[str]:
    latency = window.metrics.get("latency_p99")
    return [
        window.name,
        f"{window.rows:,}",
        _percent(window.coverage),
        _percent(window.positive_rate),
        *(_figure(window, name) for name in names),
        "" if latency is None else f"{latency.value / 1000:.2f} ms",
    ]


def _figure(window: WindowReport, name: str) -> str:
    found = window.metrics.get(name)
    if found is None:
        return ""
    if name == "roc_auc":
        return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
    return f"{found.value:.3g}"


def _print_slices(report: ModelReport) -> None:
    """Print a column for each of the slices with the most rows."""
    rows: dict[str, int] = {}
    for window in report.windows:
        for each in window.slices:
            rows[each.name] = rows.get(each.name, 0) + each.rows
    names = sorted(rows, key=lambda name: (-rows[name], name))[:_SHOWN_SLICES]
    say(f"{report.metric} by {', '.join(report.by)}")
    headers = ["window", "all", *names]
    body = []
    for window in report.windows:
        values = {each.name: each.value for each in window.slices}
        whole = window.metrics.get(report.metric)
        body.append(
            [
                window.name,
                "" if whole is None else f"{whole.value:.3g}",
                *("" if (v := values.get(name)) is None else f"{v:.3g}" for name in names),
            ]
        )
    print_table(headers, body, right=headers[1:])
    if len(rows) > len(names):
        say(f"and {len(rows) - len(names)} more slices: --json has them all")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
