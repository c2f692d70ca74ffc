"""A report in Chromium: alone, from a file, in both themes and widths, and on paper."""

import os
import subprocess
import sys

import pytest

from .conftest import violations


@pytest.fixture(scope="module")
def reports(root, tmp_path_factory):
    """Reports of the project with hostile texts: of a crossing, of one refused, of two data versions."""
    folder = tmp_path_factory.mktemp("reports")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    wanted = {
        "live.html": ("rides@1", "--against", "rides@2"),
        "refused.html": ("rides@3",),
        "data.html": ("--data", "rides@1", "rides@2"),
    }
    for name, words in wanted.items():
        command = (sys.executable, "-m", "interplane", "report", *words, "--out", folder / name)
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
        assert 0 == done.returncode, done
    return [folder / name for name in wanted]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_it_stands_alone(scheme, width, browser, reports):
    """No word on the console, nothing asked for, nothing wrong by the rules of A and AA."""
    size = {"width": width, "height": 900}
    # The policy of a report lets no script in: that of axe is let in by the browser for this test.
    with browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True) as context:
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for path in reports:
            page.goto(path.as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, path.name
            assert [] == violations(page), path.name
        assert [] == said
        assert [each.as_uri() for each in reports] == asked


def test_its_policy_lets_its_own_sheet_in(browser, reports):
    """By its hash: a report is drawn in its colours with the policy in force, and says nothing."""
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        for path in reports:
            page.goto(path.as_uri())
            colour = "getComputedStyle(document.body).backgroundColor"
            assert "rgb(20, 20, 19)" == page.evaluate(colour)
        assert [] == said


def test_paper_is_light(browser, reports):
    """Also where the screen is dark; nothing is cut off at the side."""
    with browser.new_context(
        color_scheme="dark", viewport={"width": 720, "height": 1000}
    ) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        for path in reports:
            page.goto(path.as_uri())
            body = page.evaluate("getComputedStyle(document.body)['background-color']")
            ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
            assert ("rgb(255, 255, 255)", "rgb(29, 28, 26)") == (body, ink)
            graph = page.evaluate(
                "[...document.querySelectorAll('.graph')].every("
                "each => each.getBoundingClientRect().right <= window.innerWidth)"
            )
            assert graph
