"""One run of a pipeline at a time: a lease with a heart."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final, Self

from interplane.errors import Fenced, StorageError
from interplane.storage.names import run_lease

if TYPE_CHECKING:
    from interplane.storage.ports import Catalog, Writer

__all__ = ["RunLease"]

_BEAT_S: Final = 5.0


class RunLease:
    """The right to run a pipeline, kept alive by a thread while it is entered.

    Args:
        catalog: where the lease is.
        pipeline: the pipeline's name.
        actor: who runs it.
        beat_s: seconds between two signs of life.

    Raises:
        Fenced: when entered while somebody else runs the pipeline.
    """

    def __init__(
        self, catalog: Catalog, pipeline: str, *, actor: str, beat_s: float = _BEAT_S
    ) -> None:
        self._catalog = catalog
        self._pipeline = pipeline
        self._actor = actor
        self._beat_s = beat_s
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.writer: Writer

    def __enter__(self) -> Self:
        try:
            self.writer = self._catalog.acquire(run_lease(self._pipeline), actor=self._actor)
        except Fenced as error:
            raise Fenced(
                f"the pipeline {self._pipeline!r} is running already: {error.what}",
                expected="one run of a pipeline at a time",
                do="Wait until it has ended, or end it; then run the same command again",
                **error.details,
            ) from error
        self._thread = threading.Thread(target=self._beat, name="interplane-lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        # On a disk that failed or is full: the lease ends with this process, and what failed first
        # is what counts.
        with contextlib.suppress(StorageError):
            self._catalog.release(self.writer)

    def _beat(self) -> None:
        while not self._over.wait(self._beat_s):
            try:
                self._catalog.beat(self.writer)
            except Fenced:
                return  # the next write is refused, and says so
            except StorageError:
                continue  # the next beat may succeed; the lease outlives several
