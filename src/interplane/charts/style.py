"""The colours and the sheet of pictures: whole for pages, scoped and no more than is used for notebooks.

A colour has a meaning: code, data, what is live, a warning. Each is one name with two values, for light
and for dark, and nothing that draws a picture names a colour itself.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.charts.markup import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ROOT", "TOKENS", "notebook_sheet", "page_sheet"]

ROOT: Final = "interplane"
"""The class of what stands in a notebook, which all its rules begin with."""

TOKENS: Final = {
    "paper": ("#fbfaf7", "#141413"),
    "card": ("#fff", "#1b1b19"),
    "ink": ("#1d1c1a", "#ecebe7"),
    "soft": ("#66635c", "#a19d94"),
    "hair": ("#e6e2da", "#2e2d2a"),
    "code": ("#2f5d9b", "#86aee6"),
    "code-plane": ("#e8eef6", "#1b2532"),
    "data": ("#1f6f61", "#6cc5b0"),
    "data-plane": ("#e4f0ec", "#172723"),
    "live": ("#bb3d1b", "#ff7a4d"),
    "warn": ("#8f5c0c", "#e0ac5a"),
    "good": ("#23796a", "#6cc5b0"),
}
"""The light and the dark value of each colour."""

# A notebook's own theme counts for more than the system's: JupyterLab, VS Code and Colab say theirs so.
_LIGHT_HOSTS: Final = ('[data-jp-theme-light="true"]', ".vscode-light", "html[theme=light]")
_DARK_HOSTS: Final = (
    '[data-jp-theme-light="false"]',
    ".vscode-dark",
    ".vscode-high-contrast:not(.vscode-high-contrast-light)",
    "html[theme=dark]",
)
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_CLASSES: Final = re.compile(r'class="([^"]*)"')
_FIRST_CLASS: Final = re.compile(r"\.([\w-]+)")


class _Rule(NamedTuple):
    selectors: tuple[str, ...]
    says: str


@cache
def page_sheet() -> str:
    """Return the sheet of a page: the colours, light and dark, and how pictures are drawn."""
    light, dark = _colours(0), _colours(1)
    dark_media = f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return f":root {{ {light} }}\n{dark_media}\n{_read('pictures.css')}"


def notebook_sheet(shown: str) -> Markup:
    """Return the sheet of what stands in a notebook: it touches nothing else there.

    Args:
        shown: the markup; rules that none of its classes needs are left out.

    >>> ".interplane .histogram rect:hover" in notebook_sheet('<svg class="histogram">')
    True
    >>> "whiskers" in notebook_sheet('<svg class="histogram">')
    False
    """
    classes = {name for found in _CLASSES.findall(shown) for name in found.split()}
    rules = "\n".join(_scoped(_rules("notebook.css"), classes))
    pictures = "\n".join(_scoped(_rules("pictures.css"), classes))
    return Markup(f"{_themes()}\n{rules}\n{pictures}")


@cache
def _themes() -> str:
    light = f"color-scheme: light; {_colours(0)}"
    dark = f"color-scheme: dark; {_colours(1)}"

    def inside(hosts: Sequence[str]) -> str:
        return ", ".join(f"{host} .{ROOT}" for host in hosts)

    return (
        f".{ROOT} {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ .{ROOT} {{ {dark} }} }}\n"
        f"{inside(_LIGHT_HOSTS)} {{ {light} }}\n{inside(_DARK_HOSTS)} {{ {dark} }}\n"
        f"@media print {{ .{ROOT} {{ {light} print-color-adjust: exact; }} }}"
    )


def _scoped(rules: Sequence[_Rule], classes: set[str]) -> Iterator[str]:
    """Yield the rules that something needs, below the root."""
    for rule in rules:
        needed = [each for each in rule.selectors if _is_needed(each, classes)]
        if needed:
            yield f"{', '.join(map(_below, needed))} {{{rule.says}}}"


def _is_needed(selector: str, classes: set[str]) -> bool:
    found = _FIRST_CLASS.search(selector)
    return found is None or found.group(1) in classes


def _below(selector: str) -> str:
    return f".{ROOT}" if selector == ":scope" else f".{ROOT} {selector}"


@cache
def _rules(name: str) -> tuple[_Rule, ...]:
    """Return the rules of a sheet that has them in one level."""
    return tuple(
        _Rule(tuple(each.strip() for each in selectors.split(",")), says.rstrip())
        for selectors, says in _RULE.findall(_COMMENT.sub("", _read(name)))
    )


@cache
def _read(name: str) -> str:
    return (resources.files("interplane.charts") / name).read_text(encoding="utf-8")


def _colours(place: int) -> str:
    return " ".join(f"--{name}: {values[place]};" for name, values in TOKENS.items())
