"""The log of moves: who did what when and why, some of it, page by page."""

from interplane.project.project import Project
from interplane.web.pages import moves


def test_everything_and_some(pages, root, monkeypatch):
    """By name, by who, by day; each row says what people call it."""
    everything = pages.ask("/moves.json").json
    assert everything["before"] is None
    assert ("rides",) == tuple(everything["names"])
    live = [each for each in everything["moves"] if each["what"] == "live"]
    assert ("rides@1", "/models/rides/1") == (live[-1]["after_name"], live[-1]["after_href"])
    by = live[-1]["actor"]
    assert by in everything["actors"]
    some = pages.ask(f"/moves.json?name=rides&actor={by}").json["moves"]
    assert some == [each for each in everything["moves"] if each["actor"] == by]
    assert [] == pages.ask("/moves.json?until=2000-01-01").json["moves"]
    assert [] == pages.ask("/moves.json?since=2999-01-01&name=&actor=").json["moves"]
    assert [] == pages.ask("/moves.json?name=trips").json["moves"]
    assert "Nothing was moved like this" in pages.ask("/moves?name=trips").body
    for wrong in ("since=soon", "before=0", "until=2026-3-1", "since=2026-02-30", "until=20260301"):
        assert 422 == pages.ask(f"/moves.json?{wrong}").status
    log = [*Project.find(root).store.catalog.all_moves()]
    spoken = [each for each in log if each.pointer.startswith(("model/", "rollout/", "data/"))]
    assert [each.reason for each in spoken][::-1] == [
        each["reason"] for each in everything["moves"]
    ]


def test_page_by_page(pages, monkeypatch):
    """Every move once, however many a page has."""
    everything = pages.ask("/moves.json").json["moves"]
    monkeypatch.setattr(moves, "_MOST", 1)
    found, before = [], ""
    while len(found) <= len(everything):
        page = pages.ask(f"/moves.json?name=rides{before}").json
        found += page["moves"]
        if page["before"] is None:
            break
        before = f"&before={page['before']}"
    assert everything == found
