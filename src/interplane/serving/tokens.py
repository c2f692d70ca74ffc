"""Tokens: opaque, kept as digests, with names, and without effect a moment after they are revoked.

A token is ``ipt_ID_SECRET``: the id finds its entry, and the digest of the whole is compared in a
time that does not depend on how much of it is right. The file holds no secret, and is its owner's
to read all the same.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from interplane.errors import StorageError, UnknownName, UsageError
from interplane.record import Digest, Value, check_name, digest_bytes
from interplane.serving.routes import PERMISSIONS, Permission
from interplane.storage.file_lock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

__all__ = ["ROLES", "TOKENS", "Role", "Token", "TokenFile", "TokenWatch"]

Role = Literal["viewer", "contributor", "operator", "admin"]
"""What its holder is to the pages and the control API."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the least on: each may what those before it may."""

FORMAT: Final = 1
TOKENS: Final = "tokens.json"
"""The name of the file in a workspace."""

_WAIT_S: Final = 10.0
_NOBODY: Final = Digest("0" * 64)


class Token(Value, frozen=True, kw_only=True):
    """What is kept of a token.

    Attributes:
        id: finds the entry; a part of the token.
        name: what people call it.
        digest: of the whole token.
        may: what it permits at a model server.
        made: when, in UTC.
        revoked: when it lost its effect; None while it has it.
        role: what it makes of its holder on the pages; None for nobody.
    """

    id: str
    name: str
    digest: Digest
    may: tuple[Permission, ...]
    made: str
    revoked: str | None = None
    role: Role | None = None


class _Kept(Value, frozen=True, kw_only=True):
    """The file."""

    format: int
    tokens: tuple[Token, ...]


class TokenFile:
    """The tokens of a workspace.

    Args:
        path: the file; no tokens where there is none.
        now: tells the time in UTC, for the record.
        secret: makes the secret part.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], str],
        secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self.path = path
        self._now = now
        self._secret = secret

    def add(
        self,
        name: str,
        *,
        may: Iterable[Permission] = PERMISSIONS,
        role: Role | None = None,
    ) -> str:
        """Make a token and return it: it cannot be had a second time.

        Args:
            name: what people call it.
            may: what it permits at a model server.
            role: what it makes of its holder on the pages.

        Raises:
            UsageError: if a token of this name has effect already, or it would permit nothing.
            StorageError: if the file cannot be written.
        """
        check_name(name, of="token")
        permitted = tuple(item for item in PERMISSIONS if item in set(may))
        if not permitted and role is None:
            raise UsageError(
                f"the token {name!r} would permit nothing",
                expected="at least one of " + ", ".join(PERMISSIONS),
                do='Say it with "--may" or "--role"',
            )
        token_id = secrets.token_hex(6)
        token = f"ipt_{token_id}_{self._secret()}"

        def added(tokens: Sequence[Token]) -> tuple[Token, ...]:
            if any(item.name == name and item.revoked is None for item in tokens):
                raise UsageError(
                    f"there is a token {name!r} already",
                    expected="a new name",
                    do=f'Choose another, or revoke it with "interplane token revoke {name}"',
                )
            entry = Token(
                id=token_id,
                name=name,
                digest=digest_bytes(token.encode()),
                may=permitted,
                made=self._now(),
                role=role,
            )
            return (*tokens, entry)

        self._change(added)
        return token

    def list(self) -> tuple[Token, ...]:
        """Return all tokens in the order in which they were made, the revoked ones too.

        Raises:
            StorageError: if the file is damaged, or made by a newer Interplane.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StorageError.from_os(error, doing=f"reading {self.path}") from error
        return _read(raw, self.path)

    def revoke(self, name: str) -> Token:
        """Take a token's effect away, and return what is kept of it.

        Raises:
            UnknownName: if no token of this name has effect.
            StorageError: if the file cannot be written.
        """
        changed: list[Token] = []

        def revoked(tokens: Sequence[Token]) -> tuple[Token, ...]:
            for item in tokens:
                if item.name == name and item.revoked is None:
                    changed.append(msgspec.structs.replace(item, revoked=self._now()))
                    return tuple(changed[0] if kept is item else kept for kept in tokens)
            known = [item.name for item in tokens if item.revoked is None]
            raise UnknownName.of("token", name, known, do='See "interplane token list"')

        self._change(revoked)
        return changed[0]

    def _change(self, change: Callable[[Sequence[Token]], tuple[Token, ...]]) -> None:
        """Replace the file by what ``change`` makes of its tokens; one process at a time."""
        try:
            lock = FileLock.of(self.path.with_name(f"{self.path.name}-lock"))
            with lock.held(until=time.monotonic() + _WAIT_S) as is_held:
                if not is_held:
                    raise StorageError(
                        f"another process holds {self.path}",
                        do="Run the same command again",
                    )
                kept = _Kept(format=FORMAT, tokens=change(self.list()))
                _replace(self.path, msgspec.json.format(msgspec.json.encode(kept), indent=1))
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError.from_os(error, doing=f"writing {self.path}") from error


def _read(raw: bytes, path: Path) -> tuple[Token, ...]:
    try:
        kept = msgspec.json.decode(raw, type=_Kept)
    except msgspec.MsgspecError as error:
        raise StorageError(
            f"{path} is damaged ({error})",
            expected="the file that interplane token add wrote",
            do="Remove it and make new tokens. Until then nobody is let in",
        ) from error
    if kept.format > FORMAT:
        raise StorageError(
            f"{path} has the format {kept.format}",
            expected=f"a format up to {FORMAT}",
            do="It was made by a newer Interplane: upgrade",
        )
    return kept.tokens


def _replace(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it there, with both on the disk."""
    building = path.with_name(f".{path.name}.{secrets.token_hex(6)}.new")
    try:
        handle = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class TokenWatch:
    """The tokens as a server sees them: `refresh` often, and what was revoked has no effect.

    A file that cannot be read lets nobody in.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, ...] | None = None
        self._known: dict[bytes, Token] = {}
        self.refresh()

    def refresh(self) -> str | None:
        """Read the file if it changed; return why it cannot be read, once for each change."""
        try:
            state = self._path.stat()
            stamp = (state.st_ino, state.st_mtime_ns, state.st_size)
            if stamp == self._stamp:
                return None
            self._stamp = stamp
            tokens = _read(self._path.read_bytes(), self._path)
        except (OSError, StorageError) as error:
            was_known, self._known = bool(self._known), {}
            if isinstance(error, FileNotFoundError):
                self._stamp = None
                return str(error) if was_known else None
            return str(error)
        self._known = {item.id.encode(): item for item in tokens if item.revoked is None}
        return None

    def permits(self, authorization: bytes | None, permission: Permission) -> bool | None:
        """Return whether a request may do this; None if its token is none of ours.

        Args:
            authorization: the value of the header ``Authorization``.
            permission: what the route asks for.
        """
        if authorization is None or authorization[:7].lower() != b"bearer ":
            return None
        entry = self.entry(authorization[7:].strip(b" "))
        return None if entry is None else permission in entry.may

    def entry(self, token: bytes) -> Token | None:
        """Return what is kept of a token that has effect; None if it is none of ours."""
        entry = self._known.get(token[4:16])
        kept = _NOBODY if entry is None else entry.digest
        # Compared although there is no entry, so that an id is not found out by the time it takes.
        is_right = hmac.compare_digest(digest_bytes(token), kept)
        return entry if is_right else None
