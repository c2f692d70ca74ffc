"""A law of the protocol: what is answered does not depend on how the bytes were cut on their way."""

import asyncio
import itertools

import pytest
from corpus import hostile_requests
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_client import predict, request, take_all
from toy_rows import ToyEvents, ToyLog, ToyModels

from interplane.serving.app import App
from interplane.serving.board import Board
from interplane.serving.gate import Gate
from interplane.serving.hosts import Hosts
from interplane.serving.log_lines import LogLines
from interplane.serving.metrics import SlotMeter
from interplane.serving.ports import Opening, RowPath
from interplane.serving.protocol import Connection
from interplane.serving.routes import Routes
from interplane.serving.settings import Limits
from interplane.serving.traffic import Traffic

LONGEST = 3000
OFFER = [("Connection", "Upgrade"), ("Upgrade", "h2c")]
GOOD = [
    predict(),
    predict(id="a"),
    predict(fields=OFFER),
    request("GET", "/v1/models"),
    request("GET", "/livez", fields=OFFER),
    request("POST", "/v1/sources/s/events", b"[1]"),
]
HOSTILE = [
    hostile.raw
    for hostile in hostile_requests()
    if 0 < len(hostile.raw) < LONGEST and b"xpect:" not in hostile.raw and not hostile.is_head
]


class Memory(asyncio.Transport):
    """A transport in memory: the connection is fed, and what it sends is kept."""

    def __init__(self):
        super().__init__()
        self.sent = b""
        self.is_open = True

    def write(self, data):
        assert self.is_open
        self.sent += data

    def write_eof(self):
        self.is_open = False

    def close(self):
        self.is_open = False

    def abort(self):
        self.is_open = False

    def is_closing(self):
        return not self.is_open

    def pause_reading(self):
        return None

    def resume_reading(self):
        return None

    def get_write_buffer_size(self):
        return 0


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return an application and a board, for any number of connections."""
    folder = tmp_path_factory.mktemp("cuts")
    with Board.create(1) as board:
        opening = Opening(project=str(folder))
        models = ToyModels(opening, SlotMeter(board.slots[0]))
        yield App(RowPath(models, ToyLog(opening), ToyEvents()), board), board


async def answered(parts, pieces):
    """Return what is sent when the pieces come one after the other."""
    app, board = parts
    gate = Gate(Routes(app.routes), Hosts("127.0.0.1", 80), tokens=None, most_body=1 << 20)
    loop = asyncio.get_running_loop()
    traffic = Traffic(loop, gate, limits=Limits(), slot=board.slots[0], log=LogLines())
    connection, transport = Connection(traffic), Memory()
    connection.connection_made(transport)
    for piece in pieces:
        connection.data_received(piece)
        # A real transport would not read while requests wait for their answers.
        for _ in range(10_000):
            if not connection._is_busy or not transport.is_open:
                break
            await asyncio.sleep(0.001 if traffic.tasks else 0)
    connection.eof_received()
    connection.connection_lost(None)
    return [(item.status, item.body) for item in take_all(transport.sent)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(GOOD), max_size=3),
    st.sampled_from([*GOOD, *HOSTILE]),
    st.lists(st.integers(0, LONGEST), max_size=12),
)
def test_answers_do_not_depend_on_how_the_bytes_are_cut(parts, before, last, places):
    """Some good requests and then any: cut anywhere, the answers are the same."""
    raw = b"".join([*before, last])
    cuts = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    pieces = [raw[a:b] for a, b in itertools.pairwise(cuts)]
    whole = asyncio.run(answered(parts, [raw]))
    assert whole == asyncio.run(answered(parts, pieces))
    assert len(whole) >= len(before)


def test_each_byte_may_come_alone(parts):
    """Of every small hostile request, in the extreme."""
    for raw in HOSTILE[::7]:
        whole = asyncio.run(answered(parts, [raw]))
        assert whole == asyncio.run(answered(parts, [bytes([byte]) for byte in raw])), raw
