"""A small project whose views stand on one another and on several sources, and its rows in Python."""

import random
from datetime import timedelta

from interplane.testing.families import said
from interplane.testing.histories import histories
from interplane.views.derived import stored_views
from interplane.views.view import SOURCE_COLUMN

CODE = '''\
"""Which rides will be long? By what is known of the rider, and of the zone where he was last."""

import interplane as ip

rides = ip.dataset("rides")


@ip.feature_view(
    source=["street", "booked"], entity="rider", event_time="began_at", known_at="ended_at",
    key="ride",
)
def history(ends):
    return {
        "zone": ends.zone,
        "rides_1d": ends.count().over(ip.last("1d")),
        "miles_1d": ends.miles.mean().over(ip.last("1d")),
        "miles_3d": ends.miles.mean().over(ip.last("3d")),
        "booked_3d": ends.count(where=ends["@source"] == "booked").over(ip.last("3d")),
    }


@ip.feature_view(
    source="street", entity="zone", event_time="began_at", known_at="ended_at", key="ride"
)
def zones(ends):
    return {"miles_1d": ends.miles.mean().over(ip.last("1d"))}


@ip.feature_view(entity="rider")
def trend(past=history.by("rider"), zone=zones.by("past.zone")):
    return {
        "change": past.miles_1d - past.miles_3d,
        "to_zone": (past.miles_1d / zone.miles_1d).fill_null(1.0),
        "is_new": past.zone.is_null(),
    }


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, trend=trend.by("rider"), past=history.by("rider")):
    return {
        "change": trend.change.fill_null(0.0),
        "to_zone": trend.to_zone,
        "new": trend.is_new,
        "busy": past.rides_1d / (ride.seats + 1),
        "same_zone": past.zone == ride.zone,
        "risk": ip.if_else(ride.seats > 2, trend.to_zone, past.booked_3d.cast("float") / 10)
        .fill_null(0.5) / 10 + 0.05,
    }


pipeline = ip.Pipeline("trips", inputs={"rides": rides})


@pipeline.step(outputs=("street", "booked"))
def ends(rides: ip.Table):
    columns = "ride, rider, zone, began_at, ended_at, miles"
    return (
        rides.sql(f"SELECT {columns} FROM self WHERE NOT is_booked"),
        rides.sql(f"SELECT {columns} FROM self WHERE is_booked"),
    )


@pipeline.step
def model(rides: ip.Table, street: ip.Table, booked: ip.Table, *, score: str = "risk") -> ip.Model:
    frozen = ride_features.fit(rides, sources={"street": street, "booked": booked})
    return ip.Model(ip.FeatureScore(score), features=frozen)


@pipeline.step
def rides_made(rides: ip.Table) -> ip.Table:
    return rides


@pipeline.step
def evaluation(
    model: ip.Model, rides_made: ip.Table, street: ip.Table, booked: ip.Table
) -> ip.Evaluation:
    sources = {"street": street, "booked": booked}
    return ip.evaluate(model, rides_made, sources=sources, metrics=["roc_auc"], seen="allow")


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.01)]


pipeline.publish(
    "trips", model="model", evaluation="evaluation", gate="good_enough", rows="rides_made",
    train="rides_made", baseline="rides_made",
)
'''

FILE = 'name = "trips"\npipelines = ["trips:pipeline"]\n\n[run]\nworkers = 1\n'


def rides_csv(begin, rows=240, *, seed=5):
    """Return made-up rides as CSV; one in three was booked."""
    draw = random.Random(seed)
    lines = ["ride,rider,began_at,ended_at,zone,seats,miles,is_booked,long"]
    for number in range(rows):
        began = begin + timedelta(minutes=draw.randrange(10 * 1440))
        miles = round(draw.lognormvariate(1.0, 0.6), 2)
        ended = began + timedelta(minutes=1 + int(miles * 4))
        rest = (draw.choice(["north", "south", "east"]), draw.randrange(1, 5), miles)
        booked = str(draw.random() < 1 / 3).lower()
        said = ",".join(map(str, (number, f"r{draw.randrange(8)}", began, ended, *rest)))
        lines.append(f"{said},{booked},{str(miles > 3).lower()}")
    return "\n".join(lines) + "\n"


def rows_of(project):
    """Return the rows of the sources, each with the source that it is of."""
    rides = project.table("rides").to_rows()
    return [{**row, SOURCE_COLUMN: "booked" if row["is_booked"] else "street"} for row in rides]


def looked_up(frozen, rows, request, time):
    """Return what the rule says of the views of features, computed in Python from all rows."""
    found = {}
    for parameter, use in frozen.uses.items():
        entity = tuple(request[name] for name in use.by)
        found[parameter] = dict(
            zip(use.view.types, _said(use.view, rows, entity, time), strict=True)
        )
    return found


def _said(view, rows, entity, time):
    events = {
        stored.name: histories(
            stored, [row for row in rows if row[SOURCE_COLUMN] in stored.sources]
        )
        for stored in stored_views(view)
    }
    return said(view, events, entity, time)
