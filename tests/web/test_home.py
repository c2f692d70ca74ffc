"""The first page: what is live stands on what its crossing says, and what came since is told."""

import shutil
import subprocess
import sys

from interplane.serving.tokens import TOKENS

from .conftest import served


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


def test_a_live_model_that_was_not_evaluated_says_so(root, tmp_path):
    """There is no table without rows; what to do is said instead."""
    folder = tmp_path / "project"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    file = folder / "rides_on_pages.py"
    file.write_text(file.read_text().replace('evaluation="evaluation", ', ""))
    for words in (["run"], ["deploy", "rides@4", "--reason", "as it is"]):
        line = [sys.executable, "-m", "interplane", *words]
        subprocess.run(line, cwd=folder, check=True, capture_output=True)
    with served(folder) as pages:
        assert [[]] == [each["figures"] for each in pages.ask("/home.json").json["live"]]
        assert "What is live was not evaluated." in pages.ask("/").body
