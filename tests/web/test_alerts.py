"""Alerts on pages: listed, shown with their history, acknowledged in the name of who asks."""

import json

from interplane.project.journal import open_journal
from interplane.project.project import Project
from interplane.testing.journal_laws import finding, judge


def test_an_alert_is_seen_and_acknowledged(pages, root):
    """From the first page to the alert, and what is said to it stands there."""
    assert [] == pages.ask("/alerts.json").json["alerts"]
    assert "There was no alert yet" in pages.ask("/alerts").body
    journal = open_journal(Project.find(root))
    judge(journal, 0, finding(0, fires=True), now_us=1)
    journal.close()
    (alert,) = pages.ask("/alerts.json").json["alerts"]
    assert ("open", "origin=JFK") == (alert["state"], alert["where"])
    assert any(each["kind"] == "alert" for each in pages.ask("/home.json").json["waiting"])
    path = f"/alerts/{alert['id'][:12]}"
    body = json.dumps({"reason": "<i>on it</i>"})
    said = pages.ask(
        f"{path}/acknowledge",
        method="POST",
        role="contributor",
        body=body,
        Content_Type="application/json",
    )
    assert 200 == said.status
    shown = pages.ask(f"{path}.json").json
    assert "contributor: <i>on it</i>" == shown["alert"]["acknowledged"]
    assert ["acknowledged", "opened, effect 0.200"] == [line["what"] for line in shown["history"]]
    assert "&lt;i&gt;on it&lt;/i&gt;" in pages.ask(path).body
    assert 404 == pages.ask("/alerts/ffffffff.json").status
