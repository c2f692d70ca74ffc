"""What every record is: a frozen value with a kind, named by the digest of its canonical JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec

from interplane.record.digests import Digest, canonical, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Record", "Value"]


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A frozen value inside records."""

    def to_dict(self) -> dict[str, Any]:
        """Return the value as plain JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class Record(Value, frozen=True, kw_only=True, tag_field="kind"):
    """An immutable entry of the catalog, named by its digest.

    ``links`` yields the digests that the record stands on, so that a workspace can tell what is
    reachable. Subclasses set ``tag`` to their kind and yield every digest that they hold.
    """

    @property
    def kind(self) -> str:
        """The kind of the record, as in its JSON."""
        return str(self.__struct_config__.tag)

    @property
    def digest(self) -> Digest:
        """The name of the record: the digest of its canonical JSON."""
        return digest_bytes(self.to_bytes())

    def links(self) -> Iterator[Digest]:
        """Yield the digests of the records and blobs that this one stands on."""
        yield from ()

    def to_bytes(self) -> bytes:
        """Return the canonical JSON."""
        return canonical(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a record of this class from its canonical JSON.

        Raises:
            msgspec.ValidationError: if the bytes are not such a record.
        """
        return msgspec.json.decode(data, type=cls)
