"""A worker that answers one id after the other until it is killed: WORKSPACE NAME FIRST BODIES."""

import json
import os
import sys
import time
from pathlib import Path

from interplane.predictions.writer import SegmentWriter
from interplane.record import Digest
from interplane.serving.endpoint import CrossingEndpoint
from interplane.serving.ids import ClientIds
from interplane.serving.loading import load_crossing
from interplane.storage.workspace import open_workspace


class Quiet:
    """A meter that is not read."""

    def predictions(self, model, count, *, rejected, took_us):
        """Leave it."""

    def tally(self, model, crossing, name):
        """Leave it as well."""
        return lambda rows: None

    def frames_lost(self, count):
        """Say so."""
        raise SystemExit(f"{count} frames lost")


def main(workspace, name, first, digest, rows):
    """Answer, and say each answer with one write: what is said was acknowledged."""
    store = open_workspace(Path(workspace))
    folder = Path(workspace) / "predictions"
    endpoint = CrossingEndpoint(
        load_crossing(store, Digest(digest)),
        log=SegmentWriter(folder, name=name),
        ids=ClientIds(folder / "ids.sqlite"),
        meter=Quiet(),
    )
    requests = json.loads(rows)
    number = int(first)
    while True:
        row = requests[number % len(requests)]
        body = json.dumps({"row": row, "id": f"id {number}"}).encode()
        now_us = time.time_ns() // 1000
        answer = endpoint.answer(body, now_us=now_us, received_us=now_us)
        os.write(1, b"%d %d %b\n" % (number, answer.status, answer.body))
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
