"""A project in which nothing happened: every page says so, and what to do next."""

import pytest

from interplane.project.project import Project

from .conftest import served, violations

PATHS = ("/", "/runs", "/data", "/features", "/models", "/monitoring", "/alerts", "/moves")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The pages of a project without anything."""
    root = tmp_path_factory.mktemp("empty")
    (root / "interplane.toml").write_text('name = "empty"\n')
    Project.find(root).store.close()  # the workspace is there from now on
    with served(root) as pages:
        yield pages


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_says_what_to_do(empty, browser, width):
    """In words, one thing at least, with nothing wrong by the rules of level A and AA."""
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{empty.url}/sign-in#{empty.tokens['viewer']}")
        page.wait_for_url(f"{empty.url}/")
        for path in PATHS:
            assert page.goto(empty.url + path).ok, path
            words = page.locator(".empty .do").all_inner_texts()
            assert words, path
            assert all(words), path
            assert [] == violations(page), path
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, path
        assert [] == said


@pytest.mark.parametrize(
    "path",
    [
        *("/models/moons", "/models/moons/compare", "/models/moons/1", "/models/moons/1/card"),
        *("/pipelines/moons", "/data/moons", "/data/moons/compare", "/data/moons/1/rows"),
        *("/runs/last", "/runs/abcdef123456", "/runs/abcdef123456/live"),
    ],
)
def test_what_is_not_there_is_not_found(empty, path):
    """Of no model, dataset, run or pipeline: 404 with what is wrong, as JSON too."""
    if path.endswith("/live"):
        assert "event: ended" in empty.ask(path).body
        return
    assert 404 == empty.ask(path).status
    answer = empty.ask(f"{path}.json")
    assert 404 == answer.status
    assert answer.json["error"]["what"]
