"""The laws of a store of outcomes: whoever writes another one runs these against it.

Each law takes an `OutcomeBench`: an empty store, and another handle on the same one. ::

    @pytest.mark.parametrize("law", outcome_laws.LAWS, ids=lambda law: law.__name__)
    def test_outcomes(law, tmp_path):
        law(my_bench(tmp_path))
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.outcomes.outcome import Outcome
from interplane.outcomes.pieces import kept_of

if TYPE_CHECKING:
    from interplane.outcomes.outcome import Said
    from interplane.outcomes.ports import Kept, Outcomes

__all__ = ["LAWS", "OutcomeBench", "said"]


YES: Final = True


class OutcomeBench(NamedTuple):
    """An empty store, and another handle on the same one: it may be the same object."""

    store: Outcomes
    other: Outcomes


def said(flight: str = "UA1", value: Said = YES, **changes: Any) -> Outcome:
    """Return an outcome of a flight.

    >>> said("UA7", None).key
    {'flight_id': 'UA7'}
    """
    fields: dict[str, Any] = {
        "model": "flights",
        "key": {"flight_id": flight},
        "value": value,
        "known_at_us": 1_000,
        "received_at_us": 9_000,
        "actor": "law",
    }
    return Outcome(**{**fields, **changes})


def by_id(number: int, value: Said = YES, **changes: Any) -> Outcome:
    """Return an outcome of a prediction."""
    return said(value=value, **{"key": None, "prediction_id": f"{number:032x}", **changes})


def _kept(store: Outcomes, model: str = "flights", **which: Any) -> list[Kept]:
    return kept_of(model, store.read(model, **which))


def _outcomes(store: Outcomes, **which: Any) -> list[Outcome]:
    return [each.outcome for each in _kept(store, **which)]


def what_was_added_is_there(bench: OutcomeBench) -> None:
    """In the order in which it came, exactly, whatever the values are."""
    keys = [
        {"flight_id": 'é\n"'},
        {"number": 2**60, "day": "2013-06-01"},
        {"number": -3, "day": ""},
        {"share": 5e-324, "is_first": False},
    ]
    given = [
        *(said(key=key) for key in keys),
        *(said(f"UA{n}", value) for n, value in enumerate((True, False, None, 0.1, -2.0, 1e308))),
        by_id(1),
        by_id(1, 0.5, name="clicked"),
    ]
    assert bench.store.add(given) == [True] * len(given)
    assert _outcomes(bench.other) == given
    assert [type(each.value) for each in _outcomes(bench.other)] == [type(o.value) for o in given]
    assert bench.store.add([]) == []


def the_sequence_grows(bench: OutcomeBench) -> None:
    """Through all models; the newest of a model is the last that is its own."""
    bench.store.add([said("UA1"), said("UA2")])
    bench.other.add([said("UA3", model="taxis"), said("UA4")])
    places = [each.sequence for each in _kept(bench.store)]
    assert all(first < then for first, then in pairwise(places))
    assert bench.store.newest("flights") == places[-1]
    assert bench.store.newest("taxis") < places[-1]
    assert bench.store.newest("buses") == 0
    assert bench.store.models() == ["flights", "taxis"]


def what_is_new_is_found_by_the_sequence(bench: OutcomeBench) -> None:
    """As somebody who reads on from the last place sees it."""
    bench.store.add([said("UA1"), said("UA2")])
    after = bench.store.newest("flights")
    assert _kept(bench.store, after=after) == []
    bench.store.add([said("UA2"), said("UA3")])
    assert _outcomes(bench.store, after=after) == [said("UA3")]


def the_same_outcome_twice_is_one(bench: OutcomeBench) -> None:
    """In one call, in another, by another handle; received later, or said by somebody else."""
    assert bench.store.add([said(), said()]) == [True, False]
    again = said(received_at_us=10_000, actor="another")
    assert bench.other.add([again, by_id(7), by_id(7)]) == [False, True, False]
    assert _outcomes(bench.store) == [said(), by_id(7)]
    assert dict(bench.store.repeated("flights")) == {"label": 3}


def what_differs_is_another(bench: OutcomeBench) -> None:
    """True is no one, null is no false, and a name has outcomes of its own."""
    given = [
        said(),
        said(value=1.0),
        said(value=False),
        said(value=0.0),
        said(value=None),
        said(known_at_us=2_000),
        said(name="clicked"),
        said(model="taxis"),
        said("UA2"),
        said(key={"flight_id": 1}),
        said(key={"flight_id": "UA1", "day": 1}),
    ]
    assert bench.store.add(given) == [True] * len(given)
    assert bench.store.add(given) == [False] * len(given)


def corrections_are_kept(bench: OutcomeBench) -> None:
    """All versions, in any order; also one that goes back to what was said before."""
    given = [said(value=value, known_at_us=at) for at, value in ((3, True), (1, True), (2, False))]
    assert bench.store.add(given) == [True] * 3
    assert _outcomes(bench.store) == given


def without_a_known_at_time_only_news_counts(bench: OutcomeBench) -> None:
    """What counts already is not said again; what changes it is, and what went back."""
    values = (True, True, False, False, True, None, None)
    given = [
        said(value=value, known_at_us=9_000 + n, received_at_us=9_000 + n)
        for n, value in enumerate(values)
    ]
    expected = [True, False, True, False, True, True, False]
    assert bench.store.add(given) == expected
    assert bench.store.add([said(value=False, known_at_us=1)]) == [True]
    assert bench.store.add([said(value=None, known_at_us=9_500, received_at_us=9_500)]) == [False]


def what_is_asked_as_of_a_time_was_known_by_then(bench: OutcomeBench) -> None:
    """The time itself included."""
    bench.store.add([said(str(at), known_at_us=at) for at in (1, 2, 3)])
    assert [each.known_at_us for each in _outcomes(bench.store, as_of_us=2)] == [1, 2]
    assert _outcomes(bench.store, as_of_us=0) == []


def names_are_apart(bench: OutcomeBench) -> None:
    """Each can be asked for by itself."""
    bench.store.add([said(), said(value=0.5, name="clicked")])
    assert [each.name for each in _outcomes(bench.store, name="clicked")] == ["clicked"]
    assert len(_outcomes(bench.store)) == 2
    assert _outcomes(bench.store, name="bought") == []


def a_bulk_is_the_same(bench: OutcomeBench) -> None:
    """Thousands at once, with repeats among them and before them, of several models and keys."""
    bench.store.add([said("UA7")])
    given = [
        *(said(f"UA{n % 900}", n % 2 == 0, known_at_us=1_000 + n % 900) for n in range(2_000)),
        *(by_id(n, n / 4, name="clicked") for n in range(50)),
        *(said(f"T{n}", model="taxis") for n in range(50)),
    ]
    new = bench.store.add(given, bulk=True)
    assert bench.other.add(given) == [False] * len(given)
    expected = [outcome for outcome, is_new in zip(given, new, strict=True) if is_new]
    assert _outcomes(bench.other) == [
        said("UA7"),
        *(outcome for outcome in expected if outcome.model == "flights"),
    ]
    assert len(_kept(bench.store, "taxis")) == 50


def drop_before_lets_go(bench: OutcomeBench) -> None:
    """Of what was known before, and nothing else; sent again, it is new."""
    given = [said(str(at), known_at_us=at) for at in range(10)]
    bench.store.add(given[:5], bulk=True)
    bench.store.add(given[5:])
    assert bench.store.drop_before(3) == 3
    assert bench.other.drop_before(7) == 4
    assert _outcomes(bench.store) == given[7:]
    newest = bench.store.newest("flights")
    assert bench.store.add(given) == [True] * 7 + [False] * 3
    assert len(_outcomes(bench.store, after=newest)) == 7


def writers_at_once_lose_nothing(bench: OutcomeBench) -> None:
    """Threads over both handles that say some of the same: each is there once."""

    def work(turn: int) -> int:
        store = bench.store if turn % 2 else bench.other
        given = [said(f"UA{turn}-{n}") for n in range(10)] + [said(f"all-{n}") for n in range(10)]
        return sum(sum(store.add(given[n : n + 4])) for n in range(0, len(given), 4))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(8))) == 90
    assert len({str(each.key) for each in _outcomes(bench.store)}) == 90
    assert len(_kept(bench.store)) == 90


LAWS = (
    what_was_added_is_there,
    the_sequence_grows,
    what_is_new_is_found_by_the_sequence,
    the_same_outcome_twice_is_one,
    what_differs_is_another,
    corrections_are_kept,
    without_a_known_at_time_only_news_counts,
    what_is_asked_as_of_a_time_was_known_by_then,
    names_are_apart,
    a_bulk_is_the_same,
    drop_before_lets_go,
    writers_at_once_lose_nothing,
)
"""All of them."""
