"""A report: one file that shows everything in itself, on a screen and on paper.

It holds no script and asks no network for anything, and says so to the browser: its content security
policy allows the one sheet that is in it, by its hash, and nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import CLASSES, card
from interplane.charts.style import notebook_sheet
from interplane.errors import UsageError
from interplane.storage.clock import system_token

__all__ = ["Report"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is told of a thing, in sections.

    Attributes:
        title: what it is about.
        lead: what is to be said of it first.
        sections: the sections, each under its heading.
        state: its states, beside the title.
        foot: what is to be said of it last: what it is called everywhere.

    >>> found = Report(title="tips@1 & more", lead="A model.", sections=(), state=Markup(""))
    >>> found.html[:15], "tips@1 &amp; more" in found.html, "<script" in found.html
    ('<!DOCTYPE html>', True, False)
    """

    title: str
    lead: str
    sections: tuple[Markup, ...]
    state: Markup
    foot: str = ""

    @property
    def html(self) -> str:
        """The whole file."""
        heading = element("h1", self.title, " ", self.state)
        inside = element("main", heading, element("p", self.lead, class_="lead"), *self.sections)
        foot = element("footer", self.foot, f" Written by Interplane {version('interplane')}.")
        sheet = Markup(f"{notebook_sheet(joined([inside, foot]))}\n{_own_sheet()}")
        digest = b64encode(sha256(sheet.encode()).digest()).decode()
        head = element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element(
                "meta",
                http_equiv="Content-Security-Policy",
                content=f"default-src 'none'; style-src 'sha256-{digest}'",
            ),
            element("title", self.title),
            element("style", sheet),
        )
        body = element("body", inside, foot, class_=CLASSES)
        return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"

    def _repr_html_(self) -> str:
        return card(self.title, self.lead, *self.sections, state=self.state)

    def save(self, path: str | Path, *, replace: bool = False) -> int:
        """Write the file; it has its name when it is whole.

        Args:
            path: where.
            replace: whether it takes the place of what is there.

        Returns:
            How many bytes it has.

        Raises:
            UsageError: if there is something of that name.
            OSError: if it cannot be written.
        """
        path = Path(path)
        if not replace and (path.exists() or path.is_symlink()):
            raise UsageError(
                f"{path} is there already",
                expected="a new file",
                do="Name another one with --out, or add --force to replace it",
            )
        building = path.with_name(f".{path.name}.{system_token()}.new")
        try:
            written = building.write_bytes(self.html.encode())
            building.replace(path)
        finally:
            building.unlink(missing_ok=True)
        return written


@cache
def _own_sheet() -> str:
    sheet = resources.files("interplane.project.reports") / "report.css"
    return sheet.read_text(encoding="utf-8")
