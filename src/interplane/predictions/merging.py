"""Small files of one model and day become one, their rows in the order of their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.engine import connect, identifier
from interplane.predictions.columns import OWN, schema_of
from interplane.predictions.kinds import widen
from interplane.predictions.manifest import Change
from interplane.predictions.outputs import Outputs
from interplane.predictions.parquet import GROUP_ROWS, verified
from interplane.predictions.pieces import Window, pieces_of, value_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from interplane.predictions.kinds import Kind
    from interplane.predictions.manifest import LoggedFile, Why
    from interplane.predictions.work import Work

__all__ = ["merge"]


def merge(work: Work, files: Sequence[LoggedFile]) -> None:
    """Put the rows of files of one model and day into one file that counts in their place.

    Raises:
        OSError: if the disk fails; the files go on counting then.
        Corrupt: if one of them is damaged.
    """
    kinds: dict[str, Kind] = {}
    for file in files:
        kinds = widen(kinds, file.kinds)
    with Outputs(work) as outputs:
        for rows in _in_order(work, files, kinds):
            outputs.write((files[0].model, files[0].day), rows, kinds)
        made = outputs.finish()
    gone: list[tuple[LoggedFile, Why]] = [(file, "merged") for file in files]
    work.manifest.write(Change(at_us=work.now_us, made=made, gone=gone))


def _in_order(
    work: Work, files: Sequence[LoggedFile], kinds: Mapping[str, Kind]
) -> Iterator[pa.Table]:
    """Yield the rows of all files, in the order of their time, with columns of these kinds."""
    import pyarrow as pa

    schema = schema_of(kinds)
    paths = [(file, verified(work.folder, file)) for file in files]
    with connect(threads=1) as connection:
        queries = []
        for number, piece in enumerate(pieces_of(paths, Window())):
            columns = [identifier(name) for name in OWN]
            columns += [
                f"{value_sql(name, piece.kinds.get(name, 'null'), kind)} AS {identifier(name)}"
                for name, kind in kinds.items()
                if kind != "null"
            ]
            source = piece.source(connection, alias=f"rows {number}")
            queries.append(f"SELECT {', '.join(columns)} FROM {source}")
        query = f'{" UNION ALL ".join(queries)} ORDER BY "at", "prediction_id"'
        for batch in connection.sql(query).to_arrow_reader(GROUP_ROWS):
            yield pa.Table.from_batches([batch]).cast(schema)
