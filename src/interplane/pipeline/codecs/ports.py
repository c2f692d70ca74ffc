"""What a codec is, and what it is given to save to and to load from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

from interplane.record import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from interplane.pipeline.codecs.wants import Want
    from interplane.storage.draft import Draft
    from interplane.storage.store import Store

__all__ = ["Codec", "Loading", "Saving", "is_a"]

Description = dict[str, Any]
"""What an artifact is, as plain JSON values: its bytes are named in it by their digests."""


class Saving:
    """Where a codec puts bytes; it remembers what it was given.

    Args:
        draft: what the next commit will write.
        store: the workspace, for parts that go into it at once.
        describe: describes a value inside another one; the text says where it stands.
    """

    def __init__(
        self, draft: Draft, store: Store, describe: Callable[[Any, str, Saving], Description]
    ) -> None:
        self._draft = draft
        self._describe = describe
        self.store = store
        self.blobs: dict[Digest, None] = {}

    def put(self, data: bytes) -> Digest:
        """Keep bytes."""
        return self.keep(self._draft.put(data))

    def adopt(self, path: Path) -> Digest:
        """Keep a file's bytes; the file may be moved away."""
        return self.keep(self._draft.adopt(path))

    def keep(self, digest: Digest) -> Digest:
        """Remember bytes that are in the store already."""
        self.blobs[digest] = None
        return digest

    def inner(self, value: Any, place: str) -> Description:
        """Describe a value inside this one."""
        return self._describe(value, place, self)


class Loading:
    """Where a codec gets bytes from.

    Args:
        store: the workspace.
        scratch: makes a new empty folder that lives as long as the step runs.
        restore: makes a value inside another one from its description.
    """

    def __init__(
        self,
        store: Store,
        scratch: Callable[[], Path],
        restore: Callable[[Description, Want, Loading], Any],
    ) -> None:
        self._restore = restore
        self.store = store
        self.scratch = scratch

    def read(self, digest: str) -> bytes:
        """Return verified bytes."""
        return self.store.read(Digest(digest))

    def inner(self, description: Description, want: Want) -> Any:
        """Make a value inside this one."""
        return self._restore(description, want, self)


class Codec(Protocol):
    """One kind of artifact."""

    @property
    def kind(self) -> str:
        """Its name, as records have it."""
        ...

    def takes(self, value: Any) -> bool:
        """Return whether a value is of this kind."""
        ...

    def save(self, value: Any, to: Saving, place: str) -> tuple[Description, str]:
        """Put a value's bytes and return its description, with a line for a person.

        Equal content gives an equal description.

        Raises:
            UnknownArtifact: if the value does not come back as it is; names ``place``.
        """
        ...

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Make a new value of a description, in the form that is wanted.

        Nothing that one caller does to it can be seen by another.
        """
        ...


def is_a(value: Any, module: str, *names: str) -> bool:
    """Return whether a value is of a class of a module that need not be imported for it."""
    there = sys.modules.get(module)
    return there is not None and any(isinstance(value, getattr(there, name)) for name in names)
