"""The MD5 of keys: what the standard library makes of the same texts, wherever the rows are."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.key_hashes import key_hashes
from interplane.data.row_keys import key_digests
from interplane.data.table import Table
from interplane.errors import UnknownName

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=70)
KEYS = st.lists(st.tuples(st.none() | TEXTS, st.none() | st.integers(-(2**63), 2**63 - 1)))


def keyed(keys):
    """Return keys of a text and a number as a table."""
    texts, numbers = zip(*keys, strict=True) if keys else ((), ())
    return Table.from_columns(
        {"a": pa.array(texts, pa.string()), "b": pa.array(numbers, pa.int64())}
    )


def by_hand(key, *, salt=""):
    """Return the MD5 of a key, by the standard library."""
    pieces = [salt] if salt else []
    pieces += ["" if value is None else str(value) for value in key]
    whole = "".join(f"{len(piece.encode())}:{piece}" for piece in pieces)
    return hashlib.md5(whole.encode(), usedforsecurity=False)


@settings(max_examples=60, deadline=None)
@given(KEYS, st.sampled_from(["", "v2", "ß"]))
def test_both_ends_are_those_of_the_md5(keys, salt):
    """Of texts of any length, of numbers, and of nulls, which count as empty texts."""
    found = key_hashes(keyed(keys), ["a", "b"], salt=salt)
    made = [by_hand(key, salt=salt) for key in keys]
    assert [int(each.hexdigest()[:15], 16) for each in made] == found.first.tolist()
    assert [int.from_bytes(each.digest()[8:], "little") for each in made] == found.last.tolist()
    assert [None not in key for key in keys] == found.named.tolist()


def test_rows_keep_their_order_in_pieces(monkeypatch):
    """However many rows the engine is given at once, and however the table is cut."""
    rows = Table.from_columns({"id": np.arange(5000)})
    whole = key_hashes(rows, ["id"])
    monkeypatch.setattr("interplane.data.key_hashes._ROWS_AT_ONCE", 700)
    cut = Table.from_arrow(
        pa.concat_tables([rows.to_arrow().slice(0, 333), rows.to_arrow().slice(333)])
    )
    for each in (rows, cut):
        found = key_hashes(each, ["id"])
        assert whole.first.tolist() == found.first.tolist()
        assert whole.last.tolist() == found.last.tolist()


def test_a_key_with_a_null_has_no_digest():
    """And its place holds nothing that depends on the rest of the key."""
    digests, named = key_digests(keyed([("x", 1), ("x", None)]), ["a", "b"])
    assert [True, False] == named.tolist()
    assert 0 == digests[1]


def test_a_column_that_is_not_there_is_told():
    """By its name."""
    with pytest.raises(UnknownName, match="nothing"):
        key_hashes(keyed([]), ["nothing"])
