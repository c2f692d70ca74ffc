"""Windows of every kind: in training, and over HTTP while events are pushed, late ones and corrections."""

from datetime import datetime, timedelta

import interplane as ip

NOON = datetime(2026, 1, 26, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

VIEW = """
def history(ends):
    miles, zone = ends.miles, ends.zone
    spans = {
        "days": ip.last("3d"),
        "late": ip.last("3d", delay="12h"),
        "few": ip.last(3),
        "few_late": ip.last(5, delay="1d"),
        "ever": ip.lifetime(),
    }
    found = {}
    for name, span in spans.items():
        found |= {
            f"{name}_count": miles.count().over(span),
            f"{name}_sum": miles.sum().over(span),
            f"{name}_mean": miles.mean(where=zone == "north").over(span),
            f"{name}_std": miles.std().over(span),
            f"{name}_min": miles.min().over(span),
            f"{name}_max": zone.max().over(span),
            f"{name}_rate": (miles > 3).mean().over(span),
            f"{name}_zones": zone.count_distinct().over(span),
            f"{name}_first": ends.ended_at.first().over(span),
            f"{name}_last": zone.last().over(span),
        }
    return found


def number(value, past):
    if value.type == "timestamp":
        return (value.year() + value.hour() + value.minute() / 7).fill_null(0)
    if value.type == "str":
        return value.length().fill_null(0)
    return value.cast("float").fill_null(-1.0)


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider")):
    names = [f"{span}_{name}" for span in ("days", "late", "few", "few_late", "ever") for name in (
        "count", "sum", "mean", "std", "min", "max", "rate", "zones", "first", "last")]
    total = sum(number(getattr(past, name), past) / (place + 3) for place, name in enumerate(names))
    return {"risk": 1 / (1 + (-total / 1000).exp())}


pipeline ="""


def written(text):
    """Return the project with windows of every kind, and a score that depends on all of them."""
    begin, end = text.index("def history(ends)"), text.index("pipeline =")
    text = text[:begin] + VIEW.strip() + text[end + len("pipeline =") :]
    text = text.replace("ended_at, miles FROM", "ended_at, miles, zone FROM")
    begin, end = (
        text.index('@pipeline.step(outputs=("frozen"'),
        text.index("@pipeline.step\ndef eval"),
    )
    model = (
        "@pipeline.step\ndef model(train: ip.Table, ends: ip.Table) -> ip.Model:\n"
        '    frozen = ride_features.fit(train, sources={"ends": ends})\n'
        '    return ip.Model(ip.FeatureScore("risk"), features=frozen)\n\n\n'
    )
    return text[:begin] + model + text[end:].replace("at_least(0.3)", "at_least(0.0)")


def end(number, began, miles, *, zone="north", known=None):
    """An event: a ride that ended."""
    return {
        "ride": number, "rider": "new", "began_at": began, "ended_at": known or began + HOUR,
        "miles": miles, "zone": zone,
    }  # fmt: skip


def test_every_window_is_the_same_in_training_and_over_http(trips):
    """After each push, late, twice, corrected or moved, at several times: the bits of the join."""
    (trips.root / "trips.py").write_text(written((trips.root / "trips.py").read_text()))
    trips.must("run")
    trips.must("materialize", "trips@2")
    trips.must("deploy", "trips@2", "--reason", "windows of every kind")
    frozen = ip.Project.find(trips.root).model("trips@2").features
    pushes = [
        end(1, NOON - 4 * HOUR, 0.1),
        end(2, NOON - 6 * DAY, 3.7, zone="south", known=NOON - 2 * HOUR),
        end(3, NOON - 20 * HOUR, None),
        end(1, NOON - 4 * HOUR, 1e16, zone="", known=NOON - HOUR),
        end(4, NOON - 30 * HOUR, 1 / 3, zone="south", known=NOON - HOUR),
        end(4, NOON - 2 * HOUR, 1 / 3, zone="east", known=NOON),
        end(2, NOON - 6 * DAY, 3.7, zone="south", known=NOON - 2 * HOUR),
        *(end(10 + n, NOON - n * 5 * HOUR, n / 7, zone="ab"[n % 2]) for n in range(1, 9)),
    ]
    moments = [NOON - 90 * timedelta(minutes=1), NOON, NOON + 9 * HOUR, NOON + 5 * DAY]
    seen = set()
    with trips.served("--replay") as client:
        for count, event in enumerate(pushes, start=1):
            client.push({name: _plain(value) for name, value in event.items()})
            rows = {"rider": ["new"] * len(moments), "began_at": moments}
            columns = {name: [each[name] for each in pushes[:count]] for name in event}
            sources = {"ends": ip.Table.from_columns(columns)}
            known = frozen.transform(ip.Table.from_columns(rows), sources=sources)
            expected = known.to_arrow().column("risk").to_pylist()
            found = [
                client.predict(ride=9_000_000, rider="new", began_at=_plain(moment), zone="north")
                for moment in moments
            ]
            assert expected == found
            seen.update(found)
    assert len(seen) > 10


def _plain(value):
    return value.isoformat() if isinstance(value, datetime) else value
