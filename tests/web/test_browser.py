"""The pages in Chromium: both themes, both widths, by keyboard, without an error or a violation."""

import pytest

from .conftest import violations

PATHS = (
    "/monitoring",
    "/alerts",
    "/search?q=rides",
    "/features",
    "/features/model/rides.rate",
    "/moves",
    "/",
    "/runs",
    "/pipelines/rides",
    "/data",
    "/data/rides",
    "/data/rides/2",
    "/data/rides/2/rows",
    "/data/rides/compare?a=1&b=2",
    "/lineage/models/rides",
    "/lineage/data/rides",
    "/models",
    "/models/rides",
    "/models/rides/1",
    "/models/rides/2",
    "/models/rides/1/card",
    "/models/rides/compare?a=1&b=2",
)


@pytest.fixture(params=[("light", 1440), ("dark", 390)], ids=["light-wide", "dark-narrow"])
def page(request, browser, pages):
    """A page that is signed in by the printed address; whatever its console says is an error."""
    scheme, width = request.param
    size = {"width": width, "height": 900}
    with browser.new_context(viewport=size, color_scheme=scheme) as context:
        opened = context.new_page()
        said = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(f"{pages.url}/sign-in#{pages.tokens['viewer']}")
        opened.wait_for_url(f"{pages.url}/")
        yield opened
        assert [] == said


def test_every_page(page, pages):
    """Nothing overflows the width, nothing is wrong by the rules of level A and AA."""
    run = page.request.get(f"{pages.url}/runs.json").json()["runs"][0]["digest"][:12]
    for path in (*PATHS, f"/runs/{run}", f"/runs/{run}/log/model"):
        assert page.goto(pages.url + path).ok, path
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path
        assert [] == violations(page), path
        if page.viewport_size["width"] < 400:
            assert_fits(page, path)


OUTSIDE = """() => [...document.querySelectorAll(".card, .paper")].flatMap(card => {
    const right = card.getBoundingClientRect().right + 1;
    const inside = [...card.querySelectorAll("table:not(.rows, .fixed-rows), svg")];
    return inside.filter(each => each.getBoundingClientRect().right > right).map(each => each.outerHTML.slice(0, 80));
})"""


def assert_fits(page, path):
    """The smallest telephone shows it, and paper has all of it but the columns of long rows."""
    was = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, path
    page.set_viewport_size({"width": 720, "height": 900})
    page.emulate_media(media="print")
    assert [] == page.evaluate(OUTSIDE), path
    page.emulate_media(media="screen")
    page.set_viewport_size(was)


def test_a_story_by_clicks(page, pages):
    """From the picture to what is live, to the data that it stands on, and back by the crumbs."""
    page.get_by_role("link", name="rides@1", exact=True).first.click()
    assert page.url == f"{pages.url}/models/rides/1"
    page.get_by_role("link", name="rides@1", exact=True).first.click()
    assert page.url == f"{pages.url}/data/rides/1"
    page.get_by_role("link", name="Data", exact=True).first.click()
    assert page.url == f"{pages.url}/data"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{pages.url}/sign-in")


def test_a_table_is_sorted_by_keyboard(page, pages):
    """Tab reaches a heading, Enter sorts."""
    page.goto(f"{pages.url}/models/rides/1")
    before = page.locator("table.sortable tbody td:nth-child(3)").all_inner_texts()
    heading = page.get_by_role("button", name="rows", exact=True)
    heading.focus()
    page.keyboard.press("Enter")
    after = page.locator("table.sortable tbody td:nth-child(3)").all_inner_texts()
    assert sorted(before, key=lambda text: int(text.replace(",", ""))) == after


def test_a_slash_finds(page, pages):
    """The key goes to the field; Enter finds."""
    page.keyboard.press("/")
    page.keyboard.type("rides@1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{pages.url}/search?q=rides%401")
    assert page.locator("table a").count() == 2
