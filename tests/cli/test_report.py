"""`interplane report`: one file about a crossing or two data versions, complete in itself."""

import re

import pytest
from tests.charts.strict import strict, words_of

from interplane.errors import UsageError
from interplane.project.project import Project

MOST_BYTES = 200_000


def read(folder, name):
    """Return the tree of a report, which is well formed, runs nothing and loads nothing."""
    text = (folder.root / name).read_text(encoding="utf-8")
    assert "<script" not in text
    assert len(text.encode()) < MOST_BYTES
    return strict(text.removeprefix("<!DOCTYPE html>\n"))


def headings(root):
    """Return what its sections are called."""
    return [each.text for each in root.iter("h2")]


def test_a_crossing_in_one_file(finished):
    """What it is, how good, by slice, beside its champion, and what it stands on."""
    said = finished.must("report", "rides@2").out
    assert "rides@2: " in said
    assert "written to rides@2.html" in said
    root = read(finished, "rides@2.html")
    (rows,) = re.findall(r"long on ([0-9,]+) rows", finished.must("show", "rides@2").out)
    assert [
        "What it is",
        f"How good it is, on {rows} rows of its test",
        "roc_auc by slice, the worst first",
        "Beside rides@1",
        "What was asked of it before it was let through",
        "When it answered",
        "What it stands on",
    ] == headings(root)
    words = words_of(root)
    digest = finished.must("show", "rides@2", "--json").json["digest"]
    for word in (
        digest,
        "rides@1 (240 rows",
        "north",
        "On the same rows.",
        "good_enough",
    ):
        assert word in words, word
    (policy,) = [each for each in root.iter("meta") if "http-equiv" in each.attrib]
    assert policy.get("content").startswith("default-src 'none'; style-src 'sha256-")


def test_figures_are_those_of_show(finished):
    """Each value of the evaluation stands in the report as `show` says it."""
    finished.must("report", "rides@2", "--out", "r.html")
    words = words_of(read(finished, "r.html"))
    for each in finished.must("show", "rides@2", "--json").json["metrics"].values():
        assert f"{each['value']:.4f}" in words


def test_beside_another_crossing(finished):
    """By name or by the beginning of a digest; the first has no champion of its own."""
    digest = finished.must("show", "rides@1", "--json").json["digest"]
    finished.must("report", f"@{digest[:16]}", "--out", "alone.html")
    assert [] == [each for each in headings(read(finished, "alone.html")) if "Beside" in each]
    finished.must("report", "rides@1", "--against", "rides@2", "--out", "both.html")
    root = read(finished, "both.html")
    assert "Beside rides@2" in headings(root)
    assert "Each on the rows of its own test." in words_of(root)


def test_two_data_versions(finished, make_rides):
    """What came and went, how far each column moved, how they came about."""
    finished.write("more.csv", make_rides(400, first=1000))
    finished.must("data", "add", "rides", "more.csv", "--append")
    done = finished.must("report", "--data", "rides@1", "rides@2", "--json").json
    assert ("rides@1 and rides@2", "rides@1-rides@2.html") == (done["title"], done["file"])
    assert (finished.root / done["file"]).stat().st_size == done["bytes"]
    root = read(finished, done["file"])
    words = words_of(root)
    for word in ("(400 added, 0 removed)", "more.csv", "Jensen-Shannon", "What is in rides@2"):
        assert word in words, word
    assert 2 <= sum(each.get("class") == "overlay" for each in root.iter("svg"))


def test_nothing_is_replaced_unless_it_is_said(finished):
    """A file of that name stays as it is; with --force it is replaced."""
    path = finished.write("mine.html", "mine")
    refused = finished("report", "rides@1", "--out", "mine.html")
    assert 2 == refused.code
    assert "mine.html is there already" in refused.err
    assert "--force" in refused.err
    assert "mine" == path.read_text(encoding="utf-8")
    finished.must("report", "rides@1", "--out", "mine.html", "--force")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert ["mine.html"] == [each.name for each in finished.root.glob("*.html*")]
    assert [] == [*finished.root.glob(".*.new")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rides@7",), "rides@7"),
        (("rides@1", "rides@2"), "--against"),
        (("--data", "rides@1"), "two versions"),
        (("--data", "rides@1", "rides@1"), "compared with itself"),
        (("rides@1", "--against", "rides@1"), "compared with itself"),
        (("--data", "rides@1", "rides@2", "--against", "rides@1"), "--against"),
        (("rides@1", "--out", "nowhere/r.html"), "nowhere"),
    ],
)
def test_what_cannot_be_told_is_said(words, said, finished):
    """What was asked, what is expected; no file is begun."""
    refused = finished("report", *words)
    assert refused.code in {2, 6}, refused
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert [] == [*finished.root.glob("*.html")]


def test_a_notebook_has_the_same(finished):
    """From Python, shown or saved: the same file."""
    found = Project.find(finished.root).report("rides@2")
    shown = strict(found._repr_html_())
    finished.must("report", "rides@2", "--out", "told.html")
    assert found.html == (finished.root / "told.html").read_text(encoding="utf-8")
    assert headings(shown) == headings(read(finished, "told.html"))
    assert (
        found.save(str(finished.root / "saved.html"))
        == (finished.root / "saved.html").stat().st_size
    )
    with pytest.raises(UsageError, match="there already"):
        found.save(finished.root / "saved.html")
