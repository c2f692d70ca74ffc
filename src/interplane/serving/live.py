"""`LiveModels`: the endpoints of what is live, watched in a thread and swapped by one reference."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.errors import InterplaneError, StorageError, UnknownName
from interplane.serving.rolling import Canaries
from interplane.serving.unloadable import UNLOADABLE
from interplane.storage.moves import targets_before
from interplane.storage.names import named_pointer, rollout_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.record import Digest
    from interplane.serving.ports import Endpoint, Meter
    from interplane.serving.rolling import Beside
    from interplane.storage.ports import Catalog

__all__ = ["LOOK_EVERY_S", "LiveModels"]

LOOK_EVERY_S: Final = 0.25
RETRY_EVERY_S: Final = 10.0
"""What could not be loaded is tried again: a disk comes back, a file is put in its place."""

_MOST_STEPS_BACK: Final = 3
_LOGGER: Final = logging.getLogger("interplane.serving")
_SERIES: Final = "model/"


class _Place(NamedTuple):
    """Where the pointers of a model are: the crossing that is live, and its rollout."""

    live: Digest
    rollout: Digest | None


class LiveModels:
    """The endpoints of models at their pointer ``live``, and of what is beside it.

    A crossing that becomes live is loaded beside the traffic, in the thread that watches; then one
    reference is swapped. A request works with the endpoint that it found at its beginning, and the
    old one is gone when the last of these has ended. What cannot be loaded never answers: the old
    one goes on, also in a process that was started since, and that is said once. A pointer that is
    taken away takes its model along.

    A canary is loaded likewise, and answers its share as long as the crossing that it began beside
    is the one that answers. Once promoted, it is the live one without being loaded again.

    Args:
        catalog: where the pointers are. Other processes may write to it.
        load: makes the endpoint of a crossing, proved; raises if it cannot be.
        meter: is told what is live, and what cannot be loaded.
        models: the names of the models to serve; all that are live if empty.
        look_every_s: how often the pointers are looked at.
        retry_every_s: how often what could not be loaded is tried again.
        say: takes a line for the operator.
    """

    def __init__(
        self,
        catalog: Catalog,
        load: Callable[[Digest], Endpoint],
        *,
        meter: Meter,
        models: Sequence[str] = (),
        look_every_s: float = LOOK_EVERY_S,
        retry_every_s: float = RETRY_EVERY_S,
        say: Callable[[str], None] = _LOGGER.warning,
    ) -> None:
        self._catalog = catalog
        self._load = load
        self._meter = meter
        self._chosen = tuple(dict.fromkeys(models))
        self._look_every_s = look_every_s
        self._retry_every_s = retry_every_s
        self._say = say
        self._endpoints: dict[str, Endpoint] = {}  # replaced as a whole, never changed
        self._live: dict[str, Endpoint] = {}  # without what is beside them
        self._beside: dict[str, tuple[Endpoint, Beside | None]] = {}
        self._canaries = Canaries(catalog, load, meter=meter, retry_every_s=retry_every_s, say=say)
        self._failed: dict[str, tuple[Digest, float]] = {}
        self._awaited: set[str] | None = None  # None until the first look
        self._trouble: str | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- what a server asks ---------------------------------------------------------------

    def find(self, model: str) -> Endpoint | None:
        """Return the endpoint of a model by its name, or None."""
        return self._endpoints.get(model)

    def names(self) -> Sequence[str]:
        """Return the names of the models that have an endpoint, in order."""
        return sorted(self._endpoints)

    def is_ready(self) -> bool:
        """Return whether every model that was asked for has been loaded.

        Without a choice these are the models that were live at the first look. What fails later
        takes nothing back: one bad crossing must not take the other models out of service.
        """
        return self._awaited is not None and not self._awaited

    def start(self) -> None:
        """Load what is live and begin to watch it. Blocks until the first load is over.

        Raises:
            UnknownName: if a chosen model is not in the catalog.
            StorageError: if the catalog cannot be read.
        """
        self._refuse_unknown()
        self._look(self._pointers())
        self._thread = threading.Thread(target=self._watch, name="live-models", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching and let go of all endpoints."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._endpoints, self._live, self._beside = {}, {}, {}

    # ---- the thread -----------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopping.wait(self._look_every_s):
            try:
                pointers = self._pointers()
            except UNLOADABLE as error:
                if str(error) != self._trouble:
                    self._say(
                        f"the pointers of models cannot be read; what is loaded goes on: {error}"
                    )
                self._trouble = str(error)
            else:
                self._trouble = None
                self._look(pointers)

    def _look(self, pointers: Mapping[str, _Place]) -> None:
        """Bring the endpoints to where the pointers are."""
        if self._awaited is None:
            awaited = set(self._chosen or pointers)
        else:
            awaited = self._awaited & set(self._chosen or pointers)
        for model in self._endpoints.keys() - pointers.keys():
            self._replace(model, None)
        for model, place in pointers.items():
            if self._stopping.is_set():
                return
            there = self._live.get(model)
            if there is not None and there.crossing == place.live:
                awaited.discard(model)
            else:
                self._end_rollout(model)
                if self._open(model, place.live):
                    awaited.discard(model)
            self._roll(model, place)
        if self._endpoints or self._awaited is not None:
            self._awaited = awaited

    def _open(self, model: str, target: Digest) -> bool:
        """Load a crossing and put it in its place; return whether that went well."""
        failed, retry_at = self._failed.get(model, (None, 0.0))
        if failed == target and time.monotonic() < retry_at:
            return False
        try:
            endpoint = self._canaries.take(model, target) or self._load(target)
        except UNLOADABLE as error:
            self._failed[model] = (target, time.monotonic() + self._retry_every_s)
            if failed != target:
                if model not in self._endpoints:
                    self._go_back(model)
                self._report(model, target, error)
            return model in self._endpoints
        self._failed.pop(model, None)
        self._put(model, endpoint)
        return True

    def _go_back(self, model: str) -> None:
        """Load what was live before, as workers have it that were there then."""
        try:
            moves = self._catalog.moves(named_pointer("model", model, "live"))
        except StorageError:
            return
        for target in targets_before(moves)[:_MOST_STEPS_BACK]:
            if target is None:
                return
            with suppress(*UNLOADABLE):
                self._put(model, self._load(target))
                return

    def _put(self, model: str, endpoint: Endpoint) -> None:
        self._replace(model, endpoint)
        self._meter.live(model, endpoint.crossing, endpoint.name)

    def _roll(self, model: str, place: _Place) -> None:
        """Put what is beside the endpoint of a model beside it, if that is not so already."""
        live = self._live.get(model)
        if live is None:
            return
        # What goes on in the place of one that cannot be loaded goes on alone.
        pointed = place.rollout if live.crossing == place.live else None
        beside = self._canaries.find(model, pointed, live.crossing)
        if self._beside.get(model) != (live, beside):
            self._beside[model] = (live, beside)
            self._swap(model, live if beside is None else live.beside(*beside))

    def _end_rollout(self, model: str) -> None:
        """Let the live endpoint answer alone: another crossing is live, if it can be loaded."""
        if model in self._live:
            self._swap(model, self._live[model])
        self._beside.pop(model, None)

    def _replace(self, model: str, endpoint: Endpoint | None) -> None:
        """Make an endpoint the live one of a model, with nothing beside it."""
        self._beside.pop(model, None)
        self._live.pop(model, None)
        if endpoint is not None:
            self._live[model] = endpoint
        else:
            self._canaries.forget(model)
        self._swap(model, endpoint)

    def _swap(self, model: str, endpoint: Endpoint | None) -> None:
        endpoints = {**self._endpoints}
        endpoints.pop(model, None)
        if endpoint is not None:
            endpoints[model] = endpoint
        self._endpoints = endpoints

    def _report(self, model: str, target: Digest, error: Exception) -> None:
        there = self._endpoints.get(model)
        goes_on = f"{there.name} goes on" if there is not None else "the model has no endpoint"
        what = str(error) if isinstance(error, InterplaneError) else repr(error)
        self._say(f"the live crossing {target} of {model} cannot be loaded; {goes_on}: {what}")
        self._meter.load_failed(model)

    def _pointers(self) -> dict[str, _Place]:
        """Return where the pointers of the models are, by model; all of one moment."""
        models: Iterable[str] = self._chosen or self._known()
        names = {
            model: (named_pointer("model", model, "live"), rollout_pointer(model))
            for model in models
        }
        there = self._catalog.pointers([*chain.from_iterable(names.values())])
        return {
            model: _Place(there[live], there.get(rollout))
            for model, (live, rollout) in names.items()
            if live in there
        }

    def _known(self) -> list[str]:
        return [series.removeprefix(_SERIES) for series in self._catalog.names(_SERIES)]

    def _refuse_unknown(self) -> None:
        for model in self._chosen:
            if not self._catalog.series(series_name("model", model)):
                raise UnknownName.of(
                    "model", model, self._known(), do='See what there is with "interplane models"'
                )
