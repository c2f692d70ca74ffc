"""What a notebook shows of the features of a project, and of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.column_card import column_card, column_tile
from interplane.charts.markup import element
from interplane.charts.notebook import card, part
from interplane.charts.tables import table
from interplane.project.feature_text import HEADERS, detail_lines, list_rows

if TYPE_CHECKING:
    from interplane.project.known_features import FeatureDetail, KnownFeatures

__all__ = ["feature_html", "features_html"]


def features_html(them: KnownFeatures) -> str:
    """Return features as a table: what each is, and who uses it."""
    unread = [element("p", them.unread, class_="warned")] if them.unread else []
    return card("features", f"{len(them):,} features", *unread, table(HEADERS, list_rows(them)))


def feature_html(it: FeatureDetail) -> str:
    """Return all that is known of a feature, with how its values are spread among baseline rows."""
    known = table(["", it.feature.name], detail_lines(it))
    if it.profile is None:
        return card(it.feature.name, "", known)
    tile = column_tile(column_card(it.profile, it.profile_rows))
    spread = part(f"its values, of {it.profile_of}", element("div", tile, class_="tile"))
    return card(it.feature.name, "", known, spread)
