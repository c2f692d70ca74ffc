"""`LiveModels`: the endpoints of what is live, watched in a thread and swapped by one reference."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interplane.errors import InterplaneError, StorageError, UnknownName
from interplane.storage.moves import targets_before
from interplane.storage.names import named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.record import Digest
    from interplane.serving.ports import Endpoint, Meter
    from interplane.storage.ports import Catalog

__all__ = ["LOOK_EVERY_S", "LiveModels"]

LOOK_EVERY_S: Final = 0.25
RETRY_EVERY_S: Final = 10.0
"""What could not be loaded is tried again: a disk comes back, a file is put in its place."""

_MOST_STEPS_BACK: Final = 3
_LOGGER: Final = logging.getLogger("interplane.serving")
_SERIES: Final = "model/"
_UNLOADABLE: Final = (
    *(InterplaneError, ArithmeticError, AssertionError, AttributeError, EOFError, ImportError),
    *(LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError),
)
"""Whatever is wrong with one crossing, the thread goes on and the others are served."""


class LiveModels:
    """The endpoints of models at their pointer ``live``.

    A crossing that becomes live is loaded beside the traffic, in the thread that watches; then one
    reference is swapped. A request works with the endpoint that it found at its beginning, and the
    old one is gone when the last of these has ended. What cannot be loaded never answers: the old
    one goes on, also in a process that was started since, and that is said once. A pointer that is
    taken away takes its model along.

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
        self._endpoints = {}

    # ---- the thread -----------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopping.wait(self._look_every_s):
            try:
                pointers = self._pointers()
            except _UNLOADABLE as error:
                if str(error) != self._trouble:
                    self._say(
                        f"the pointers of models cannot be read; what is loaded goes on: {error}"
                    )
                self._trouble = str(error)
            else:
                self._trouble = None
                self._look(pointers)

    def _look(self, pointers: Mapping[str, Digest]) -> None:
        """Bring the endpoints to where the pointers are."""
        if self._awaited is None:
            awaited = set(self._chosen or pointers)
        else:
            awaited = self._awaited & set(self._chosen or pointers)
        for model in self._endpoints.keys() - pointers.keys():
            self._replace(model, None)
        for model, target in pointers.items():
            if self._stopping.is_set():
                return
            there = self._endpoints.get(model)
            if (there is not None and there.crossing == target) or self._open(model, target):
                awaited.discard(model)
        if self._endpoints or self._awaited is not None:
            self._awaited = awaited

    def _open(self, model: str, target: Digest) -> bool:
        """Load a crossing and put it in its place; return whether that went well."""
        failed, retry_at = self._failed.get(model, (None, 0.0))
        if failed == target and time.monotonic() < retry_at:
            return False
        try:
            endpoint = self._load(target)
        except _UNLOADABLE as error:
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
            with suppress(*_UNLOADABLE):
                self._put(model, self._load(target))
                return

    def _put(self, model: str, endpoint: Endpoint) -> None:
        self._replace(model, endpoint)
        self._meter.live(model, endpoint.crossing, endpoint.name)

    def _replace(self, model: str, endpoint: Endpoint | None) -> None:
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

    def _pointers(self) -> dict[str, Digest]:
        """Return where the pointers of the models are, by model."""
        models: Iterable[str] = self._chosen or self._known()
        names = {named_pointer("model", model, "live"): model for model in models}
        return {names[name]: target for name, target in self._catalog.pointers(names).items()}

    def _known(self) -> list[str]:
        return [series.removeprefix(_SERIES) for series in self._catalog.names(_SERIES)]

    def _refuse_unknown(self) -> None:
        for model in self._chosen:
            if not self._catalog.series(series_name("model", model)):
                raise UnknownName.of(
                    "model", model, self._known(), do='See what there is with "interplane models"'
                )
