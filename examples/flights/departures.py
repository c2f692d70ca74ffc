"""The data step: flights with their times in UTC, the weather known at departure, the aircraft."""

from __future__ import annotations

# How the times are derived. `time_hour` is the scheduled hour of departure in UTC, so the
# scheduled departure is that plus `minute`; year, month, day, hour are local at the origin.
# `arr_time` is a clock reading (hhmm) at the destination, without a date: it is read in the
# destination's time zone, on the first day that puts it after the departure. Destinations without
# a row in `airports` (BQN, PSE, SJU, STT) keep Atlantic time, as Puerto Rico does.
# A cancelled flight has no departure, a diverted one no arrival delay: `late` and `landed_at` are
# null there.
# An hour's weather is published an hour after it began; the last one published before the
# scheduled departure is taken, unless it is more than three hours old.
DEPARTURES = """
WITH timed AS (
    SELECT
        concat_ws('-', self.year, self.month, self.day, carrier, flight, origin, sched_dep_time)
            AS flight_id,
        self.time_hour + to_minutes(self.minute) AS scheduled_departure,
        make_timestamp(self.year, self.month, self.day, 0, 0, 0.0) AS local_midnight,
        coalesce(airports.tzone, 'America/Puerto_Rico') AS zone,
        self.*
    FROM self LEFT JOIN airports ON self.dest = airports.faa
),
landed AS (
    SELECT
        *,
        scheduled_departure + to_minutes(dep_delay) AS departed_at,
        list_filter(
            [
                timezone('UTC', timezone(zone, local_midnight + to_minutes(
                    (arr_time // 100) * 60 + arr_time % 100 + 1440 * days)))
                FOR days IN [-1, 0, 1, 2]
            ],
            lambda instant: instant > scheduled_departure + to_minutes(dep_delay)
        )[1] AS landed_at
    FROM timed
),
published AS (
    SELECT *, time_hour + INTERVAL 1 HOUR AS published_at FROM weather
)
SELECT
    landed.scheduled_departure - published.published_at <= INTERVAL 3 HOUR AS fresh,
    landed.flight_id,
    landed.scheduled_departure,
    CASE WHEN landed.arr_delay IS NOT NULL THEN landed.landed_at END AS landed_at,
    landed.arr_delay > 15 AS late,
    landed.carrier,
    landed.flight,
    landed.origin,
    landed.dest,
    landed.distance,
    landed.hour AS local_hour,
    landed.hour * 60 + landed.minute AS local_minute,
    isodow(landed.local_midnight) AS weekday,
    planes.year AS built,
    planes.seats,
    CASE WHEN fresh THEN published.temp END AS temp,
    CASE WHEN fresh THEN published.dewp END AS dewp,
    CASE WHEN fresh THEN published.humid END AS humid,
    CASE WHEN fresh THEN published.wind_speed END AS wind_speed,
    CASE WHEN fresh THEN published.wind_gust END AS wind_gust,
    CASE WHEN fresh THEN published.precip END AS precip,
    CASE WHEN fresh THEN published.pressure END AS pressure,
    CASE WHEN fresh THEN published.visib END AS visib
FROM landed
ASOF LEFT JOIN published
    ON landed.origin = published.origin
    AND landed.scheduled_departure >= published.published_at
LEFT JOIN planes ON landed.tailnum = planes.tailnum
ORDER BY landed.scheduled_departure, landed.flight_id
"""
