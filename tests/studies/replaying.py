"""History served as if it were now: requests go through a server's own row path, into its log."""

import shutil
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

import interplane as ip
from interplane.predictions.compact import compact
from interplane.project.predictions import log_folder
from interplane.project.serving import open_server
from interplane.serving.board import Board
from interplane.serving.metrics import SlotMeter
from interplane.serving.ports import Opening

HERE = Path(__file__).parent
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, and naive, as timestamps are


def microseconds(text):
    """A time as microseconds since 1970."""
    return int((datetime.fromisoformat(text) - EPOCH).total_seconds() * 1e6)


def copy_project(name, target, monkeypatch):
    """A study's project in a folder of its own; its modules are forgotten after the test."""
    root = target / name
    shutil.copytree(HERE / name, root, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    monkeypatch.syspath_prepend(str(root))
    return ip.Project.find(root)


def serve(project, model, rows):
    """Ask for each row, in order, as a replaying server answers it; then the log is compacted."""
    with Board.create(1) as board:
        opening = Opening(project=str(project.root), models=(model,), replay=True)
        path = open_server(opening, SlotMeter(board.slots[0]))
        path.models.start()
        try:
            endpoint = path.models.find(model)
            for row in rows:
                body = msgspec.json.encode({"row": row}, enc_hook=str)
                answer = endpoint.answer(body, now_us=1, received_us=0)
                if answer.status != 200:
                    pytest.fail(answer.body.decode())
        finally:
            path.models.close()
            path.log.close()
    compact(log_folder(project))
