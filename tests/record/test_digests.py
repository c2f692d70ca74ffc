"""Digests and canonical JSON."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import UsageError
from interplane.record import (
    canonical,
    digest_bytes,
    digest_chunks,
    digest_file,
    digest_value,
    is_digest,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_canonical_json_reads_back_as_the_same_value(value):
    """Nothing is lost on the way into canonical JSON."""
    assert value == json.loads(canonical(value))


@given(st.dictionaries(st.text(), st.integers()))
def test_order_of_keys_does_not_matter(value):
    """Two dicts that are equal have one digest."""
    turned = dict(reversed(list(value.items())))
    assert digest_value(value) == digest_value(turned)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_non_finite_numbers_are_refused_with_their_path(number):
    """NaN has no form in JSON, and the error says where it stands."""
    with pytest.raises(UsageError, match=r"\$\.a\[1\]"):
        canonical({"a": [0.0, number]})


@given(st.lists(st.binary()))
def test_chunks_digest_as_the_whole(chunks):
    """How bytes are cut does not matter."""
    assert digest_bytes(b"".join(chunks)) == digest_chunks(chunks)


def test_a_file_digests_as_its_bytes(tmp_path):
    """A file and its content have one digest."""
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)
    assert digest_bytes(path.read_bytes()) == digest_file(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0" * 64, True), ("0" * 63, False), ("G" * 64, False), ("A" * 64, False)],
)
def test_shape_of_a_digest(text, expected):
    """64 small hexadecimal characters, nothing else."""
    assert expected == is_digest(text)
