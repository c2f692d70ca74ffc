"""Runs of a pipeline side by side: thousands sorted and filtered in a browser, pictures of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.charts.parallel import Row, draw_parallel
from interplane.project.project import Project
from interplane.record import Run, RunEnd, Snapshot
from interplane.storage.ports import Batch

from .conftest import served, violations

COUNT = 3000


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The pages of a project with three thousand runs of one pipeline."""
    root = tmp_path_factory.mktemp("many")
    (root / "interplane.toml").write_text('name = "many"\n')
    project = Project.find(root)
    catalog, draft = project.store.catalog, project.store.draft()
    lock = draft.put(b"{}")
    writer = catalog.writer("ann")
    project.store.commit(draft, writer=writer)
    code = Snapshot(project="many", commit="a" * 40, diff=None, environment=lock)
    runs = [
        Run(
            id=f"{n:032x}",
            pipeline="grid",
            parameters={"model": {"trees": n % 500, "kind": "<b>deep</b>" if n % 2 else "flat"}},
            inputs={},
            snapshot=code.digest,
            started_at=f"2026-01-{1 + n // 1440:02d}T{n // 60 % 24:02d}:{n % 60:02d}:00Z",
        )
        for n in range(COUNT)
    ]
    ends = [
        RunEnd(
            run=run.digest,
            status="failed" if n % 10 == 0 else "done",
            ended_at=run.started_at.replace("00Z", "05Z"),
        )
        for n, run in enumerate(runs)
    ]
    for begin in range(0, COUNT, 1000):
        entries = [code, *runs[begin : begin + 1000], *ends[begin : begin + 1000]]
        catalog.write(Batch(entries=entries), writer=writer)
    with served(root) as pages:
        yield pages


def test_runs_have_parameters_and_figures(pages):
    """Of a run that published something the figures; of each its parameters."""
    shown = pages.ask("/pipelines/rides.json").json
    assert {"split.until", "model.score", "good_enough.least"} == set(shown["parameters"])
    assert ["rides: roc_auc"] == shown["figures"]
    columns = [*shown["parameters"], *shown["figures"]]
    by_crossing = {
        run["crossing"]: dict(zip(columns, run["values"], strict=True)) for run in shown["runs"]
    }
    for number in (1, 2, 3):
        (own,) = pages.ask(f"/models/rides/{number}.json").json["figures"]
        assert own["value"] == by_crossing[f"rides@{number}"]["rides: roc_auc"]
    assert "miles" == by_crossing["rides@3"]["model.score"]
    assert by_crossing[""]["rides: roc_auc"] is None
    assert "split.until" not in {axis["name"] for axis in shown["picture"]["axes"]}
    assert 404 == pages.ask("/pipelines/moons.json").status


def test_a_page_of_many_is_small(many):
    """The first rows alone, and what can be asked for."""
    assert len(many.ask("/pipelines/grid").body) < 200_000
    shown = many.ask("/pipelines/grid.json?limit=10000").json
    assert (COUNT, COUNT) == (shown["in_all"], len(shown["runs"]))
    assert 422 == many.ask("/pipelines/grid.json?limit=40001").status


def test_all_runs_are_read_page_by_page(many):
    """Newest first, each once; the page leads to those before."""
    found, before = [], ""
    while True:
        shown = many.ask(f"/runs.json?limit=700{before}").json
        found += [run["digest"] for run in shown["runs"]]
        if shown["before"] is None:
            break
        before = f"&before={shown['before']}"
    assert (COUNT, COUNT) == (len(found), len(set(found)))
    page = many.ask("/runs").body
    assert f"/runs?before={many.ask('/runs.json').json['before']}" in page


def test_thousands_are_sorted_and_filtered(many, browser):
    """By a click and by typing; few rows are drawn, wherever one scrolls; lines follow."""
    from playwright.sync_api import expect

    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{many.url}/sign-in#{many.tokens['viewer']}")
        page.wait_for_url(f"{many.url}/")
        page.goto(f"{many.url}/pipelines/grid")
        page.locator("#runs[data-ready=yes]").wait_for()
        count, rows = page.locator("#runs-count"), page.locator("#runs tbody tr[data-run]")
        assert "3,000 of 3,000" == count.inner_text()
        assert rows.count() < 100
        page.locator("#runs-filter").fill("failed trees>=490")
        assert "6 of 3,000" == count.inner_text()
        assert 6 == rows.count()
        assert page.locator(".thread.out").count() > 0
        page.locator("#runs-filter").fill("kind=<b>deep</b> trees<3")
        assert "6 of 3,000" == count.inner_text()
        assert 0 == page.locator("#runs tbody b").count()
        page.locator("#runs-filter").fill("")
        heading = page.get_by_role("button", name="model.trees")
        heading.click()
        assert "0" == rows.nth(0).locator("td").nth(4).inner_text()
        heading.click()
        assert "499" == rows.nth(0).locator("td").nth(4).inner_text()
        page.locator("#runs").evaluate("box => { box.scrollTop = box.scrollHeight; }")
        # Asked by a locator: a script that waits is one that the pages' policy forbids.
        last = page.locator("#runs tbody tr[data-run]").last.locator("td").nth(4)
        expect(last).to_have_text("0")
        assert rows.count() < 100
        assert [] == said


def test_what_is_not_there_yet_has_a_place(many, browser):
    """While thousands are read their places are shown; where they cannot be read it is said."""
    from playwright.sync_api import expect

    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page, held = context.new_page(), []
        page.goto(f"{many.url}/sign-in#{many.tokens['viewer']}")
        page.wait_for_url(f"{many.url}/")
        # The browser's side marks what it is given, which a method of a list does not bear.
        page.route("**/pipelines/grid.json*", lambda route: [held.append(route)])
        box, count = page.locator("#runs"), page.locator("#runs-count")
        page.goto(f"{many.url}/pipelines/grid")
        expect(count).to_have_text("60 of 3,000: the others are being read")
        assert ("true", 8) == (box.get_attribute("aria-busy"), box.locator("tr.waiting").count())
        assert [] == violations(page)
        held.pop().continue_()
        expect(count).to_have_text("3,000 of 3,000")
        expect(box.locator(".skeleton")).to_have_count(0)
        assert box.get_attribute("aria-busy") is None
        page.goto(f"{many.url}/pipelines/grid")
        expect(box.locator(".skeleton").first).to_be_visible()
        held.pop().abort()
        expect(count).to_contain_text("60 of 3,000: the others could not be read")
        expect(box.locator(".skeleton")).to_have_count(0)
        expect(page.locator("#runs-filter")).to_be_disabled()


cells = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1e6, 1e6) | st.text(max_size=3)


@given(st.integers(0, 5).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n))))
def test_columns_that_differ_are_drawn(table):
    """Axes for the columns that differ; a greater number stands higher; nothing beside the frame."""
    columns = [f"c{place}" for place in range(len(table[0]) if table else 0)]
    picture = draw_parallel(columns, [Row(row, "done", "", str(n)) for n, row in enumerate(table)])

    def differs(place):
        known = [row[place] for row in table if row[place] is not None]
        numbers = all(type(value) in {int, float} for value in known)
        words = {str(value).lower() if type(value) is bool else str(value) for value in known}
        return len(set(known) if numbers else words) > 1

    wanted = [name for place, name in enumerate(columns) if differs(place)]
    if len(wanted) < 2:
        assert picture is None
        return
    assert wanted == [axis.name for axis in picture.axes]
    for axis in picture.axes:
        assert 0 <= axis.x <= picture.width
        assert all(picture.top <= tick.y <= picture.bottom for tick in axis.ticks)
    assert len(picture.threads) <= len(table)
