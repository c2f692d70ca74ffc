"""No public call answers a wrong argument with anything but an error of ours.

Each public function and method is called with wrong kinds of values at each of its parameters.
"""

from __future__ import annotations

import math
import operator
import sys
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "project"))
import trips_project as trips

import interplane as ip
import public_calls as public

PLACES = public.places()

# A function of the caller's that is called back: what it raises is the caller's.
CALLED_BACK = {"Project.add(progress)": {"a type"}}

# What a call with nothing wrong is refused for: the project is not there yet, or it is what it does.
OUT_OF_PLACE = {
    "Expr.__getitem__": "is one value for each row",
    "Project.audit": "no prediction of trips@1 was logged",
    "Project.decline": "is not asked to be live",
    "Project.learn": "learns no further examples",
    "Project.promote": "no canary of trips",
    "Project.rollback": "nothing of trips was live before",
    "Project.shadow_report": "has no shadow",
    "bucketize": "exactly one of quantiles, edges",
}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Return what calls are given where nothing is wrong: also a project with two crossings."""
    root = tmp_path_factory.mktemp("calls")
    trips.make(root / "trips")
    with trips.opened(root / "trips") as project:
        yield public.Given(root, project)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_wrong_argument_is_an_error_of_ours(place, given, tmp_path, monkeypatch):
    """It says what came and what to do instead; or the call takes it, and what it gives works."""
    monkeypatch.chdir(tmp_path)
    broken = {}
    for kind, wrong in public.WRONG.items():
        if kind in CALLED_BACK.get(str(place), ()):
            continue
        try:
            public.call(place, given, wrong())
        except ip.InterplaneError as error:
            if not (error.do or error.details.get("known")):
                broken[kind] = f"says not what to do: {error}"
        except Exception as error:  # noqa: BLE001 - which ones there are is the question
            broken[kind] = f"{type(error).__name__}: {error}"[:300]
    assert {} == broken


@pytest.mark.parametrize("name", sorted({place.name for place in PLACES}))
def test_nothing_wrong_is_no_error_of_python(name, given, tmp_path, monkeypatch):
    """With what the test gives for right, a call works, or is refused for another reason."""
    monkeypatch.chdir(tmp_path)
    place = public.Place(name, "")
    refused = pytest.raises(ip.InterplaneError, match=OUT_OF_PLACE.get(name))
    with refused if name in OUT_OF_PLACE else nullcontext():
        public.call(place, given, ...)


def test_too_many_arguments_and_unknown_names_stay_errors_of_python():
    """A tool that reads signatures, and a reader of tracebacks, see what they know."""
    with pytest.raises(TypeError, match="positional argument"):
        ip.rule("a", "b", holds=True, found="c")
    with pytest.raises(TypeError, match="unexpected keyword argument 'hold'"):
        ip.rule("a", hold=True, found="c")


BETWEEN = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod),
    *(operator.pow, operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
    *(operator.and_, operator.or_, operator.xor),
)
ALONE = (
    *(operator.neg, operator.pos, operator.invert, abs, round, bool, float, int, len, list, iter),
    *(complex, reversed, operator.index, math.floor, math.ceil, math.sqrt),
)
HAVE_OPERATORS_OF_THEIR_OWN = {"a pandas frame", "a pandas column", "a Polars frame", "an array"}


@pytest.mark.parametrize("work", BETWEEN, ids=lambda each: each.__name__)
@pytest.mark.parametrize("kind", public.WRONG)
def test_operators_with_what_is_no_operand(work, kind):
    """On either side; frames and arrays on the left have operators of their own."""
    for each in (public.ROW.x, public.ROW.s, public.ROW.at, public.ROW.b):
        sides = [(each, public.WRONG[kind]())]
        if kind not in HAVE_OPERATORS_OF_THEIR_OWN:
            sides.append((public.WRONG[kind](), each))
        for left, right in sides:
            with suppress(ip.InterplaneError):
                work(left, right)


@pytest.mark.parametrize("work", ALONE, ids=lambda each: each.__name__)
def test_what_an_expression_is_not(work):
    """It is no number, no list and no truth: it says so itself."""
    with suppress(ip.InterplaneError):
        work(public.ROW.x)
