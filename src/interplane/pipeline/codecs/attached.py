"""Files and figures."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.errors import UnknownArtifact
from interplane.pipeline.codecs.ports import is_a
from interplane.pipeline.codecs.wants import refuse_form
from interplane.pipeline.files import Files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.codecs.ports import Loading, Saving
    from interplane.pipeline.codecs.wants import Want

__all__ = ["FigureCodec", "FilesCodec", "Picture"]


class FilesCodec:
    """A path to a file or folder, or `Files`; what is there is copied."""

    kind = "files"

    def takes(self, value: Any) -> bool:
        """Return whether it is a path or `Files`."""
        return isinstance(value, Path | Files)

    def save(self, value: Path | Files, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Store a copy of each file.

        Raises:
            UnknownArtifact: if nothing is there, or a link.
        """
        form = "files" if isinstance(value, Files) else _form(value, place)
        files = _files(value, form)
        digests = {name: to.adopt(_copied(files.path(name), to)) for name in files.names}
        return {"form": form, "files": digests}, f"{len(digests)} files"

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return `Files`, or the path of a copy that its receiver may change."""
        form = description["form"]
        if want.form not in {"any", "path", "files"}:
            raise refuse_form(want, "files")
        files = Files(
            {
                name: functools.partial(source.store.path, digest)
                for name, digest in description["files"].items()
            }
        )
        if want.form == "files" or (want.form == "any" and form == "files"):
            return files
        folder = files.copy_to(source.scratch())
        return folder / files.names[0] if form == "file" else folder


class Picture(bytes):
    """A figure as PNG; a notebook shows it."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return bytes(self)


class FigureCodec:
    """A Matplotlib figure, kept as PNG; it comes back as a picture."""

    kind = "figure"

    def takes(self, value: Any) -> bool:
        """Return whether it is a figure or a picture."""
        return isinstance(value, Picture) or is_a(value, "matplotlib.figure", "Figure")

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Draw the figure; the library's version is left out of the bytes."""
        del place
        if isinstance(value, Picture):
            data = bytes(value)
        else:
            sink = io.BytesIO()
            value.savefig(sink, format="png", metadata={"Software": None})
            data = sink.getvalue()
        return {"media": "image/png", "data": to.put(data)}, f"PNG, {len(data):,} bytes"

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Picture:
        """Return the picture."""
        if want.form not in {"any", "other"}:
            raise refuse_form(want, "a picture")
        return Picture(source.read(description["data"]))


def _form(path: Path, place: str) -> str:
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        raise UnknownArtifact(
            f"{place} is the path {path}, and no file or folder is there",
            expected="a path that was written to",
            do="Write it before returning it, or return str(path) if the text is meant",
        )
    return "folder" if path.is_dir() else "file"


def _files(value: Path | Files, form: str) -> Files:
    if isinstance(value, Files):
        return value
    return Files.below(value) if form == "folder" else Files({value.name: value})


def _copied(path: Path, to: Saving) -> Path:
    """The blobs may move a file away; the step's own stays where it is."""
    import shutil

    copy = to.store.blobs.scratch() / "file"
    shutil.copyfile(path, copy)
    return copy
