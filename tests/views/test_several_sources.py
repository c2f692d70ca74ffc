"""Views of several sources: the events of all of them, in columns that all of them have."""

import gc
import weakref
from datetime import datetime, timedelta

import pytest

import interplane as ip
from interplane.errors import DataError, UnknownName, UsageError
from interplane.testing.memory_online import MemoryOnline
from interplane.views.join import join
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.pushing import Push, Pusher
from interplane.views.states import States
from interplane.views.union import source_table
from interplane.views.view import SOURCE_COLUMN, View, micros

TYPES = {"id": "int", "who": "str", "at": "str", "t": "timestamp", "spent": "float"}
DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive


def orders(events):
    """What somebody bought, in all shops."""
    return {
        "spent": events.spent.sum().over(ip.last("7d")),
        "n": events.count().over(ip.last("7d")),
        "online": events.count(where=events["@source"] == "web").over(ip.last("7d")),
        "last": events.spent,
    }


def view_of(function=orders, types=None, **settings):
    """The view over two sources."""
    given = {"source": ["web", "shop"], "entity": "who", "event_time": "t", "key": "id", **settings}
    return ip.feature_view(**given)(function).use(types or {"web": TYPES, "shop": TYPES}, ("who",))


def table(*rows):
    """Rows of a source: id, day, spent."""
    names = ("id", "t", "spent")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return ip.Table.from_columns(
        {**columns, "t": [DAY + timedelta(days=day) for day in columns["t"]]}
        | {"who": ["a"] * len(rows), "at": ["x"] * len(rows)}
    )


WEB, SHOP = table((1, 0, 10.0), (2, 1, 20.0)), table((1, 2, 5.0))
ROWS = ip.Table.from_columns({"who": ["a"], "t": [DAY + timedelta(days=3)]})


def joined(use, **sources):
    """What the view says of the one row."""
    given = sources or {"web": WEB, "shop": SHOP}
    return join(ROWS, use, source_table(use.view, given), time="t").to_pylist()[0]


def test_the_events_of_all_sources_count():
    """A key names an event within its source: there are three."""
    use = view_of()
    assert ("web", "shop") == use.view.sources
    assert ("id", SOURCE_COLUMN) == use.view.key
    assert {"spent": 35.0, "n": 3, "online": 2, "last": 5.0} == joined(use)


def test_a_shared_key_makes_one_event_of_two():
    """The later version counts, whichever source it is of."""
    use = view_of(shared_key=True)
    assert ("id",) == use.view.key
    assert {"spent": 25.0, "n": 2, "online": 1, "last": 5.0} == joined(use)


def test_the_form_reads_back_and_one_source_keeps_the_older_form():
    """So that what was stored before keeps its name."""
    view = view_of().view
    assert (view, ("shop",)) == (View.from_dict(view.to_dict()), view.more_sources)
    one = view_of(source="web", types={"web": {**TYPES, "@source": "str"}})
    assert "more_sources" not in one.view.to_dict()


def test_datasets_are_sources_too():
    """By their names; a source that is there twice is a slip."""
    web, shop = ip.dataset("web"), ip.dataset("shop")
    assert view_of(source=[web, shop]).view == view_of().view
    with pytest.raises(UsageError, match="names one source twice"):
        view_of(source=[web, "web"])


@pytest.mark.parametrize(
    ("shop", "error", "said"),
    [
        (
            {**TYPES, "spent": "int"},
            DataError,
            "'spent' is int in the source 'shop', and float in 'web'",
        ),
        ({k: v for k, v in TYPES.items() if k != "spent"}, UnknownName, "the source 'shop'"),
        (
            {k: v for k, v in TYPES.items() if k != "who"},
            UnknownName,
            "no column 'who' in the source 'shop'",
        ),
        (
            {**TYPES, "@source": "str"},
            UsageError,
            "the source 'shop' of orders has a column '@source'",
        ),
    ],
)
def test_a_source_without_a_column_or_with_another_type_is_named(shop, error, said):
    """With the column."""
    with pytest.raises(error) as caught:
        view_of(types={"web": TYPES, "shop": shop})
    assert said in str(caught.value)


def test_columns_that_are_not_read_may_differ():
    """Only what the view names has to be in all of them."""
    assert (
        view_of(types={"web": {**TYPES, "at": "date", "page": "str"}, "shop": TYPES}) == view_of()
    )


def test_each_source_has_to_be_given():
    """By name."""
    with pytest.raises(UnknownName, match="no source 'shop' in sources"):
        joined(view_of(), web=WEB)
    with pytest.raises(UnknownName, match="no column 'spent' in the source 'shop'"):
        joined(view_of(), web=WEB, shop=SHOP.select("id", "t", "who"))


def test_the_same_tables_give_the_same_union():
    """What was prepared of it for a join is found; it goes with the tables."""
    view, web, shop = view_of().view, table((1, 0, 1.0)), table((2, 0, 1.0))
    sources = {"web": web, "shop": shop}
    union = source_table(view, sources)
    assert union is source_table(view, dict(sources))
    assert union is not source_table(view, {**sources, "shop": table((2, 0, 1.0))})
    gone = weakref.ref(union)
    del union, sources, web, shop
    gc.collect()
    assert gone() is None


def test_pushes_to_either_source_reach_the_view():
    """And are read as the join of both tables says."""
    use, store = view_of(), MemoryOnline()
    early = table((1, 0, 10.0))
    source = source_table(use.view, {"web": early, "shop": early.head(0)})
    assert 1 == materialize(store, use.view, source, since=DAY).written

    def push(name, number, day, spent, **more):
        at = f"{(DAY + timedelta(days=day)).isoformat()}Z"
        row = {"id": number, "who": "a", "t": at, "spent": spent, **more}
        (pushed,) = Pusher(store).push(
            [Push.of(name, [row], now_us=micros(DAY + timedelta(days=99)))]
        )
        return pushed

    assert (1, ()) == (push("web", 2, 1, 20.0).new, push("web", 2, 1, 20.0).unread)
    said = push("shop", 1, 2, 5.0, **{"@source": "web"})
    assert (1, ("@source",)) == (said.new, said.unread)
    assert 0 == push("web", 1, 0, 10.0).new
    states = States(store)
    found = LookUps({"v": use}, states).read({"who": "a"}, micros(DAY + timedelta(days=3)))
    assert list(joined(use).values()) == found
    assert isinstance(Pusher(store).push([Push.of("other", [], now_us=0)])[0], UnknownName)


def test_entities_of_several_columns_across_sources_and_views():
    """A view of two columns and two sources, and one of other names that stands on it."""

    @ip.feature_view(
        source=["web", "shop"], entity=["who", "at"], event_time="t", key="id", shared_key=True
    )
    def places(events):
        return {"n": events.count().over(ip.last("30d")), "where": events.at}

    @ip.feature_view(entity=["place", "person"])
    def habits(here=places.by("person", "place"), again=places.by("person", "here.where")):
        return {"n": here.n + again.n}

    @ip.features(time="t")
    def features(row, habits=habits.by("x", "who")):
        return {"n": habits.n}

    rows = ip.Table.from_columns(
        {"who": ["a", "a", None], "x": ["x", "y", "x"], "t": [DAY + timedelta(days=3)] * 3}
    )
    sources = {"web": WEB, "shop": SHOP}
    frozen = features.fit(rows, sources=sources)
    assert [4.0, None, None] == [
        row["n"] for row in frozen.transform(rows, sources=sources).to_rows()
    ]
    assert frozen == ip.Frozen.from_dict(frozen.to_dict())
    assert ("x", "who") == frozen.by
