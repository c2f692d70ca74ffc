"""What a feature's values were among the baseline rows of a crossing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from interplane.project.baselines import baseline_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.data.profile import ColumnProfile
    from interplane.data.table import Table
    from interplane.features.frozen import Frozen
    from interplane.project.crossings import Recorded
    from interplane.record import Artifact, Digest
    from interplane.storage.store import Store

__all__ = ["FeatureProfiles", "frozen_features"]

_MOST: Final = 500


def frozen_features(store: Store, artifact: Artifact) -> Frozen:
    """Return frozen features, read and checked."""
    from interplane.project.crossings import load

    frozen: Frozen = load(store, artifact)
    return frozen


class FeatureProfiles:
    """Profiles of features; what was made is kept, for neither a crossing nor its rows ever change.

    It may be shared by threads, and by stores: a crossing is named by its digest.

    Args:
        most: how many are kept; when there are as many, the oldest go.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._turn = threading.Lock()
        self._kept: dict[tuple[str, Digest, str], list[tuple[ColumnProfile, int]]] = {}

    def looked_up(
        self, store: Store, crossing: Recorded, column: str
    ) -> tuple[ColumnProfile, int] | None:
        """Return the profile of what a view's feature was, and of how many rows.

        Args:
            store: the workspace.
            crossing: a crossing that looks it up.
            column: the feature, as ``parameter.feature``.

        Returns:
            None if the crossing has no baseline rows, or they have no such column.
        """
        key = ("looked up", crossing.digest, column)
        return self._get(key, lambda: _looked_up(store, crossing, column))

    def of_model(
        self, store: Store, crossing: Recorded, feature: str
    ) -> tuple[ColumnProfile, int] | None:
        """Return the profile of a model's feature among its crossing's baseline rows, and of how many.

        The baseline rows have what the features read; the feature is computed of them.
        """
        key = ("of a model", crossing.digest, feature)
        return self._get(key, lambda: _of_model(store, crossing, feature))

    def _get(
        self, key: tuple[str, Digest, str], make: Callable[[], tuple[ColumnProfile, int] | None]
    ) -> tuple[ColumnProfile, int] | None:
        found = self._kept.get(key)
        if found is None:
            made = make()
            found = [] if made is None else [made]
            with self._turn:
                while len(self._kept) >= self._most:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = found
        return found[0] if found else None


def _looked_up(store: Store, crossing: Recorded, column: str) -> tuple[ColumnProfile, int] | None:
    from interplane.predictions.columns import LOOKED_UP, spelled

    rows = baseline_rows(store, crossing.crossing)
    artifact = crossing.crossing.frozen
    if rows is None or artifact is None:
        return None
    spelling = spelled(frozen_features(store, artifact).looked_up).get(column)
    name = None if spelling is None else LOOKED_UP + spelling
    return None if name is None or name not in rows.types else _profile(rows.select(name))


def _of_model(store: Store, crossing: Recorded, feature: str) -> tuple[ColumnProfile, int] | None:
    from interplane.data.table import Table
    from interplane.features.batch import transform
    from interplane.predictions.columns import LOOKED_UP, ROW, spelled

    rows = baseline_rows(store, crossing.crossing)
    artifact = crossing.crossing.frozen
    if rows is None or artifact is None:
        return None
    frozen = frozen_features(store, artifact)
    fields = (crossing.crossing.request_schema or {}).get("fields", ())
    names = spelled(field["name"] for field in fields)
    there = {name: ROW + spelling for name, spelling in names.items()}
    looked_up = spelled(frozen.looked_up)
    there |= {name: LOOKED_UP + spelling for name, spelling in looked_up.items()}
    columns = {name: rows.column(there[name]) for name in frozen.columns}
    found = transform(frozen, Table.from_columns(columns, name="the baseline rows"))
    return _profile(found.select(feature))


def _profile(values: Table) -> tuple[ColumnProfile, int]:
    from interplane.data.profile import profile

    made = profile(values)
    return made[values.names[0]], made.rows
