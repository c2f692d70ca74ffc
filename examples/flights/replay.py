"""The first week of June, again, through the server: each flight at its time, each outcome at its.

A flight is predicted at its scheduled departure. A landing is pushed when it has happened, an hour's
weather when it was published, and nothing before. What the server answers is held against what the
batch said of the same flights: the same bits, or this ends with an error.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

import interplane as ip

BEGIN = datetime(2013, 6, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
EVENTS = {"landings": "landed_at", "observations": "published_at"}


class Server:
    """A connection to the model server."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=30)
        self.seconds = defaultdict(list)

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


def week(table: ip.Table, time_column: str, days: int) -> list[dict]:
    """Return the rows whose time is in the days after the beginning, in its order."""
    end = BEGIN + timedelta(days=days)
    return table.sql(
        f"FROM self WHERE {time_column} >= TIMESTAMP '{BEGIN}' AND {time_column} < TIMESTAMP '{end}' "
        f"ORDER BY {time_column}"
    ).to_rows()


def main() -> None:
    """Replay, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="host and port of the server, for example 127.0.0.1:8000")
    parser.add_argument("--crossing", default="flights@live")
    parser.add_argument("--scores", default="scored-june", help="the dataset of the batch's scores")
    parser.add_argument("--days", type=int, default=7)
    options = parser.parse_args()

    project = ip.Project.find()
    tables = project.tables(options.crossing, "departures", *EVENTS)
    scored = week(project.table(options.scores), "scheduled_departure", options.days)
    batch = {row["flight_id"]: row["score"] for row in scored}
    happenings = [
        (row[known_at], source, row)
        for source, known_at in EVENTS.items()
        for row in week(tables[source], known_at, options.days)
    ] + [
        (row["scheduled_departure"], "~flight", row)
        for row in week(tables["departures"], "scheduled_departure", options.days)
    ]
    # What is known at a minute comes before the flights that are to leave at that minute.
    happenings.sort(key=itemgetter(0, 1))

    server = Server(options.address)
    columns = [each["name"] for each in server.get("/v1/models/flights")["columns"]]
    flights, events, differing = 0, 0, []
    began = time.perf_counter()
    for (_, what), rows in groupby(happenings, key=itemgetter(0, 1)):
        if what != "~flight":
            group = [row for _, _, row in rows]
            events += server.post(f"/v1/sources/{what}/events", {"events": group})["new"]
            continue
        for _, _, row in rows:
            request = {"row": {name: row[name] for name in columns}}
            answer = server.post("/v1/models/flights/predict", request)
            flights += 1
            if answer["score"] != batch[row["flight_id"]]:
                differing.append((row["flight_id"], answer["score"], batch[row["flight_id"]]))
    seconds = time.perf_counter() - began

    print(f"{flights:,} flights predicted and {events:,} events pushed in {seconds:.1f} s")
    for path, taken in sorted(server.seconds.items()):
        taken.sort()
        middle, late = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
        print(f"  {path:<32} p50 {middle * 1e3:6.2f} ms   p99 {late * 1e3:6.2f} ms")
    if differing:
        sys.exit(f"{len(differing):,} scores differ from the batch's, first {differing[0]}")
    print(f"  every one of the {flights:,} scores is the batch's, bit for bit")


if __name__ == "__main__":
    main()
