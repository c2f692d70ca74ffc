"""The data steps: flights with their times in UTC, what is known of them when, and the weather."""

from __future__ import annotations

# How the times are derived. `time_hour` is the scheduled hour of departure in UTC, so the
# scheduled departure is that plus `minute`; year, month, day, hour are local at the origin.
# `arr_time` is a clock reading (hhmm) at the destination, without a date: it is read in the
# destination's time zone, on the first day that puts it after the departure. Destinations without
# a row in `airports` (BQN, PSE, SJU, STT) keep Atlantic time, as Puerto Rico does.
# A cancelled flight has no departure, a diverted one no arrival delay: they never landed as planned.
TIMED = """
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
        CASE WHEN arr_delay IS NOT NULL THEN list_filter(
            [
                timezone('UTC', timezone(zone, local_midnight + to_minutes(
                    (arr_time // 100) * 60 + arr_time % 100 + 1440 * days)))
                FOR days IN [-1, 0, 1, 2]
            ],
            lambda instant: instant > scheduled_departure + to_minutes(dep_delay)
        )[1] END AS landed_at,
        arr_delay > 15 AS late
    FROM timed
)
"""

# One row for each scheduled flight, with nothing in it that is known later but for the label, and
# the time from which that is known.
DEPARTURES = f"""
{TIMED}
SELECT
    flight_id,
    scheduled_departure,
    landed_at,
    late,
    carrier,
    flight,
    landed.origin,
    dest,
    landed.tailnum,
    distance,
    landed.hour AS local_hour,
    landed.hour * 60 + minute AS local_minute,
    isodow(local_midnight) AS weekday,
    planes.year AS built,
    planes.seats
FROM landed
LEFT JOIN planes ON landed.tailnum = planes.tailnum
ORDER BY scheduled_departure, flight_id
"""

# One row for each landing: the events of the flights' history.
LANDINGS = f"""
{TIMED}
SELECT
    flight_id, scheduled_departure, landed_at, carrier, origin, dest, tailnum, late,
    arr_delay AS delay
FROM landed
WHERE landed_at IS NOT NULL
ORDER BY landed_at, flight_id
"""

# An hour's weather is published an hour after it began.
OBSERVATIONS = """
SELECT
    origin, time_hour, time_hour + INTERVAL 1 HOUR AS published_at,
    temp, dewp, humid, wind_speed, wind_gust, precip, pressure, visib
FROM self
ORDER BY published_at, origin
"""
