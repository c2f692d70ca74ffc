"""Which crossings are shadows now, loaded as a server would load them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.errors import InterplaneError
from interplane.project.rollouts import find_rollout
from interplane.serving.unloadable import UNLOADABLE
from interplane.storage.names import named_pointer, rollout_pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.record import Digest
    from interplane.serving.shadowing import Shadow
    from interplane.storage.store import Store

__all__ = ["Active", "Shadows"]

RETRY_EVERY_S: Final = 10.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SERIES: Final = "model/"


class Active(NamedTuple):
    """The shadow of a model.

    Attributes:
        shadow: the loaded crossing.
        since_us: since when it is the shadow, in microseconds since 1970: it predicts what was
            answered from then on.
    """

    shadow: Shadow
    since_us: int


class Shadows:
    """The shadows of all models.

    What cannot be loaded predicts nothing; it is said once, and tried again. When it can be, it
    predicts what it missed.

    Args:
        store: the workspace.
        load: loads and proves a crossing.
        say: takes a line for the operator.
        retry_every_s: how often what could not be loaded is tried again.
    """

    def __init__(
        self,
        store: Store,
        load: Callable[[Digest], Shadow],
        *,
        say: Callable[[str], None],
        retry_every_s: float = RETRY_EVERY_S,
    ) -> None:
        self._store = store
        self._load = load
        self._say = say
        self._retry_every_s = retry_every_s
        self._seen: Mapping[str, Digest] | None = None
        self._active: dict[str, Active] = {}
        self._failed: dict[str, tuple[Digest, float]] = {}

    def look(self) -> Mapping[str, Active]:
        """Return the shadows that predict now, by model; the same object while nothing changed.

        Raises:
            StorageError: if the catalog cannot be read.
        """
        catalog = self._store.catalog
        models = [series.removeprefix(_SERIES) for series in catalog.names(_SERIES)]
        pointers = catalog.pointers(
            [name for model in models for name in (_live(model), rollout_pointer(model))]
        )
        is_due = any(time.monotonic() >= retry_at for _, retry_at in self._failed.values())
        if pointers != self._seen or is_due:
            found = {model: self._find(model) for model in models}
            active = {model: shadow for model, shadow in found.items() if shadow is not None}
            if active != self._active:
                self._active = active
            self._seen = pointers
        return self._active

    def _find(self, model: str) -> Active | None:
        rolling = find_rollout(self._store, model)
        if rolling is None or rolling.rollout.shadow is None or rolling.shadow_since is None:
            self._failed.pop(model, None)
            return None
        digest = rolling.rollout.shadow
        since_us = _micros(rolling.shadow_since)
        there = self._active.get(model)
        if there is not None and there.shadow.crossing == digest:
            return Active(there.shadow, since_us)
        return self._loaded(model, digest, since_us)

    def _loaded(self, model: str, digest: Digest, since_us: int) -> Active | None:
        failed, retry_at = self._failed.get(model, (None, 0.0))
        if failed == digest and time.monotonic() < retry_at:
            return None
        try:
            shadow = self._load(digest)
        except UNLOADABLE as error:
            self._failed[model] = (digest, time.monotonic() + self._retry_every_s)
            if failed != digest:
                why = str(error) if isinstance(error, InterplaneError) else repr(error)
                self._say(f"the shadow {digest} of {model} cannot be loaded: {why}")
            return None
        self._failed.pop(model, None)
        return Active(shadow, since_us)


def _live(model: str) -> str:
    return named_pointer("model", model, "live")


def _micros(at: str) -> int:
    passed = datetime.fromisoformat(at) - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
