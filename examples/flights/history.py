"""What is known of a carrier, an airport, an aircraft and the weather at a moment."""

from __future__ import annotations

import interplane as ip

# A landing tells how late a flight was; before that nobody knows.
landing = {"source": "landings", "key": "flight_id", "known_at": "landed_at"}


@ip.feature_view(entity="carrier", event_time="scheduled_departure", **landing)
def carrier_history(landings):
    """How a carrier did in the last week."""
    return {
        "late_7d": landings.late.mean().over(ip.last("7d")),
        "flights_7d": landings.count().over(ip.last("7d")),
    }


@ip.feature_view(entity="origin", event_time="landed_at", **landing)
def origin_history(landings):
    """How flights from an airport did that landed in the last hours."""
    return {
        "late_3h": landings.late.mean().over(ip.last("3h")),
        "delay_3h": landings.delay.mean().over(ip.last("3h")),
        "late_12h": landings.late.mean().over(ip.last("12h")),
    }


@ip.feature_view(entity=["origin", "carrier"], event_time="landed_at", **landing)
def origin_carrier_history(landings):
    """How a carrier's flights from an airport did that landed in the last hours."""
    return {
        "late_6h": landings.late.mean().over(ip.last("6h")),
        "worst_6h": landings.delay.max().over(ip.last("6h")),
    }


@ip.feature_view(entity="dest", event_time="landed_at", **landing)
def destination_history(landings):
    """How flights to an airport did that landed in the last hours."""
    return {
        "late_6h": landings.late.mean().over(ip.last("6h")),
        "landings_6h": landings.count().over(ip.last("6h")),
    }


@ip.feature_view(
    source="landings", entity="tailnum", event_time="landed_at", known_at="landed_at", ttl="1d"
)
def aircraft_history(landings):
    """How late the aircraft was when it last landed; a day later nobody cares."""
    return {"delay": landings.delay}


@ip.feature_view(
    source="observations",
    entity="origin",
    event_time="time_hour",
    known_at="published_at",
    ttl="4h",
)
def conditions(observations):
    """The weather of the last hour that was published."""
    return {
        "temperature": observations.temp,
        "dew_point": observations.dewp,
        "humidity": observations.humid,
        "wind": observations.wind_speed,
        "gust": observations.wind_gust,
        "rain": observations.precip,
        "pressure": observations.pressure,
        "visibility": observations.visib,
    }
