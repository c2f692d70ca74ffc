"""What starts the runs of firings: the port, and what it tells of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.monitoring.triggers.firing import Firing
    from interplane.record.digests import Digest

__all__ = ["Found", "Runs"]


class Found(NamedTuple):
    """What there is of a firing's run.

    Attributes:
        is_alive: whether its process lives; then nothing else counts yet.
        exit_code: how the process ended, if that was seen; negative is the number of a signal.
        run: the run that it recorded.
        status: how that run ended, on record; None if it did not.
        crossings: what it published.
        note: what to say of it: an error, a closed gate.
    """

    is_alive: bool = False
    exit_code: int | None = None
    run: Digest | None = None
    status: Literal["done", "failed", "gate-closed"] | None = None
    crossings: tuple[Digest, ...] = ()
    note: str = ""


class Runs(Protocol):
    """Starts runs of recorded code, each as a process of its own, and finds them again.

    A process outlives whoever started it: after a restart `find` still tells whether it lives, and
    what it recorded, by the firing's own actor.
    """

    def begin(self, firing: Firing) -> Digest:
        """Start a process for a firing and return the digest of the code that it runs.

        While one lives for that firing already, no other is started.

        Raises:
            InterplaneError: if there is no code on record, or it cannot be laid out or started.
        """
        ...

    def find(self, firing: Firing) -> Found:
        """Return what there is of a firing's run."""
        ...

    def busy(self, pipelines: Iterable[str]) -> Mapping[str, str]:
        """Return those of some pipelines that run now, whoever started them, each with by whom."""
        ...
