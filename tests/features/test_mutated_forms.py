"""Stored features with anything in them changed: read as what they say, or refused as damaged. Nothing runs."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.errors import InterplaneError
from interplane.expressions.constants import constant_from_text
from interplane.features.frozen import Frozen

GOLDEN = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "golden").glob("*.json"))
}
RUNS = {"compile", "exec", "import", "open", "os.system", "subprocess.Popen", "socket.connect"}
_watching: list[str] = []


def _watch(event, args):
    if _watching and event in RUNS:
        _watching.append(f"{event} {args!r:.200}")


sys.addaudithook(_watch)
for _golden in GOLDEN.values():  # what is read for the first time imports our own modules
    Frozen.from_dict(_golden["frozen"])

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([2**63, -(2**63) - 1, 10**400, 0.5, float("nan"), float("inf"), -0.0, 1e999]),
    st.sampled_from(
        ["", "nan", "-inf", "1e5", "0x1p3", "٣", " 1", "1_000", "10" * 3000, "9" * 5000]
    ),
    st.sampled_from(
        ["bool", "int", "float", "str", "date", "timestamp", "object", "row", "lookup"]
    ),
    st.sampled_from(["a\0b", "\ud800", "__import__('os').system('true')", "{0}", "'; --", "\n"]),
    st.sampled_from(["2026-02-30", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z"]),
    st.text(max_size=4),
)
anything = st.recursive(
    scalars,
    lambda each: st.one_of(
        st.lists(each, max_size=3), st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=6,
)


def places(plain, at=()):
    """Return the path of everything in a JSON value, itself without."""
    items = (
        plain.items()
        if isinstance(plain, dict)
        else enumerate(plain)
        if isinstance(plain, list)
        else ()
    )
    found = []
    for key, value in items:
        found += [(*at, key), *places(value, (*at, key))]
    return found


def under(plain, path):
    """Return what a path leads to."""
    for key in path:
        plain = plain[key]
    return plain


def mutate(plain, data):
    """Change one thing of a JSON value: what stands there, whether it does, where, or its name."""
    *above, key = data.draw(st.sampled_from(places(plain)), "place")
    holder = under(plain, above)
    how = data.draw(
        st.sampled_from(["set", "near", "drop", "double", "swap", "name", "nest"]), "how"
    )
    if how == "set":
        holder[key] = data.draw(anything, "value")
    elif how == "near":  # what stands elsewhere in the file has the right form, in the wrong place
        holder[key] = copy.deepcopy(under(plain, data.draw(st.sampled_from(places(plain)), "of")))
    elif how == "drop":
        del holder[key]
    elif how == "double" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif how == "swap" and isinstance(holder, list):
        other = data.draw(st.integers(0, len(holder) - 1), "with")
        holder[key], holder[other] = holder[other], holder[key]
    elif how == "name" and isinstance(holder, dict):
        holder[data.draw(st.text(max_size=3), "name")] = holder.pop(key)
    else:
        holder[key] = [holder[key]]


def read(plain):
    """Read frozen features, and see that nothing ran."""
    _watching[:] = ["begin"]
    try:
        return Frozen.from_dict(plain)
    finally:
        ran, _watching[:] = _watching[1:], []
        assert [] == ran


def answers(frozen, golden):
    """Return the features of the golden rows as text, or that a row does not fit any more."""
    found = []
    for answer in golden["answers"]:
        try:
            row = {
                name: constant_from_text(value, frozen.inputs[name])
                if frozen.inputs.get(name) in {"date", "timestamp"}
                else value
                for name, value in answer["row"].items()
            }
            found.append([each.hex() for each in frozen.vector(row, **answer.get("views", {}))])
        except (InterplaneError, ValueError) as error:
            found.append(type(error).__name__)
    return found


@pytest.mark.parametrize("stem", GOLDEN)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_what_is_read_is_what_the_file_says(stem, data):
    """It is written again as it stood there, and answers the same then; all else is refused."""
    golden = GOLDEN[stem]
    plain = copy.deepcopy(golden["frozen"])
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        mutate(plain, data)
    text = json.dumps(plain)
    try:
        frozen = read(plain)
    except InterplaneError as refusal:
        refused = refusal
    else:
        refused = None
    if refused is not None:
        assert refused.what
        assert refused.do
        return
    again = json.loads(json.dumps(frozen.to_dict()))
    assert repr(told(json.loads(text))) == repr(told(again))
    assert answers(frozen, golden) == answers(read(again), golden)


def told(plain):
    """Return a form without what is passed over in the parts that decide nothing."""
    return {
        name: value for name, value in sorted(plain.items()) if name not in {"training", "parity"}
    }
