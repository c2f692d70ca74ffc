"""A row path for tests of the shell: it reads JSON, and its scores are lengths of text.

A row may ask for more: ``{"sleep_ms": 5}`` takes time, ``{"raise": true}`` is a fault of ours.
"""

import asyncio
import json
import os
import time
from concurrent.futures import Future
from pathlib import Path
from threading import Timer

from interplane.errors import ConfigError, StorageError
from interplane.serving.http_errors import error_body
from interplane.serving.ports import Answer, RowPath


class ToyEndpoint:
    """Answers ``{"row": {…}}`` with the length of the row's text."""

    def __init__(self, model, meter, asked):
        self.model = model
        self.name = f"{model}@1"
        self.crossing = model.encode().hex().ljust(64, "0")
        self._meter = meter
        self._asked = asked

    def answer(self, body, *, now_us, received_us):
        try:
            request = json.loads(body.decode())
            row = request["row"]
            score = len(json.dumps(row))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._meter.predictions(
                self.model, 0, rejected=1, took_us=time.time_ns() // 1000 - received_us
            )
            return Answer(400, error_body("malformed-request", f"no: {type(error).__name__}"))
        if isinstance(row, dict):
            self._do(row)
        if self._asked is not None and "id" in request:
            os.write(self._asked, f"{request['id']!r}\n".encode())
        self._meter.predictions(
            self.model, 1, rejected=0, took_us=time.time_ns() // 1000 - received_us
        )
        said = {"score": score, "id": request.get("id"), "pid": os.getpid(), "model": self.name}
        return Answer(200, json.dumps(said).encode())

    def _do(self, row):
        if row.get("raise"):
            raise RuntimeError("a fault\x1b[31m of ours")
        if row.get("sleep_ms"):
            time.sleep(row["sleep_ms"] / 1000)

    def describe(self):
        return {"model": self.model, "name": self.name, "crossing": self.crossing}

    def json_schema(self):
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"wind": {"type": "number"}},
            "required": [],
        }


class ToyModels:
    """Two models, or those that were asked for; one that is called ``broken`` cannot be loaded."""

    def __init__(self, opening, meter):
        folder = Path(opening.project)
        asked = os.open(folder / "asked", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._meter = meter
        self._broken = "broken" in opening.models
        self._found = {
            name: ToyEndpoint(name, meter, asked)
            for name in (opening.models or ("flights", "taxis"))
            if name != "broken"
        }

    def find(self, model):
        return self._found.get(model)

    def names(self):
        return sorted(self._found)

    def is_ready(self):
        return not self._broken

    def start(self):
        for endpoint in self._found.values():
            self._meter.live(endpoint.model, endpoint.crossing, endpoint.name)
        if self._broken:
            self._meter.load_failed("broken")

    def close(self):
        return None


class ToyLog:
    """Waits for the disk where it is told to: a timer gives each answer free, or fails."""

    def __init__(self, opening):
        self._waits = opening.log_sync_ms == 0
        self._marker = Path(opening.project) / "log-fails"
        self._closed = Path(opening.project) / f"log-closed-{opening.slot}"

    def synced(self):
        if not self._waits:
            return None
        future = Future()
        timer = Timer(0.02, self._free, [future])
        timer.daemon = True
        timer.start()
        return future

    def _free(self, future):
        if self._marker.exists():
            future.set_exception(StorageError("no space left"))
        else:
            future.set_result(None)

    def close(self):
        self._closed.touch()


class ToyEvents:
    """Takes events after a moment."""

    async def push(self, source, body, *, now_us):
        await asyncio.sleep(0.01)
        try:
            events = json.loads(body.decode())
        except (ValueError, RecursionError):
            return Answer(400, error_body("malformed-request", "no JSON"))
        return Answer(200, json.dumps({"source": source, "taken": len(str(events))}).encode())


def open_toy(opening, meter):
    """Open it."""
    if opening.project.endswith("nowhere"):
        raise ConfigError("there is no project in nowhere", do="Go to your project", place="here")
    if opening.project.endswith("crash"):
        os._exit(9)
    return RowPath(ToyModels(opening, meter), ToyLog(opening), ToyEvents())
