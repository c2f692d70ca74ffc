"""Views on views as they are written and stored: what is taken, what is refused, what names a version."""

from dataclasses import replace

import pytest

import interplane as ip
from interplane.errors import DataError, NotFreezable, UnknownName, UsageError
from interplane.expressions.jsonform import to_json
from interplane.expressions.nodes import Column, Reduce
from interplane.record.digests import digest_value
from interplane.views.derived import Derived, sources_of, stored_views, view_from_dict
from interplane.views.view import View, example

FLIGHTS = {
    "flights": {
        "id": "int", "carrier": "str", "origin": "str", "tail": "str", "t": "timestamp",
        "late": "bool", "delay": "float",
    }
}  # fmt: skip


@ip.feature_view(source="flights", entity="carrier", event_time="t", key="id")
def week(flights):
    """A window."""
    return {"late": flights.late.mean().over(ip.last("7d"))}


@ip.feature_view(source="flights", entity=["origin", "carrier"], event_time="t")
def pair(flights):
    """Of two columns."""
    return {"delay": flights.delay, "was_late": flights.late}


@ip.feature_view(source="flights", entity="tail", event_time="t")
def plane(flights):
    """What an aircraft did last."""
    return {"carrier": flights.carrier, "delay": flights.delay}


def written(function, entity="carrier", name="trend"):
    """A view on views."""
    function.__name__ = name
    return ip.feature_view(entity=entity)(function)


def refused(function, error=NotFreezable, **settings):
    """The message with which one is refused."""
    with pytest.raises(error) as caught:
        written(function, **settings).define(FLIGHTS)
    return str(caught.value)


def trend(now=week, old=week.by("carrier")):
    """How the carrier does."""
    return {"change": now.late - old.late, "known": now.late.not_null()}


def test_a_view_on_views_has_features_of_all_types():
    """Its parameters are joined by its own entity, without saying so."""
    view = written(trend).define(FLIGHTS)
    assert {"change": "float", "known": "bool"} == view.types
    assert (("carrier",), ("str",)) == (view.entity, view.entity_types)
    assert {"now": ("carrier",), "old": ("carrier",)} == {
        name: use.by for name, use in view.parents.items()
    }
    assert ["week"] == [each.name for each in stored_views(view)]
    assert ("flights",) == sources_of({"x": view.parents["now"]}) == view.sources


def test_what_is_written_shows_itself():
    """And keeps its function and its words."""
    view = written(trend)
    assert "<FeatureView trend of carrier, from the views week, week>" == repr(view)
    assert ("How the carrier does.", trend) == (view.__doc__, view.function)


def test_another_parent_is_another_version():
    """A digest covers the definitions of all that a view stands on."""
    view = written(trend).define(FLIGHTS)
    other = replace(week.define(FLIGHTS["flights"]), ttl_us=5)
    changed = replace(
        view, parents={**view.parents, "old": replace(view.parents["old"], view=other)}
    )
    assert view.digest != changed.digest
    assert view != changed
    assert view == written(trend).define(FLIGHTS)


def test_the_json_form_is_whole():
    """It is named by its digest, and what it stands on is in it."""
    view = written(trend).define(FLIGHTS)
    again = view_from_dict(view.to_dict())
    assert (view, view.parents) == (again, again.parents)
    assert view.digest == digest_value(view.to_dict())
    assert isinstance(view_from_dict(example().to_dict()), View)


def test_a_parent_is_joined_by_a_feature_of_one_before_it():
    """The aircraft's latest carrier, and then that carrier."""

    def chained(
        last=plane, now=week.by("last.carrier"), at=pair.by("last.carrier", "last.carrier")
    ):
        return {"late": now.late, "delay": at.was_late}

    view = written(chained, entity="tail").define(FLIGHTS)
    assert ("last.carrier",) == view.parents["now"].by
    assert {"late": "float", "delay": "bool"} == view.types
    assert 2 == view.depth + 1


def test_views_on_views_stand_on_one_another():
    """As deep as anybody needs, and no deeper."""
    view = written(trend)
    for number in range(15):
        below = view

        def one(last=below):
            return {"change": last.change * 0.5}

        view = written(one, name=f"d{number}")
    assert 16 == view.define(FLIGHTS).depth

    def one_more(last=view):
        return {"change": last.change}

    assert "17 views stand on one another" in refused(one_more, UsageError)


def test_a_view_that_grows_beyond_all_bounds_is_refused():
    """Each of two stands on the one below: their number doubles."""
    view = written(trend)
    for number in range(7):
        below = view

        def both(left=below, right=below):
            return {"change": left.change + right.change}

        view = written(both, name=f"d{number}")
    with pytest.raises(UsageError, match="look-ups"):
        view.define(FLIGHTS)


def nothing(now=week):
    return {}


def plain(now=week):
    return {"x": 3}


def windowed(now=week):
    return {"x": now.late.mean().over(ip.last("7d"))}


def trained(now=week):
    return {"x": now.late - now.late.mean()}


def no_view(now):
    return {"x": now.late}


def other_default(now=3):
    return {"x": now}


def no_parameter():
    return {}


def no_name(now=week):
    return {"not a name": now.late}


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (nothing, 'Return for example {"late": now.late}'),
        (plain, "'x' of trend is 3, of type int"),
        (
            windowed,
            "is mean(now.late).over(last('7d')), over a window of events that it has none of",
        ),
        (trained, "takes the mean of the training rows"),
        (no_view, "'now' of trend has no default"),
        (other_default, "has the default 3"),
        (no_name, "'not a name'"),
        (no_parameter, "has no source, and takes no view"),
    ],
)
def test_what_is_no_feature_is_refused(function, said):
    """With the place, and what to do."""
    assert said in refused(function)


def by_nothing(now=week.by("last.carrier")):
    return {"x": now.late}


def by_later(now=week.by("last.carrier"), last=plane.by("tail")):
    return {"x": now.late}


def by_another_type(last=plane, now=week.by("last.delay")):
    return {"x": now.late}


def by_other_columns(last=plane.by("tail"), now=week):
    return {"x": now.late}


@pytest.mark.parametrize(
    ("function", "error", "entity", "said"),
    [
        (by_nothing, UnknownName, "carrier", "no column 'last.carrier' in the entity of trend"),
        (by_later, UnknownName, "tail", "name a column of the entity, or a feature"),
        (by_another_type, DataError, "tail", "'last.delay' is float"),
        (by_other_columns, UnknownName, "carrier", "no column 'tail' in the entity of trend"),
        (trend, UsageError, ("carrier", "tail"), "joined by 'tail', which names its entity"),
        (by_other_columns, UsageError, ("carrier", "tail", "last.delay"), "rename"),
        (trend, UsageError, (), "the entity []"),
    ],
)
def test_a_join_that_does_not_fit_is_refused(function, error, entity, said):
    """By name."""
    assert said.lower() in refused(function, error, entity=entity).lower()


def test_names_of_its_features_differ_also_in_lower_case():
    """As those of every view."""

    def twice(now=week.by("carrier")):
        return {"Late": now.late, "late": now.late}

    said = refused(twice, NotFreezable, entity="carrier")
    assert "'Late' and 'late'. Expected names that differ, also in lower case" in said


def test_names_of_its_parameters_differ_also_in_lower_case():
    """Refused where it is written."""
    with pytest.raises(NotFreezable, match="parameters of twice are named 'w' and 'W'"):

        @ip.feature_view(entity="carrier")
        def twice(w=week.by("carrier"), W=week.by("carrier")):  # noqa: N803
            return {"late": w.late, "later": W.late}


@pytest.mark.parametrize(
    "setting",
    [{"event_time": "t"}, {"ttl": "3h"}, {"key": "id"}, {"forecast": True}, {"known_at": "t"}],
    ids=str,
)
def test_settings_of_a_source_need_a_source(setting):
    """A view on views has no events of its own."""
    with pytest.raises(UsageError, match="without a source has settings of one"):
        ip.feature_view(entity="carrier", **setting)


def spoiled(**changes):
    """The JSON form of a view with something wrong in it."""
    return {**written(trend).define(FLIGHTS).to_dict(), **changes}


PARENT = spoiled()["parents"][0]
FEATURE = spoiled()["features"][0]


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ("x", "it is none"),
        (spoiled(form="other"), "cannot be read"),
        (spoiled(version=2), "version 2 of its form"),
        (spoiled(more=1), "unknown field `more`"),
        (spoiled(name="a/b"), "a/b"),
        (spoiled(entity=[]), "no entity"),
        (spoiled(entity=[{"name": "carrier", "type": "float"}]), "a float names"),
        (spoiled(entity=[{"name": "carrier", "type": "int"}]), "which is no str"),
        (spoiled(entity=[{"name": "c", "type": "str"}]), "joined by 'carrier'"),
        (spoiled(parents=[]), "stands on no view"),
        (spoiled(parents=[PARENT, PARENT]), "a parameter is there twice"),
        (spoiled(parents=[{**PARENT, "by": []}]), "joined by 0 columns"),
        (spoiled(parents=[{**PARENT, "view": {}}]), "cannot be read"),
        (spoiled(parents=[PARENT]), "no parent has 'old.late'"),
        (spoiled(features=[]), "no feature"),
        (spoiled(features=[FEATURE, FEATURE]), "one twice"),
        (spoiled(features=[{**FEATURE, "name": ""}]), "without a name"),
        (
            spoiled(features=[{**FEATURE, "expression": to_json(Column("now.late", "int"))}]),
            "no parent has 'now.late' of the type int",
        ),
        (
            spoiled(
                features=[
                    {
                        **FEATURE,
                        "expression": to_json(
                            Reduce("mean", (Column("now.late", "float"),), None, (), (), "float")
                        ),
                    }
                ]
            ),
            "holds a statistic",
        ),
    ],
)
def test_a_form_that_is_none_is_refused(plain, said):
    """Nothing of it runs, and all of it is checked."""
    with pytest.raises(DataError) as caught:
        view_from_dict(plain)
    assert said in str(caught.value)


def test_forms_in_one_another_are_bounded():
    """A file cannot make reading it go on without end."""
    plain = spoiled()
    for _ in range(40):
        plain = {**spoiled(), "parents": [{**PARENT, "view": plain}]}
    with pytest.raises(DataError, match="stand on one another"):
        Derived.from_dict(plain)
