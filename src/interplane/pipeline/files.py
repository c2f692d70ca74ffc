"""`Files`: a folder of files as one value, for whatever has no codec of its own."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from interplane.errors import UnknownArtifact, UnknownName, UsageError
from interplane.record.arguments import checked_methods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Files"]


@checked_methods()
class Files:
    """Files by their names, which may have folders in them.

    Args:
        paths: where each file is now.

    Raises:
        UnknownArtifact: for a name that leads out of the folder that the files are put into.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "notes.txt").write_text("by hand")
    >>> files = Files.below(folder)
    >>> files.names, files.read("notes.txt")
    (('notes.txt',), b'by hand')
    """

    def __init__(self, paths: Mapping[str, Path | Callable[[], Path]]) -> None:
        self._paths = dict(paths)
        for name in self._paths:
            _check_name(name)

    @classmethod
    def below(cls, folder: Path) -> Self:
        """Take every file in a folder and the folders in it.

        Raises:
            UnknownArtifact: for a link, or something that is neither file nor folder.
            UsageError: if there is no such folder.
        """
        if not folder.is_dir():
            raise UsageError(
                f"there is no folder {str(folder)!r}",
                expected="a folder with the files",
                do="Make it first, or correct the path",
            )
        return cls(dict(_walk(folder, PurePosixPath())))

    @property
    def names(self) -> tuple[str, ...]:
        """The names, sorted."""
        return tuple(sorted(self._paths))

    def path(self, name: str) -> Path:
        """Return where a file can be read; it must not be changed there.

        Raises:
            UnknownName: if there is no such file.
        """
        if name not in self._paths:
            raise UnknownName.of("file", name, self._paths)
        place = self._paths[name]
        return place if isinstance(place, Path) else place()

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self.path(name).read_bytes()

    def copy_to(self, folder: Path) -> Path:
        """Copy every file into a folder and return the folder."""
        for name in self.names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path(name), target)
        return folder

    def __repr__(self) -> str:
        return f"<Files {', '.join(self.names[:5])}{' …' if len(self._paths) > 5 else ''}>"


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if str(path) != name or path.is_absolute() or {"..", "."} & {*path.parts, name} or "\0" in name:
        raise UnknownArtifact(
            f"{name!r} cannot name a file among others",
            expected="a path below a folder, for example plots/roc.png",
            do="Give it such a name",
        )


def _walk(folder: Path, below: PurePosixPath) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        name = below / path.name
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise UnknownArtifact(
                f"{name} in {folder.name} is a link or no file",
                expected="files and folders",
                do="Copy what it points at",
            )
        if path.is_dir():
            yield from _walk(path, name)
        else:
            yield str(name), path
