"""Daily files, pushed one after the other; after each day what is known online is held against the join."""

from __future__ import annotations

import argparse
import shutil
from itertools import islice
from pathlib import Path

import customers
import files
import streaming

import interplane as ip

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
WORKSPACE = HERE / ".interplane"


def add(project: ip.Project, days: int) -> None:
    """Add the files in the order of their days."""
    unpacked = files.unpack(files.archive(), DATA, days=days)
    for place, (day, path) in enumerate(unpacked):
        added = project.add("invoices", path, append=place > 0, options=files.READ_AS)
        print(f"{day}  {added.version.rows:>8,} rows", flush=True)


def stream(project: ip.Project, days: int) -> streaming.Compared:
    """Push each day and read every customer who was met, at the end of it and half a day later."""
    lines = project.table("invoices").sql(customers.LINES)
    online = project.open_online()
    try:
        shop = streaming.Shop(lines, online)
        for moment, rows in islice(shop.days(), days):
            shop.push(moment, rows)
            shop.read(shop.met, [moment, streaming.later(moment)])
            done = shop.hold()
            print(
                f"{moment:%Y-%m-%d}  {len(rows):>6,} lines  {len(shop.met):>5,} customers  "
                f"{done.values:>11,} values compared, {len(done.differences)} differ",
                flush=True,
            )
        return shop.done
    finally:
        online.close()


def main() -> None:
    """Add and stream; end with an error where a value differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=20, help="how many of the 305 files")
    options = parser.parse_args()
    for folder in (DATA, WORKSPACE):
        shutil.rmtree(folder, ignore_errors=True)
    project = ip.Project.find(HERE)
    add(project, options.days)
    done = stream(project, options.days)
    print(
        f"{done.pushed:,} lines pushed: {done.new:,} new, {done.again:,} there already, "
        f"{done.refused:,} of no customer"
    )
    for who, when, feature, ours, theirs in done.differences[:5]:
        print(f"customer {who} at {when}: {feature} is {ours!r} online, {theirs!r} in the join")
    raise SystemExit(1 if done.differences else 0)


if __name__ == "__main__":
    main()
