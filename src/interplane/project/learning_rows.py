"""The rows that a learner learns from, as the prediction log has them: values as they were served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.data.table import Table
from interplane.predictions.columns import LOOKED_UP, ROW
from interplane.project.predictions import log_folder, request_types
from interplane.record.json_values import READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from interplane.features.frozen import Frozen
    from interplane.project.project import Project
    from interplane.record import Type

__all__ = ["first_answer_us", "open_log", "read_rows"]

_TEXTS: Final = ("str", "date", "timestamp")


def open_log(project: Project, model: str, frozen: Frozen) -> tuple[Table, frozenset[str]]:
    """Return the logged predictions of a model, and those of its features' columns that are mixed.

    A column has the type of the requests where all crossings agree on it; else it is as it was logged.
    """
    from interplane.predictions.table import read_log

    types = request_types(project.store, model)
    log = read_log(log_folder(project), model=model, types=types)
    return log, frozenset(frozen.inputs) - types.keys()


def first_answer_us(log: Table, crossing: str) -> int | None:
    """Return the server's clock at the first prediction that a crossing answered; None without one."""
    found = log.select("crossing", "at").sql(
        f"SELECT epoch_us(min(\"at\")) AS first FROM self WHERE crossing = '{crossing}'"
    )
    first: int | None = found.to_rows()[0]["first"]
    return first


def read_rows(
    log: Table,
    frozen: Frozen,
    events: Sequence[Mapping[str, Any]],
    *,
    mixed: Container[str] = (),
) -> Iterator[tuple[list[Any] | None, float | None]]:
    """Yield for each event what the row program takes, and what was answered.

    None stands for a row that is not in the log any more, or has values of other types.

    Args:
        log: the logged predictions, as `open_log` gives them.
        frozen: the features.
        events: the events.
        mixed: the columns on whose types the model's crossings do not agree.
    """
    import pyarrow as pa

    given = [f"{ROW}{name}" for name in frozen.inputs]
    looked_up = [f"{LOOKED_UP}{name}" for name in frozen.looked_up]
    knows = frozen.looked_up.values()
    columns = [name for name in (*given, *looked_up) if name in log.types]
    wanted = Table.from_arrow(
        pa.table({"wanted": pa.array(sorted({event["prediction_id"] for event in events}))})
    )
    first, last = (choose(event["at"] for event in events) for choose in (min, max))
    rows = log.select("prediction_id", "at", "score", *columns).sql(
        f"""SELECT self.* FROM self JOIN wanted ON prediction_id = wanted
        WHERE "at" BETWEEN make_timestamp({first}) AND make_timestamp({last})""",
        wanted=wanted,
    )
    readers = [
        *((ROW + n, _mixed(k) if n in mixed else None) for n, k in frozen.inputs.items()),
        *((n, _reader(log.types.get(n), k)) for n, k in zip(looked_up, knows, strict=True)),
    ]
    found: dict[str, tuple[list[Any] | None, float | None]] = {}
    for row in rows.to_rows():
        found[row["prediction_id"]] = (_values(row, readers), row["score"])
    for event in events:
        yield found.get(event["prediction_id"], (None, None))


def _values(
    row: Mapping[str, Any], readers: Sequence[tuple[str, Callable[[Any], Any] | None]]
) -> list[Any] | None:
    """Return what the row program takes; None where a value is none of its column's type."""
    try:
        return [
            value if reader is None or value is None else reader(value)
            for value, reader in ((row.get(name), reader) for name, reader in readers)
        ]
    except (ValueError, msgspec.DecodeError):  # a request to a crossing that takes other types
        return None


def _reader(stored: Type | None, kind: Type) -> Callable[[Any], Any] | None:
    """Return how a column's values become those of a type; None where they are that already.

    The log keeps JSON values: what feature views gave as a time is text there.
    """
    if stored is None or stored == kind:
        return None
    read = READERS[kind]
    if stored == "float" and kind == "int":
        return lambda value: read(int(value) if value.is_integer() else value)
    return read


def _mixed(kind: Type) -> Callable[[Any], Any]:
    """Return how values are read of a column on whose type crossings do not agree: perhaps JSON text."""
    read = READERS[kind]

    def taken(value: Any) -> Any:
        is_json = isinstance(value, str) and (kind not in _TEXTS or value.startswith('"'))
        plain = msgspec.json.decode(value) if is_json else value
        return read(int(plain) if kind == "int" and type(plain) is float else plain)

    return taken
