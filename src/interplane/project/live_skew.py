"""What the latest audits of the live crossings found, as a server shows it.

A server must not import what makes audits: of a report it reads the few fields that it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from interplane.record import Audit
from interplane.serving.gauges import Skew
from interplane.storage.names import audit_pointer, named_pointer

if TYPE_CHECKING:
    from interplane.storage.store import Store

__all__ = ["live_skews"]

_MODELS: Final = "model/"


class _Figure(msgspec.Struct):
    name: str
    kind: str
    compared: int
    differing: int


class _First(msgspec.Struct):
    what: str
    operation: str


class _Report(msgspec.Struct):
    figures: list[_Figure]
    first: _First | None = None


def live_skews(store: Store) -> list[Skew]:
    """Return the latest audit of each live crossing that was audited.

    Raises:
        StorageError: if the workspace cannot be read.
    """
    found = []
    for series in store.catalog.names(_MODELS):
        model = series.removeprefix(_MODELS)
        live = store.catalog.pointer(named_pointer("model", model, "live"))
        digest = None if live is None else store.catalog.pointer(audit_pointer(live))
        if live is None or digest is None:
            continue
        audit = store.record(digest, Audit)
        report = msgspec.json.decode(store.read(audit.report), type=_Report)
        numbers = {each.digest: each.number for each in store.catalog.series(series)}
        found.append(
            Skew(
                model=model,
                name=f"{model}@{numbers.get(live, '?')}",
                rows=audit.rows,
                rates=[
                    (each.name, each.kind, each.differing / each.compared)
                    for each in report.figures
                    if each.compared
                ],
                first=None if report.first is None else (report.first.what, report.first.operation),
            )
        )
    return found
