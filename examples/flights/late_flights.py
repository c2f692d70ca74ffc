"""Which flights will arrive more than a quarter of an hour late?"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from departures import DEPARTURES, LANDINGS, OBSERVATIONS
from history import (
    aircraft_history,
    carrier_history,
    conditions,
    destination_history,
    origin_carrier_history,
    origin_history,
)

import interplane as ip

flights = ip.dataset("flights", schema="schemas/flights.toml")
weather = ip.dataset("weather", schema="schemas/weather.toml")
planes = ip.dataset("planes", schema="schemas/planes.toml")
airports = ip.dataset("airports", schema="schemas/airports.toml")


@ip.features(
    label="late", time="scheduled_departure", key=["flight_id"], context=["carrier", "origin"]
)
def flight_features(
    flight,
    carrier=carrier_history.by("carrier"),
    here=origin_history.by("origin"),
    queue=origin_carrier_history.by("origin", "carrier"),
    there=destination_history.by("dest"),
    aircraft=aircraft_history.by("tailnum"),
    weather=conditions.by("origin"),
):
    """Only what is known at the scheduled departure."""
    return {
        "distance": ip.standardize(flight.distance),
        "time_of_day": ip.cyclic(flight.local_minute, period=1440),
        "minute_of_day": flight.local_minute,
        "weekday": ip.one_hot(flight.weekday),
        "carrier": ip.one_hot(flight.carrier, top=16),
        "origin": ip.one_hot(flight.origin),
        "route_late": ip.target_encode([flight.origin, flight.dest], flight.late, smoothing=20),
        "carrier_hour_late": ip.target_encode(
            [flight.carrier, flight.local_hour], flight.late, smoothing=20
        ),
        "age": (flight.scheduled_departure.year() - flight.built).clip(0, 60),
        "seats": flight.seats,
        "carrier_late_7d": carrier.late_7d,
        "carrier_flights_7d": carrier.flights_7d,
        "origin_late_3h": here.late_3h,
        "origin_delay_3h": here.delay_3h.clip(-60, 300),
        "origin_late_12h": here.late_12h,
        "origin_carrier_late_6h": queue.late_6h,
        "origin_carrier_worst_6h": queue.worst_6h.clip(-60, 300),
        "dest_late_6h": there.late_6h,
        "dest_landings_6h": there.landings_6h,
        "aircraft_delay": aircraft.delay.clip(-60, 300),
        "temperature": weather.temperature,
        "dew_point": weather.dew_point,
        "humidity": weather.humidity,
        "wind": weather.wind.clip(0, 80),
        "gust": weather.gust.fill_null(0.0).clip(0, 100),
        "rain": weather.rain,
        "pressure": weather.pressure,
        "visibility": weather.visibility,
    }


@ip.features(label="late", time="scheduled_departure", key=["flight_id"])
def carrier_hour(flight):
    """The stated baseline: how often this carrier was late at this hour of the day."""
    return {
        "rate": ip.target_encode([flight.carrier, flight.local_hour], flight.late, smoothing=20)
    }


pipeline = ip.Pipeline(
    "flights",
    inputs={
        "flights": flights,
        "weather": weather,
        "planes": planes,
        "airports": airports,
        "champion": ip.live("flights"),
    },
)


@pipeline.step
def departures(flights: ip.Table, planes: ip.Table, airports: ip.Table) -> ip.Table:
    """One row per scheduled flight, with nothing in it that is known later, but for the label."""
    return flights.sql(DEPARTURES, planes=planes, airports=airports)


@pipeline.step
def landings(flights: ip.Table, airports: ip.Table) -> ip.Table:
    """One row per landing, known when it happened."""
    return flights.sql(LANDINGS, airports=airports)


@pipeline.step
def observations(weather: ip.Table) -> ip.Table:
    """One row per airport and hour of weather, known when it was published."""
    return weather.sql(OBSERVATIONS)


@pipeline.step(outputs=("train", "test"))
def split(departures: ip.Table, *, until: date = date(2013, 5, 1), test_days: int = 31):
    """Train on what had landed by ``until``; test on the days after it."""
    end = until + timedelta(days=test_days)
    train = departures.sql(
        f"FROM self WHERE scheduled_departure < DATE '{until}' "
        f"AND coalesce(landed_at, scheduled_departure) < DATE '{until}'"
    )
    test = departures.sql(
        f"FROM self WHERE scheduled_departure >= DATE '{until}' "
        f"AND scheduled_departure < DATE '{end}'"
    )
    return train, test


@pipeline.step(outputs=("frozen", "x", "y"))
def fitted(train: ip.Table, landings: ip.Table, observations: ip.Table):
    """The training matrix (target encodings out of fold) and the features as they will serve.

    Each row has the history that was known at its scheduled departure, and nothing later.
    """
    sources = {"landings": landings, "observations": observations}
    return flight_features.fit_transform(train, sources=sources)


@pipeline.step
def model(
    frozen: ip.Frozen,
    x: np.ndarray,
    y: np.ndarray,
    *,
    trees: int = 200,
    num_leaves: int = 31,
    learning_rate: float = 0.1,
) -> ip.Model:
    """Gradient-boosted trees."""
    import lightgbm

    parameters = ip.lightgbm_params(
        objective="binary",
        num_leaves=num_leaves,
        learning_rate=learning_rate,
        min_data_in_leaf=200,
        verbose=-1,
    )
    data = lightgbm.Dataset(x, y, feature_name=list(frozen.names))
    return ip.Model(lightgbm.train(parameters, data, num_boost_round=trees), features=frozen)


@pipeline.step
def evaluation(
    model: ip.Model, test: ip.Table, landings: ip.Table, observations: ip.Table, champion
) -> ip.Evaluation:
    """The model on the test days, per slice, beside the live one on the same rows."""
    return ip.evaluate(
        model,
        test,
        against=champion,
        sources={"landings": landings, "observations": observations},
        metrics=["roc_auc", "log_loss"],
        slices=["carrier", "origin", "local_hour", ("origin", "local_hour")],
    )


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    """What lets a crossing pass."""
    return [
        evaluation["roc_auc"].at_least(0.70),
        evaluation["roc_auc"].not_worse_than_champion(by=0.005, confidence=0.95),
        evaluation["roc_auc"].gap_between("origin").at_most(0.15),
    ]


@pipeline.step
def baseline(train: ip.Table) -> ip.Model:
    """Each carrier-hour's historical rate, as a model of its own."""
    return ip.Model(ip.FeatureScore("rate"), features=carrier_hour.fit(train))


@pipeline.step
def baseline_evaluation(baseline: ip.Model, test: ip.Table) -> ip.Evaluation:
    """The baseline on the same test days."""
    return ip.evaluate(
        baseline, test, metrics=["roc_auc", "log_loss"], slices=["carrier", "origin"]
    )


@pipeline.gate
def better_than_chance(baseline_evaluation: ip.Evaluation):
    """A baseline need not be good; it must not be noise."""
    return [baseline_evaluation["roc_auc"].at_least(0.5)]


pipeline.publish(
    "flights",
    model="model",
    evaluation="evaluation",
    gate="good_enough",
    rows="departures",
    train="train",
    baseline="test",
)
pipeline.publish(
    "carrier-hour",
    model="baseline",
    evaluation="baseline_evaluation",
    gate="better_than_chance",
    rows="departures",
    train="train",
    baseline="test",
)
