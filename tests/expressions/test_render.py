"""Expressions as people read them: encodings and windows as they are written."""

from __future__ import annotations

import pytest

import interplane as ip
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Literal, Lookup
from interplane.expressions.windows import last, lifetime

ROW = Row({"x": "float", "shop": "str", "day": "date", "late": "bool"})
KEYS = (ROW.shop.node, ROW.day.node)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (ip.ordinal(ROW.shop), "ordinal(shop, order='frequency', unseen=-1)"),
        (
            ip.ordinal([ROW.shop, ROW.day], order="value", top=3, unseen=None),
            "ordinal([shop, day], order='value', top=3, unseen=None)",
        ),
        (
            ip.target_encode(ROW.shop, ROW.late, smoothing=7, folds=3),
            "target_encode(shop, late, folds=3, smoothing=7.0)",
        ),
        (
            ip.target_encode([ROW.shop, ROW.day], ROW.late),
            "target_encode([shop, day], late, folds=5, smoothing=20.0)",
        ),
        (ip.bucketize(ROW.x, quantiles=4), "bucketize(x, quantiles=4)"),
        (ROW.count(by=[ROW.shop]) / ROW.count(), "count(by=[shop]).cast('float') / count().cast('float')"),
        (ip.one_hot(ROW.shop, top=3, other=True), "one_hot(shop, top=3, other=True)"),
        (ROW.late.mean().over(last("7d", delay="1d")), "mean(late).over(last('7d', delay='1d'))"),
        (ROW.x.max(where=ROW.late).over(lifetime()), "max(x, where=late).over(lifetime())"),
        (Expr(Lookup("t", KEYS[:1], Literal(0.25, "float"), "float")), "t.get(shop, 0.25)"),
        (Expr(Lookup("t", KEYS, Literal(None, "float"), "float")), "t.get([shop, day])"),
    ],
)  # fmt: skip
def test_what_is_shown(written: object, text: str) -> None:
    """It is what an author writes, with the settings; a fitted table says what unknown keys have."""
    assert text == repr(written)
