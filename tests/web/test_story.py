"""The demo's story in a browser: from what is live to what went wrong, learned anew, promoted, undone.

The story is told by the commands of the demo (`flights_story`), and clicked through as a person
would. What changes something is in one test; the others only look, in whatever order.
"""

import re
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
from flights_story import Story

from interplane.project.project import Project

from .conftest import served, violations

pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(580)]

FOCUSED = "[document.activeElement.getAttribute('href'), document.activeElement.textContent.trim()]"


@pytest.fixture(scope="session")
def story(tmp_path_factory):
    """The pages of a workspace in which the story was told."""
    told = Story(tmp_path_factory.mktemp("story") / "flights")
    told.tell()
    with served(told.root) as pages:
        pages.root = told.root
        yield pages


class Reader:
    """Somebody who reads the pages, and what they must never meet.

    Args:
        page: a page of theirs, signed in.
        url: where the pages are.
    """

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self._held = set()

    def click(self, name, *, exact=True, inside="main"):
        """Follow the first link that is called so, and look at where it leads."""
        self.page.locator(inside).get_by_role("link", name=name, exact=exact).first.click()
        return self.look()

    def go(self, path):
        """Go to a page, and look at it."""
        answer = self.page.goto(self.url + path)
        assert answer.ok, path
        return self.look()

    def tab(self, name):
        """Press Tab until a link or button that is called so has the focus, then Enter."""
        for _ in range(400):
            self.page.keyboard.press("Tab")
            if name in self.page.evaluate(FOCUSED):
                break
        else:
            raise AssertionError(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self.path

    def say(self, form, reason):
        """Say why in a form, and send it."""
        found = self.page.locator(f"form[action$='{form}']")
        found.locator("input[name=reason]").fill(reason)
        with self.page.expect_navigation():
            found.get_by_role("button").click()
        self._held.discard(self.path)
        return self.look()

    def look(self):
        """Look at a page: it fits its width, and nothing is wrong by the rules of level A and AA.

        A page that was held against the rules is not again, unless something was said on it.
        """
        self.page.wait_for_load_state()
        if self.path in self._held:
            return self.path
        self._held.add(self.path)
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, self.path
        assert [] == violations(self.page), self.path
        return self.path

    @property
    def path(self):
        """Where they are."""
        return self.page.url.removeprefix(self.url)

    def shows(self, text):
        """Return whether the page says something."""
        return text in self.page.locator("main").inner_text()


@contextmanager
def reading(browser, story, role, *, width=1440, scheme="light"):
    """Sign in as somebody; whatever the console says, or the policy refuses, is an error."""
    size = {"width": width, "height": 900}
    with browser.new_context(viewport=size, color_scheme=scheme) as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{story.url}/sign-in#{story.tokens[role]}")
        page.wait_for_url(f"{story.url}/")
        yield Reader(page, story.url)
        assert [] == said


def lga(story):
    """Return the path of the alert about La Guardia."""
    alerts = story.ask("/alerts.json").json["alerts"]
    return next(f"/alerts/{each['id'][:12]}" for each in alerts if each["where"] == "origin=LGA")


def test_the_story_by_clicks(story, browser):
    """All of it: what is live, what it stands on, what went wrong, what came of it, and back."""
    from playwright.sync_api import expect

    with reading(browser, story, "operator") as ann, reading(browser, story, "viewer") as bob:
        page = ann.page
        ann.look()
        assert 2 == page.locator("svg.planes").count()
        # What is live, how it did, slice by slice, and its card.
        assert "/models/flights/1" == ann.click("flights@1")
        assert page.locator("table.grid td").count() > 30
        assert ann.shows("roc_auc by slice")
        assert "/models/flights/1/card" == ann.click("Model card")
        page.go_back()
        # The run that made it, what a step wrote and made.
        assert re.fullmatch(r"/runs/\w{12}", ann.click("run ", exact=False))
        assert ann.shows("evaluation")
        assert ann.shows("roc_auc")
        ann.go(f"{ann.path}/log/evaluation")
        page.go_back()
        page.go_back()
        # The data it stands on: checks, profile, and what moved since.
        assert "/data/flights/2" == ann.click("flights@2")
        assert page.locator("svg.histogram").count() > 5
        ann.click("Compare")
        assert ann.path.startswith("/data/flights/compare")
        assert page.locator("svg.overlay").count() > 3
        # A feature: how it is made, who uses it.
        ann.click("Features", inside="nav")
        assert "/features/view/origin_history.late_3h" == ann.click("origin_history.late_3h")
        # Monitoring, the alert, and the rows behind it.
        ann.click("Monitoring", inside="nav")
        assert "/monitoring/flights" == ann.click("flights")
        for words in ("Skew: what was served", "The first that diverges", "requests a second"):
            assert ann.shows(words)
        assert page.locator("svg.coverage").count() >= 3
        assert "/alerts" == ann.click("open alerts", exact=False)
        row = page.locator("tr", has_text="origin=LGA")
        row.get_by_role("link").first.click()
        alert = ann.look()
        assert lga(story) == alert
        header = page.locator("table.sortable th").all_inner_texts()
        cells = page.locator("table.sortable tbody tr").first.locator("td").all_inner_texts()
        row = dict(zip(header, cells, strict=True))
        assert ("LGA", True) == (row["origin"], row["outcome"] in {"true", "false", ""})
        # Somebody else has it open, and is told when it is acknowledged.
        bob.go(alert)
        ann.say("/acknowledge", "storms <b>at La Guardia</b>")
        assert ann.shows("storms <b>at La Guardia</b>")
        notice = bob.page.locator("#out-of-date")
        expect(notice).to_contain_text("operator: the alert about", timeout=20_000)
        bob.page.get_by_role("link", name="Show it as it is now").click()
        assert bob.shows("storms <b>at La Guardia</b>")
        # What the alert made learns, beside the champion.
        assert "/models/flights/2" == ann.click("flights@2")
        assert ann.shows("trigger:late-flights")
        ann.click("Compare")
        assert ann.path.startswith("/models/flights/compare")
        assert ann.shows("flights@1")
        assert ann.shows("flights@2")
        # Promoted by a person, taken back by a person, and the other's page says so each time.
        ann.go("/models/flights")
        bob.go("/models/flights")
        ann.say("/promote", "as good, & newer")
        assert "flights@2" == page.locator("table").first.locator("tbody td").nth(2).inner_text()
        expect(notice).to_contain_text("operator: ", timeout=20_000)
        ann.say("/rollback", "not <i>yet</i>")
        assert "flights@1" == page.locator("table").first.locator("tbody td").nth(2).inner_text()
        # The log has both, with who and why.
        ann.click("Monitoring", inside="nav")
        assert "/moves" == ann.click("Log of moves")
        for reason in ("as good, & newer", "not <i>yet</i>"):
            line = page.locator("tr", has_text=reason).first.inner_text()
            assert "operator" in line
            assert "flights" in line
    last = Project.find(story.root).deployments("flights")[-1]
    assert ("operator", "not <i>yet</i>") == (last.actor, last.reason)


def test_everything_is_found(story, browser):
    """By name and number, by the beginning of a digest, by a pointer alone or with whose it is."""
    second = story.ask("/models/flights/2.json").json["digest"]
    places = {
        "flights@2": "/models/flights/2",
        second[:10]: "/models/flights/2",
        "live": "/models/flights/1",
        "flights@live": "/models/flights/1",
        "weather@latest": "/data/weather/4",
    }
    with reading(browser, story, "viewer") as reader:
        for words, place in places.items():
            reader.page.goto(story.url)
            reader.page.keyboard.press("/")
            reader.page.keyboard.type(words)
            reader.page.keyboard.press("Enter")
            reader.page.wait_for_url(f"{story.url}/search?*")
            reader.look()
            found = reader.page.locator("main table a").all()
            assert place in [each.get_attribute("href") for each in found], words


def test_every_page_of_it(story, browser):
    """In the other theme, on a narrow screen: nothing overflows, nothing is wrong.

    Lists are looked at in test_browser.py; these have more here than there.
    """
    run = story.ask("/models/flights/2.json").json["run"][:12]
    paths = (
        *("/", f"/runs/{run}", f"/runs/{run}/log/model", "/pipelines/flights"),
        *("/data/flights/4", "/data/flights/compare?a=3&b=4", "/latest"),
        *("/features", "/features/view/origin_history.late_3h", "/models/flights"),
        *("/models/flights/2", "/models/flights/2/card", "/models/flights/compare?a=1&b=2"),
        *("/monitoring/flights", "/monitoring/flights?window=1h&traffic=4w"),
        *("/alerts", lga(story)),
    )
    with reading(browser, story, "operator", scheme="dark", width=390) as reader:
        for path in paths:
            reader.go(path)


def test_the_main_path_by_keyboard(story, browser):
    """Tab and Enter alone: from the picture to what is live, its run, its data, the alert's rows."""
    with reading(browser, story, "viewer") as reader:
        assert "/models/flights/1" == reader.tab("flights@1")
        assert "/models/flights/1/card" == reader.tab("Model card")
        assert "/models/flights/1" == reader.tab("flights@1")
        assert "/data/flights/2" == reader.tab("flights@2")
        assert reader.tab("Compare").startswith("/data/flights/compare")
        assert "/alerts" == reader.tab("Alerts")
        assert lga(story) == reader.tab(lga(story))
        assert "/models/flights/2" == reader.tab("flights@2")
        assert "/models/flights" == reader.tab("flights")
        assert "/moves" == (reader.tab("Monitoring") and reader.tab("Log of moves"))
