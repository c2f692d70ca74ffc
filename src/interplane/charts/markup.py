"""Elements of SVG and HTML as text: whatever is put into one is text, unless an element made it.

There is one place where text is escaped, and it is here.
"""

from __future__ import annotations

import re
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Markup", "element", "joined", "text"]

_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, whatever it is written as: control characters, halves of pairs."""
_VOID: Final = frozenset({"br", "circle", "line", "meta", "path", "polygon", "polyline", "rect"})


class Markup(str):
    """Text that is markup already; templates (``__html__``) and `element` put it in as it is."""

    __slots__ = ()

    def __html__(self) -> Self:
        """Return itself: what a template asks before it escapes."""
        return self


def text(value: object) -> Markup:
    """Return a value as text of a document.

    >>> text("<b> & 'c'"), text("a" + chr(27))
    ('&lt;b&gt; &amp; &#x27;c&#x27;', 'a�')
    """
    return value if isinstance(value, Markup) else Markup(escape(_FORBIDDEN.sub("�", str(value))))


def element(name: str, /, *inside: object, **attributes: object) -> Markup:
    """Return an element.

    Args:
        name: its name.
        inside: what stands in it: markup as it is, all else as text.
        attributes: by name; ``class_`` is *class*, ``aria_label`` is *aria-label*. Those that are
            None are left out, True stands for itself, and floats are written to two digits.

    >>> element("rect", element("title", "1 < 2"), x=0.5, class_="bar", href=None)
    '<rect x="0.5" class="bar"><title>1 &lt; 2</title></rect>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not inside and name in _VOID:
        return Markup(f"<{name}{said}/>")
    return Markup(f"<{name}{said}>{joined(inside)}</{name}>")


def joined(parts: Iterable[object]) -> Markup:
    """Return parts one after the other, each as `element` puts it in.

    >>> joined([element("b", 1), " < 2"])
    '<b>1</b> &lt; 2'
    """
    return Markup("".join(map(text, parts)))


def _plain(value: object) -> object:
    """Return a number as short as it can be written; a place that is none is 0.

    >>> _plain(12.0), _plain(0.126), _plain(float("nan")), _plain("1.50")
    ('12', '0.13', '0', '1.50')
    """
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") if isfinite(value) else "0"
    return value
