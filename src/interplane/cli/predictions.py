"""``interplane predictions``: what servers answered, counted, compacted, exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import json_option, print_json, print_table, say, size
from interplane.record import short

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.data.table import Table
    from interplane.predictions.compact import Compaction
    from interplane.predictions.stats import Stats

__all__ = ["predictions"]

_time = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])
_SHOWN = ("prediction_id", "time", "score", "crossing", "at")


@click.command()
@click.argument("model", required=False)
@click.option("--since", type=_time, help="Answered at this time or later (UTC).")
@click.option("--until", type=_time, help="Answered before this time (UTC).")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all of them to this Parquet file instead.",
)
@click.option("--stats", is_flag=True, help="Count what there is and what was lost instead.")
@click.option("--compact", is_flag=True, help="Bring closed segments into Parquet files first.")
@click.option(
    "--keep-days", type=click.IntRange(1), help="With --compact: drop what is older, day by day."
)
@click.option(
    "--keep-bytes", type=click.IntRange(1), help="With --compact: drop the oldest beyond this size."
)
@json_option
def predictions(
    model: str | None,
    *,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    out: Path | None,
    stats: bool,
    compact: bool,
    keep_days: int | None,
    keep_bytes: int | None,
    as_json: bool,
) -> None:
    """Show the predictions that servers logged, of MODEL or of all models.

    What a server writes just now is there too. A prediction stands there once, however often its
    client asked.
    """
    from interplane.errors import UsageError
    from interplane.project.predictions import log_folder
    from interplane.project.project import Project

    project = Project.find()
    if (keep_days or keep_bytes) and not compact:
        raise UsageError(
            "--keep-days and --keep-bytes without --compact",
            expected="them beside --compact, which is what drops predictions",
            do="Add --compact",
        )
    folder = log_folder(project)
    if compact:
        from interplane.predictions.compact import compact as compact_log

        done = compact_log(folder, keep_days=keep_days, keep_bytes=keep_bytes)
        if as_json:
            print_json(done)
            return
        say(_compacted(done))
    if stats:
        from interplane.predictions.stats import read_stats

        found = read_stats(folder)
        print_json(found) if as_json else _say_stats(found)
        return
    if compact:
        return
    table = project.predictions(model, since=since, until=until)
    if out is not None:
        import pyarrow.parquet as pq

        pq.write_table(table.to_arrow(), out)
        print_json({"rows": table.rows, "file": str(out)}) if as_json else say(
            f"{table.rows:,} predictions written to {out}"
        )
        return
    newest = table.sql(f'FROM self ORDER BY "at" DESC, prediction_id LIMIT {limit}')
    print_json(newest.to_rows()) if as_json else _say(newest, table.rows)


def _say(newest: Table, count: int) -> None:
    if not count:
        say('No prediction yet. "interplane serve" logs each of them.')
        return
    rows = [[_cell(name, row[name]) for name in _SHOWN] for row in newest.to_rows()]
    print_table(("prediction", "time", "score", "crossing", "answered"), rows, right=("score",))
    if count > len(rows):
        say(f"{len(rows):,} of {count:,}, the newest first. --json and --out have every column.")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    match name:
        case "prediction_id" | "crossing":
            return short(value)
        case "score":
            return f"{value:.4f}"
        case _:
            return f"{value:%Y-%m-%d %H:%M:%S}"


def _compacted(done: Compaction) -> str:
    if done.is_busy:
        return "Another process compacts just now; nothing was done."
    dropped = ""
    if done.dropped_rows:
        dropped = f"; {done.dropped_rows:,} old ones dropped ({size(done.dropped_bytes)})"
    return (
        f"{done.entries:,} predictions of {done.segments:,} segments are in {done.files:,} files now "
        f"({done.repeated:,} were there already){dropped}"
    )


def _say_stats(stats: Stats) -> None:
    rows = [
        (
            each.model,
            f"{each.rows:,}",
            f"{each.files:,}",
            size(each.size_bytes),
            each.first_day,
            each.last_day,
        )
        for each in stats.models
    ]
    if rows:
        print_table(
            ("model", "predictions", "files", "size", "first", "last"),
            rows,
            right=("predictions", "files", "size"),
        )
    pending = stats.pending
    say(
        f"not compacted: {pending.entries:,} predictions in {pending.segments:,} segments, "
        f"{size(pending.size_bytes)}"
    )
    lost = {
        name: count
        for name, count in (stats.loss + pending.loss).to_dict().items()
        if isinstance(count, int) and count
    }
    words = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in lost.items())
    say(f"lost: {words or 'nothing'}")
    if stats.dropped.rows:
        say(f"dropped for age or size: {stats.dropped.rows:,} predictions")
