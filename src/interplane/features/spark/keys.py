"""Which rows a fit on Spark saw: the set of their keys, as any fit remembers it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from interplane.features.seen import Seen
from interplane.features.spark.worker import digest, pack_names
from interplane.record.digests import digest_bytes

if TYPE_CHECKING:
    from interplane.features.spark.rows import SparkRows

__all__ = ["remembered"]


def remembered(rows: SparkRows, key: tuple[str, ...]) -> dict[Seen, bytes]:
    """Return the set of the keys of the rows with its bytes, eight for each; nothing without a key."""
    if not key:
        return {}
    import numpy as np
    import pyarrow as pa

    keyed = rows.select(dict.fromkeys(key))
    payload = pack_names(keyed.types)
    digests = keyed.frame.mapInArrow(partial(digest, payload), "c0 bigint").where("c0 IS NOT NULL")
    found = pa.table(digests.toArrow()).column(0).to_numpy()
    different = np.unique(found.view(np.uint64))
    data = different.astype("<u8").tobytes()
    seen = Seen(
        of="row",
        columns=key,
        rows=len(found),
        keys=len(different),
        digest=digest_bytes(data),
    )
    return {seen: data}
