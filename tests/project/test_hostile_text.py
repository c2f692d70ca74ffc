"""Texts that are made to keep a pattern busy, over HTTP: answered like any, and so is who asks next."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from online_server import served
from trips_project import CODE, make, request

RISK = '"risk": (past.miles / (past.miles + 3)).fill_null(0.5),'
PATTERN = "a(.*b)?"
BUSY = f"""
        "risk": ip.if_else(
            ride.zone.re_count("{PATTERN}").is_null()
            & ride.zone.re_replace("{PATTERN}", "-").is_null(),
            0.25,
            ride.zone.re_count("[a-z]+").cast("float") / 4,
        ),
"""
"""A quarter where the pattern is not asked of the text; else a quarter of the words in it."""

HOSTILE = {
    "at the bound": ("a" * 5_000, 0.25),
    "two words at the bound": ("a" * 2_500 + " " + "a" * 2_499, 0.5),
    "behind the bound": ("a" * 2_500 + " " + "a" * 2_500, 0.25),
    "a megabyte": ("a" * 1_000_000, 0.25),
    "of longer letters": ("é" * 150_000, 0.25),
    "lines": ("a\n" * 300_000, 0.25),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield a server of a model whose feature counts and replaces."""
    root = tmp_path_factory.mktemp("hostile") / "trips"
    assert RISK in CODE
    make(root, code=CODE.replace(RISK, BUSY.strip()))
    with served(root, "--replay") as found:
        yield found


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_answered(server, name):
    """It would take a quarter of an hour to search a megabyte again behind each of its letters."""
    text, score = HOSTILE[name]
    status, answer = server.post("/v1/models/trips/predict", {"row": {**request(1), "zone": text}})
    assert (200, score) == (status, answer["score"])


def test_who_asks_beside_them_is_answered(server):
    """Eight hostile texts at a time, and a good row beside them."""
    hostile = {"row": {**request(2), "zone": "a" * 1_000_000}}
    with ThreadPoolExecutor(9) as pool:
        asked = [pool.submit(server.post, "/v1/models/trips/predict", hostile) for _ in range(8)]
        status, answer = server.post("/v1/models/trips/predict", {"row": request(3)})
        assert (200, 0.25) == (status, answer["score"])
        assert [200] * 8 == [each.result()[0] for each in asked]
