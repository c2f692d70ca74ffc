"""The laws of a blob store: whoever writes another one runs these against it.

Each law takes fresh blobs and a folder of the test's own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from interplane.errors import NotFound, StorageError
from interplane.record import digest_bytes
from interplane.testing.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interplane.storage.ports import Blobs

__all__ = ["LAWS"]

_ABSENT = digest_bytes(b"never put")


def what_was_put_comes_back(blobs: Blobs, _: Path) -> None:
    """Any bytes, the empty ones too, under the digest of their content."""
    for data in (b"", b"\0\xff\n", b"x" * 3_000_000):
        digest = blobs.put(data)
        assert digest == digest_bytes(data)
        assert blobs.get(digest) == data
        assert blobs.path(digest).read_bytes() == data
        assert blobs.size(digest) == len(data)
        assert blobs.has(digest)
        blobs.check(digest)


def what_was_never_put_is_not_there(blobs: Blobs, _: Path) -> None:
    """NotFound, everywhere."""
    assert not blobs.has(_ABSENT)
    assert list(blobs.list()) == []
    for ask in (blobs.get, blobs.path, blobs.size, blobs.check):
        with refused(NotFound):
            ask(_ABSENT)


def putting_again_changes_nothing(blobs: Blobs, folder: Path) -> None:
    """By bytes or by file: one blob."""
    copy = folder / "copy"
    copy.write_bytes(b"same")
    assert blobs.put(b"same") == blobs.put(b"same") == blobs.adopt(copy)
    assert list(blobs.list()) == [digest_bytes(b"same")]
    assert blobs.get(digest_bytes(b"same")) == b"same"


def every_blob_is_listed_once(blobs: Blobs, _: Path) -> None:
    """In the order of the digests."""
    expected = sorted(blobs.put(b"number %d" % number) for number in range(40))
    blobs.scratch()
    assert list(blobs.list()) == expected


def a_scratch_file_is_adopted(blobs: Blobs, _: Path) -> None:
    """An engine writes a file in a scratch folder, the blobs take it over."""
    scratch = blobs.scratch()
    assert list(scratch.iterdir()) == []
    (scratch / "part").write_bytes(b"p" * 100_000)
    digest = blobs.adopt(scratch / "part")
    assert blobs.get(digest) == b"p" * 100_000
    assert list(scratch.iterdir()) == []
    assert blobs.scratch() != scratch


def a_foreign_file_is_copied(blobs: Blobs, folder: Path) -> None:
    """Whoever owns it may go on writing to it."""
    path = folder / "theirs"
    path.write_bytes(b"first")
    digest = blobs.adopt(path)
    path.write_bytes(b"later")
    assert blobs.get(digest) == b"first"
    assert path.read_bytes() == b"later"


def a_missing_file_is_refused(blobs: Blobs, folder: Path) -> None:
    """And leaves nothing."""
    with refused(StorageError):
        blobs.adopt(folder / "absent")
    assert list(blobs.list()) == []


def a_path_cannot_be_written(blobs: Blobs, _: Path) -> None:
    """The mode says so, to those who ask."""
    mode = blobs.path(blobs.put(b"fixed")).stat().st_mode
    assert mode & 0o222 == 0


def threads_share_blobs(blobs: Blobs, _: Path) -> None:
    """The same bytes from many threads are one blob."""
    data = [b"number %d" % (number % 10) for number in range(80)]
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(blobs.put, data))
    assert digests == [digest_bytes(item) for item in data]
    assert len(list(blobs.list())) == 10


LAWS: tuple[Callable[[Blobs, Path], None], ...] = (
    what_was_put_comes_back,
    what_was_never_put_is_not_there,
    putting_again_changes_nothing,
    every_blob_is_listed_once,
    a_scratch_file_is_adopted,
    a_foreign_file_is_copied,
    a_missing_file_is_refused,
    a_path_cannot_be_written,
    threads_share_blobs,
)
