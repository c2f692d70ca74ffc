"""``interplane predictions``: what servers answered, counted, compacted, exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interplane.cli.options import TIME
from interplane.cli.output import json_option, print_json, print_table, say, size
from interplane.errors import UsageError
from interplane.record import short

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.data.table import Table
    from interplane.predictions.compact import Compaction
    from interplane.predictions.damage import Damage
    from interplane.predictions.stats import Stats
    from interplane.project.project import Project

__all__ = ["predictions"]

_SHOWN_SEGMENTS = 10
_SHOWN_PLACES = 5


@click.command()
@click.argument("model", required=False)
@click.option("--since", type=TIME, help="Those whose prediction time is not before this (UTC).")
@click.option("--until", type=TIME, help="Those whose prediction time is before this (UTC).")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all of them to this new Parquet file instead.",
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
    from interplane.project.predictions import log_folder
    from interplane.project.project import Project

    project = Project.find()
    if compact:
        _compact(log_folder(project), keep_days, keep_bytes, as_json=as_json)
    elif keep_days or keep_bytes:
        raise UsageError(
            "--keep-days and --keep-bytes without --compact",
            expected="them beside --compact, which is what drops predictions",
            do="Add --compact",
        )
    if stats and not (compact and as_json):
        _stats(log_folder(project), as_json=as_json)
    elif not compact:
        table = project.predictions(model, since=since, until=until)
        if out is not None:
            _export(table, out, as_json=as_json)
        else:
            _show(project, table, limit, as_json=as_json)


def _compact(folder: Path, keep_days: int | None, keep_bytes: int | None, *, as_json: bool) -> None:
    from interplane.predictions.compact import compact

    done = compact(folder, keep_days=keep_days, keep_bytes=keep_bytes)
    print_json(done) if as_json else say(_compacted(done))


def _stats(folder: Path, *, as_json: bool) -> None:
    from interplane.predictions.stats import read_stats

    found = read_stats(folder)
    print_json(found) if as_json else _say_stats(found)


def _export(table: Table, out: Path, *, as_json: bool) -> None:
    from interplane.project.predictions import export

    export(table, out)
    if as_json:
        print_json({"rows": table.rows, "file": str(out)})
    else:
        say(f"{table.rows:,} predictions written to {out}")


def _show(project: Project, table: Table, limit: int, *, as_json: bool) -> None:
    from interplane.project.predictions import crossing_names, newest

    found = newest(table, limit).to_rows()
    if as_json:
        print_json(found)
        return
    if not found:
        say('No prediction yet. "interplane serve" logs each of them.')
        return
    names: dict[str, str] = {}
    for model in {row["model"] for row in found}:
        names |= crossing_names(project.store, model)
    print_table(
        ("prediction", "time", "score", "crossing", "answered"),
        [
            (
                short(row["prediction_id"]),
                _time_text(row["time"]),
                None if row["score"] is None else f"{row['score']:.4f}",
                names.get(row["crossing"], short(row["crossing"])),
                _time_text(row["at"]),
            )
            for row in found
        ],
        right=("score",),
    )
    if table.rows > len(found):
        say(
            f"{len(found):,} of {table.rows:,}, the newest first. --json and --out have every column."
        )


def _time_text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


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
    loss = stats.loss + pending.loss
    lost = []
    if loss.bad_frames:
        lost.append(f"damaged frames {loss.bad_frames:,}")
    if loss.missing_entries:
        lost.append(f"missing predictions {loss.missing_entries:,}")
    say(f"lost: {', '.join(lost) or 'nothing'}")
    if loss.trailing_bytes:
        say(f"unfinished, of writers that died or in a power cut: {size(loss.trailing_bytes)}")
    _say_damage(stats)
    if stats.dropped.rows:
        say(f"dropped for age or size: {stats.dropped.rows:,} predictions")


def _say_damage(stats: Stats) -> None:
    """Say where something was lost; what a writer had not finished when it died is no damage."""
    found = {
        segment: [item for item in items if item.kind != "trailing"]
        for segment, items in stats.damage.items()
    }
    damaged = [(segment, items) for segment, items in found.items() if items]
    for segment, items in damaged[:_SHOWN_SEGMENTS]:
        say(f"  {segment}: {'; '.join(map(_damage, items[:_SHOWN_PLACES]))}")
    if len(damaged) > _SHOWN_SEGMENTS:
        say(f"  and {len(damaged) - _SHOWN_SEGMENTS:,} segments more; --json lists all")


def _damage(item: Damage) -> str:
    missing = f", {item.entries:,} missing" if item.entries else ""
    return f"{item.kind} at byte {item.at:,}{missing}"
