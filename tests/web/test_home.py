"""The first page: what is live stands on what its crossing says, and what came since is told."""


def test_what_is_live_stands_on_its_data(pages):
    """The data version of the crossing, not the newest one; and which one came since."""
    shown = pages.ask("/home.json").json
    (live,) = shown["live"]
    assert ("rides", 1) == (live["model"], live["number"])
    assert [{"name": "rides@1", "newest": "rides@2"}] == live["data"]
    own = pages.ask("/models/rides/1.json").json["data"]
    assert ["rides@1"] == [f"{each['dataset']}@{each['number']}" for each in own]
    body = pages.ask("/").body
    assert 'href="/data/rides/1">rides@1</a>' in body
    assert 'href="/data/rides/2">rides@2</a> came since' in body
