"""What every record is: a frozen value with a kind, named by the digest of its canonical JSON."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Self

import msgspec

from interplane.errors import DataError
from interplane.record.digests import Digest, canonical, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Record", "Value", "Versioned"]


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A frozen value inside records."""

    def to_dict(self) -> dict[str, Any]:
        """Return the value as plain JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class Versioned(Value, frozen=True, kw_only=True):
    """A value with a form of its own, whose version is a number in it.

    Attributes:
        format: the version of the form.
    """

    format: int = 1

    @classmethod
    def read(cls, plain: Mapping[str, Any], *, what: str, made_by: str, do: str) -> Self:
        """Read a value from its JSON form, of this version of the form or of an older one.

        Args:
            plain: the JSON values.
            what: what a message calls the value.
            made_by: what makes such a form.
            do: what to do where it cannot be read.

        Raises:
            DataError: if it is no such form, or of a newer version.
        """
        newest = _format_of(cls)
        try:
            read = msgspec.convert(plain, cls)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # text may be no Unicode
            raise DataError(
                f"{what} cannot be read ({error})", expected=f"what {made_by} gives", do=do
            ) from error
        if read.format > newest:
            raise DataError(
                f"{what} has the format {read.format}",
                expected=f"a format up to {newest}",
                do="It was made by a newer Interplane: upgrade",
            )
        return read


@cache
def _format_of(kind: type[Versioned]) -> int:
    """Return the version of a form that is written now."""
    found: int = next(f.default for f in msgspec.structs.fields(kind) if f.name == "format")
    return found


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
