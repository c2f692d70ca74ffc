"""Where a key stands: the same for ever, evenly spread, and with the canary while its share grows."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.models.request_schema import Field, RequestSchema
from interplane.serving.rollout import KeyOf, split

SALT = "a" * 64
OTHER = "a" * 63 + "b"
KNOWN = [0.8321475783108632, 0.5667367332378879, 0.2470293959813099, 0.4143745625366191]


def test_it_is_the_same_for_ever():
    """These were written down once: another value moves clients from one crossing to the other."""
    assert KNOWN == [split(SALT, key) for key in ("", "1", '["AA-117"]', "é")]
    code = "import sys; from interplane.serving.rollout import split; print(split(*sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, SALT, "1"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "5"},
    )
    assert KNOWN[1] == float(done.stdout)


@given(st.text("0123456789abcdef", min_size=1, max_size=64), st.text(max_size=40))
def test_it_is_from_0_to_below_1(salt, key):
    """Whatever a client sends; bytes are those of the text."""
    place = split(salt, key)
    assert 0 <= place < 1
    assert place == split(salt, key.encode())


@pytest.mark.parametrize("salt", [SALT, OTHER, "c0ffee"])
def test_it_is_even(salt):
    """Of 64 parts each gets its share of 64,000 keys (chi-squared, 63 degrees: below 120)."""
    counts = Counter(int(split(salt, f"key {number}") * 64) for number in range(64_000))
    assert set(range(64)) == set(counts)
    assert 120 > sum((count - 1000) ** 2 / 1000 for count in counts.values())


def test_two_canaries_get_other_keys():
    """Of those that one has at a half, the other has about a half."""
    mine = [key for key in map(str, range(20_000)) if split(SALT, key) < 0.5]
    assert 0.48 < sum(split(OTHER, key) < 0.5 for key in mine) / len(mine) < 0.52


@given(st.lists(st.text(max_size=20), max_size=30), st.floats(0, 1), st.floats(0, 1))
def test_who_was_with_the_canary_stays_while_its_share_grows(keys, one, other):
    """And nobody changes twice."""
    small, large = sorted((one, other))
    had = {key for key in keys if split(SALT, key) < small}
    has = {key for key in keys if split(SALT, key) < large}
    assert had <= has


# ---- keys ---------------------------------------------------------------------------------------


def schema(*key):
    """A schema with two columns, some of which name a row."""
    fields = tuple(
        Field(name=name, type=kind, nullable=True, required=False)
        for name, kind in (("flight", "str"), ("leg", "int"), ("wind", "float"))
    )
    return RequestSchema(fields=fields, inputs=3, key=key)


def test_the_key_is_what_names_the_row():
    """Else the client's id, else the prediction's; one column that is null is no key."""
    values = ["AA-117", 2, 3.5]
    assert b'["AA-117"]' == KeyOf(schema("flight"))(values, "mine", "id")
    assert b'[2,"AA-117"]' == KeyOf(schema("leg", "flight"))(values, "mine", "id")
    assert b"mine" == KeyOf(schema("leg", "flight"))([None, 2, 3.5], "mine", "id")
    assert b"mine" == KeyOf(schema())(values, "mine", "id")
    assert b"id" == KeyOf(schema())(values, None, "id")
