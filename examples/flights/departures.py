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
),
fresh AS (
    SELECT
        landed.*,
        published.* EXCLUDE (origin, year, month, day, hour, time_hour),
        landed.scheduled_departure - published.published_at <= INTERVAL 3 HOUR AS is_fresh
    FROM landed
    ASOF LEFT JOIN published
        ON landed.origin = published.origin
        AND landed.scheduled_departure >= published.published_at
)
SELECT
    flight_id,
    scheduled_departure,
    CASE WHEN arr_delay IS NOT NULL THEN landed_at END AS landed_at,
    arr_delay > 15 AS late,
    carrier,
    flight,
    fresh.origin,
    dest,
    distance,
    fresh.hour AS local_hour,
    fresh.hour * 60 + minute AS local_minute,
    isodow(local_midnight) AS weekday,
    planes.year AS built,
    planes.seats,
    CASE WHEN is_fresh THEN temp END AS temp,
    CASE WHEN is_fresh THEN dewp END AS dewp,
    CASE WHEN is_fresh THEN humid END AS humid,
    CASE WHEN is_fresh THEN wind_speed END AS wind_speed,
    CASE WHEN is_fresh THEN wind_gust END AS wind_gust,
    CASE WHEN is_fresh THEN precip END AS precip,
    CASE WHEN is_fresh THEN pressure END AS pressure,
    CASE WHEN is_fresh THEN visib END AS visib
FROM fresh
LEFT JOIN planes ON fresh.tailnum = planes.tailnum
ORDER BY scheduled_departure, flight_id
"""
