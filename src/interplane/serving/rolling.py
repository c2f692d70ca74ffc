"""`Canaries`: what is beside the live crossings of a worker, loaded beside the traffic."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import InterplaneError
from interplane.record import Rollout
from interplane.serving.unloadable import UNLOADABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.record import Digest
    from interplane.serving.ports import Endpoint, Meter
    from interplane.storage.ports import Catalog

__all__ = ["Beside", "Canaries"]


class Beside(NamedTuple):
    """What is beside a live crossing.

    Attributes:
        rollout: the rollout.
        canary: the endpoint of its canary; None where it has none, or it cannot be loaded.
    """

    rollout: Rollout
    canary: Endpoint | None


class Canaries:
    """The canaries of models, one each.

    What cannot be loaded never answers: it is said once, and tried again after a while.

    Args:
        catalog: where the rollouts are.
        load: makes the endpoint of a crossing, proved; raises if it cannot be.
        meter: is told what cannot be loaded.
        retry_every_s: how often what could not be loaded is tried again.
        say: takes a line for the operator.
    """

    def __init__(
        self,
        catalog: Catalog,
        load: Callable[[Digest], Endpoint],
        *,
        meter: Meter,
        retry_every_s: float,
        say: Callable[[str], None],
    ) -> None:
        self._catalog = catalog
        self._load = load
        self._meter = meter
        self._retry_every_s = retry_every_s
        self._say = say
        self._rollouts: dict[str, tuple[Digest, Rollout]] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._failed: dict[str, tuple[Digest, float]] = {}

    def find(self, model: str, pointed: Digest | None, live: str) -> Beside | None:
        """Return what is beside a live crossing, its canary loaded; None if nothing is.

        Args:
            model: the model's name.
            pointed: where the pointer to its rollout is.
            live: the crossing that answers; a rollout beside another one has ended.
        """
        rollout = None if pointed is None else self._rollout(model, pointed)
        if rollout is None or rollout.live != live:
            self.forget(model)
            return None
        if rollout.canary is None:
            self._endpoints.pop(model, None)
            return Beside(rollout, None)
        return Beside(rollout, self._canary(model, rollout.canary))

    def take(self, model: str, target: Digest) -> Endpoint | None:
        """Give away the endpoint of a crossing that was loaded as a canary: it is live now."""
        endpoint = self._endpoints.get(model)
        return endpoint if endpoint is not None and endpoint.crossing == target else None

    def forget(self, model: str) -> None:
        """Let go of what was beside a model."""
        self._endpoints.pop(model, None)

    def _rollout(self, model: str, pointed: Digest) -> Rollout | None:
        known = self._rollouts.get(model)
        if known is not None and known[0] == pointed:
            return known[1]
        if self._is_too_early(model, pointed):
            return None
        try:
            record = self._catalog.get(pointed).record
        except UNLOADABLE as error:
            self._fail(model, pointed, f"the rollout {pointed} of {model} cannot be read", error)
            return None
        if not isinstance(record, Rollout):
            return None
        self._rollouts[model] = (pointed, record)
        return record

    def _canary(self, model: str, target: Digest) -> Endpoint | None:
        there = self._endpoints.get(model)
        if there is not None and there.crossing == target:
            return there
        self._endpoints.pop(model, None)
        if self._is_too_early(model, target):
            return None
        try:
            endpoint = self._load(target)
        except UNLOADABLE as error:
            self._fail(model, target, f"the canary {target} of {model} cannot be loaded", error)
            return None
        self._failed.pop(model, None)
        self._endpoints[model] = endpoint
        return endpoint

    def _is_too_early(self, model: str, target: Digest) -> bool:
        failed, retry_at = self._failed.get(model, (None, 0.0))
        return failed == target and time.monotonic() < retry_at

    def _fail(self, model: str, target: Digest, what: str, error: Exception) -> None:
        before, _ = self._failed.get(model, (None, 0.0))
        self._failed[model] = (target, time.monotonic() + self._retry_every_s)
        if before != target:
            why = str(error) if isinstance(error, InterplaneError) else repr(error)
            self._say(f"{what}; what is live has its share: {why}")
            self._meter.canary_load_failed(model)
