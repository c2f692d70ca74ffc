"""Some days of 2013, again, through the server: each flight at its time, each outcome at its.

A flight is predicted at its scheduled departure. A landing is pushed when it has happened, an hour's
weather when it was published, whether a flight was late when that is known; and nothing before. At
the end of each day monitors look, canaries are decided about, and a line says what the day was like.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from happenings import Season

import interplane as ip

if TYPE_CHECKING:
    from happenings import Happening

MODEL = "flights"
BODIES = {"landings": "events", "observations": "events", "outcomes": "outcomes"}
PATHS = {
    "landings": "/v1/sources/landings/events",
    "observations": "/v1/sources/observations/events",
    "outcomes": f"/v1/models/{MODEL}/outcomes",
    "~flights": f"/v1/models/{MODEL}/predict",
}


class Server:
    """A connection to the model server."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=30)
        self.seconds = defaultdict(list)
        described = self.get(f"/v1/models/{MODEL}")
        self._columns = [each["name"] for each in described["columns"]]

    def tell(self, happening: Happening) -> list[dict]:
        """Tell what happened, or ask for each flight; return the answers."""
        path = PATHS[happening.kind]
        if happening.kind in BODIES:
            return [self.post(path, {BODIES[happening.kind]: happening.rows})]
        rows = [{name: row[name] for name in self._columns} for row in happening.rows]
        return [self.post(path, {"row": row}) for row in rows]

    def post(self, path: str, body: object) -> dict:
        """Send JSON and return the JSON that comes back; anything but 200 ends the replay."""
        data = json.dumps(body, default=datetime.isoformat)
        began = time.perf_counter()
        self._connection.request("POST", path, data, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        self.seconds[path].append(time.perf_counter() - began)
        if answer.status != 200:
            sys.exit(f"{path} was answered {answer.status}: {text.decode()}")
        return json.loads(text)

    def get(self, path: str) -> dict:
        """Return the JSON at a path."""
        self._connection.request("GET", path)
        return json.loads(self._connection.getresponse().read())


class Day:
    """What a day was like, as far as its end knows."""

    def __init__(self) -> None:
        self.flights = 0
        self.answered = defaultdict(int)
        self.known = self.late = 0

    def take(self, happening: Happening, answers: list[dict]) -> None:
        """Count what happened."""
        if happening.kind == "~flights":
            self.flights += len(happening.rows)
            for answer in answers:
                self.answered[answer["model"]] += 1
        elif happening.kind == "outcomes":
            labels = [row["value"] for row in happening.rows if row["value"] is not None]
            self.known += len(labels)
            self.late += sum(labels)

    def line(self, day: datetime) -> str:
        """Return the day in one line."""
        share = self.late / self.known if self.known else 0.0
        by = ", ".join(f"{name} {count:,}" for name, count in sorted(self.answered.items()))
        return f"{day:%a %d %b}  {self.flights:5,} flights  {share:4.0%} of landings late   by {by}"


def look(project: ip.Project, now: datetime) -> list[str]:
    """Let monitors look and canaries be decided about; return what came of it."""
    from interplane.project.canaries import decide_rollouts
    from interplane.project.watch_report import alert_words

    lines = []
    for watched in project.watch(now=now):
        for kind in ("opened", "resolved"):
            lines += [
                f"alert {alert.id[:8]} {kind}: {alert_words(alert)}"
                for alert in watched.alerts(kind)
            ]
    lines += [
        f"{found.canary} is {found.done}: {'; '.join(found.decision.reasons[:2])}"
        for found in decide_rollouts(project)
        if found.done
    ]
    return lines


def main() -> None:
    """Replay, day by day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="host and port of the server, for example 127.0.0.1:8000")
    parser.add_argument("--since", type=datetime.fromisoformat, required=True)
    parser.add_argument("--until", type=datetime.fromisoformat, required=True)
    parser.add_argument(
        "--no-look", action="store_true", help="let nobody look at the end of a day"
    )
    options = parser.parse_args()
    project = ip.Project.find()
    server = Server(options.address)
    began = time.perf_counter()
    days, total = Day(), 0
    end = options.since + timedelta(days=1)
    for happening in [*Season(options.since, options.until), None]:
        while happening is None or (happening.at >= end and end < options.until):
            print(days.line(end - timedelta(days=1)), flush=True)
            for line in [] if options.no_look else look(project, end):
                print(f"    {line}", flush=True)
            total, days, end = total + days.flights, Day(), end + timedelta(days=1)
            if happening is None:
                break
        if happening is not None:
            days.take(happening, server.tell(happening))
    print(f"{total:,} flights in {time.perf_counter() - began:.1f} s")
    for path, taken in sorted(server.seconds.items()):
        taken.sort()
        middle, late = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
        print(f"  {path:<32} p50 {middle * 1e3:6.2f} ms   p99 {late * 1e3:6.2f} ms")


if __name__ == "__main__":
    main()
