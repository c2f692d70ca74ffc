"""What is shown in notebooks and reports, read as strictly as XML is, and hostile texts to put into it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'></style></title></svg>"
    "<svg onload=alert(1)>{{ 7 * 7 }}{% raw %}${7*7} $x^2$ =cmd|'/c calc'!A1 ]]><!-- &lt; &amp;"
)
"""Markup, a template, SVG, formulas of three kinds, and ends of whatever it may stand in."""

_FOREIGN = re.compile(r"https?:|//|javascript:|url\(|@import|expression\(", re.IGNORECASE)
_KNOWN = frozenset(
    [
        "a",
        "b",
        "br",
        "circle",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "g",
        "h1",
        "h2",
        "h3",
        "h4",
        "li",
        "line",
        "p",
        "path",
        "polygon",
        "polyline",
        "rect",
        "section",
        "small",
        "span",
        "style",
        "svg",
        "table",
        "tbody",
        "td",
        "text",
        "th",
        "thead",
        "time",
        "title",
        "tr",
        "ul",
        "ol",
        "caption",
        "html",
        "head",
        "body",
        "meta",
        "main",
        "header",
        "footer",
        "nav",
    ]
)


class _Tags(HTMLParser):
    """The tags as a browser's parser meets them: begins that are not ended are kept."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Keep a tag that begins."""
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} is there twice"
        if tag not in {"br", "meta"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Only shapes of SVG and void elements end in themselves."""
        del attrs
        assert tag in ["br", "circle", "line", "meta", "path", "polygon", "polyline", "rect"]

    def handle_endtag(self, tag):
        """The tag that was begun last ends first."""
        assert tag == self.open.pop()


def strict(shown):
    """Return the tree of what is shown, which is well formed, runs nothing and loads nothing."""
    tags = _Tags()
    tags.feed(shown)
    tags.close()
    assert [] == tags.open
    root = ET.fromstring(shown)
    for each in root.iter():
        name = each.tag.rpartition("}")[2]
        assert name in _KNOWN, f"<{name}> is not known"
        assert [] == [key for key in each.attrib if key.lower().startswith("on")]
        assert "style" not in each.attrib
        assert not {"src", "srcset", "xlink:href", "srcdoc"} & set(each.attrib)
        assert _is_here(each.get("href", ""))
        if name == "style":
            assert _FOREIGN.search(each.text or "") is None
            assert 0 == len(each)
    return root


def _is_here(href):
    return href == "" or href.startswith("#")


def words_of(root):
    """Return all that is shown as text, and all that attributes say."""
    texts = [piece for each in root.iter() if each.tag != "style" for piece in _pieces(each)]
    return " ".join(texts)


def _pieces(each):
    yield each.text or ""
    yield each.tail or ""
    yield from each.attrib.values()
