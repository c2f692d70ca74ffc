"""Scripts, styles and pictures of the pages: read once at the start, found by name in a table.

What a client asks for is looked up and never made a path.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.responses import Response

from interplane.charts.style import page_sheet
from interplane.record import digest_bytes

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["StaticFiles"]

_PICTURES: Final = "pictures.css"
_MEDIA: Final = {
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "txt": "text/plain",
}


class _File(NamedTuple):
    body: bytes
    media: str
    tag: str


class StaticFiles:
    """What lies in the package's folder ``static`` and the sheet of pictures, with an entity tag each.

    A browser may keep them, and asks each time whether they are still the same: a page never meets
    the script of another version.
    """

    def __init__(self) -> None:
        folder = resources.files("interplane.web") / "static"
        self._files = {
            each.name: _read(each.name, each.read_bytes())
            for each in folder.iterdir()
            if each.is_file()
        }
        self._files[_PICTURES] = _read(_PICTURES, page_sheet().encode())

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._files)

    def answer(self, request: Request) -> Response | None:
        """Return the answer that holds a file; None if there is none of that name."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            return None
        fields = {"ETag": file.tag, "Cache-Control": "private, no-cache"}
        known = request.headers.get("if-none-match", "")
        if file.tag in {each.strip().removeprefix("W/") for each in known.split(",")[:50]}:
            return Response(status_code=304, headers=fields)
        return Response(file.body, headers=fields, media_type=file.media)


def _read(name: str, body: bytes) -> _File:
    return _File(body, _MEDIA[name.rpartition(".")[2]], f'"{digest_bytes(body)[:32]}"')
