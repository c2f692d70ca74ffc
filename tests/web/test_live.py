"""A run that goes on: its page is told what ended, with what it wrote; a revoked token ends that."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest

from interplane.project.project import Project
from interplane.serving.tokens import TOKENS, TokenFile

from .conftest import HOSTILE, served, violations

STEPS = """
import pathlib
import time

import interplane as ip

rows = ip.dataset("rows")
pipeline = ip.Pipeline("slow", inputs={"rows": rows})


@pipeline.step
def first(rows: ip.Table, *, count: int = 1):
    print(pathlib.Path("words").read_text())
    return rows.rows * count


@pipeline.step
def second(first):
    print("second begins", flush=True)
    while not pathlib.Path("go").exists():
        for word in pathlib.Path.cwd().glob("say *"):
            print(word.read_bytes().decode(), flush=True)
            word.unlink()
        time.sleep(0.02)
    print("second ends")
    return first + 1


@pipeline.step
def third(second, first):
    return second + first
"""


class Slow:
    """A project whose second step waits for a word, and its pages."""

    def __init__(self, root, pages):
        self.root = root
        self.pages = pages
        self.begun = []

    def end(self):
        """Kill what runs still."""
        for process in self.begun:
            process.kill()
            process.wait()

    def run(self, *words):
        """Begin a run; return its process."""
        (self.root / "go").unlink(missing_ok=True)
        line = [sys.executable, "-m", "interplane", "run", *words]
        self.begun.append(subprocess.Popen(line, cwd=self.root, stdout=subprocess.DEVNULL))
        return self.begun[-1]

    def go(self, process):
        """Let the second step end; return when the run has."""
        (self.root / "go").write_text("")
        assert 0 == process.wait(60)

    def newest(self, *, status):
        """Return the newest run when it is so, and its first step has ended; the second runs then."""
        for _ in range(600):
            runs = self.pages.ask("/runs.json").json["runs"]
            if runs and runs[0]["status"] == status and runs[0]["steps"]:
                run = runs[0]["digest"][:12]
                steps = self.pages.ask(f"/runs/{run}.json").json["steps"]
                if status != "running" or "running" in {each["went"] for each in steps}:
                    return run
            time.sleep(0.05)
        raise AssertionError(runs)

    def say(self, text):
        """Let the second step write something."""
        made = self.root / "made"
        made.write_text(text)
        made.rename(self.root / f"say {time.monotonic_ns()}")

    def events(self, path, *, role="viewer", **headers):
        """Yield the events of a stream as they come."""
        said = {"Authorization": f"Bearer {self.pages.tokens[role]}", **headers}
        request = urllib.request.Request(self.pages.url + path, headers=said)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
            name = ""
            for raw in answer:
                field, _, value = raw.decode().rstrip("\n").partition(": ")
                name = value if field == "event" else name
                if field == "data":
                    yield name, json.loads(value)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A project with one run that has ended."""
    root = tmp_path_factory.mktemp("slow") / "project"
    root.mkdir()
    (root / "interplane.toml").write_text('name = "slow"\npipelines = ["slow:pipeline"]\n')
    (root / "slow.py").write_text(STEPS)
    (root / "words").write_text(HOSTILE)
    (root / "rows.csv").write_text("a\n1\n2\n")
    (root / "go").write_text("")
    for words in (("data", "add", "rows", "rows.csv"), ("run",)):
        line = [sys.executable, "-m", "interplane", *words]
        subprocess.run(line, cwd=root, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    return root


@pytest.fixture
def slow(ended, tmp_path):
    """The pages of a copy of it; whatever runs at the end is killed."""
    root = tmp_path / "project"
    shutil.copytree(ended, root, symlinks=True)
    with served(root) as pages:
        made = Slow(root, pages)
        yield made
        made.end()


def test_a_run_is_followed_to_its_end(slow):
    """What has ended, what runs, what waits, why; and in the end all of it, and no more."""
    process = slow.run("--count", "2")
    run = slow.newest(status="running")
    events = slow.events(f"/runs/{run}/live")
    name, shown = next(events)
    assert ("shown", "running") == (name, shown["status"])
    steps = {each["step"]: each["went"] for each in shown["steps"]}
    assert {"first": "done", "second": "running", "third": "waiting"} == steps
    assert "count 2 instead of 1" == shown["steps"][0]["why"]
    first, second, third = shown["steps"]
    assert second["since"] > shown["at"]
    assert first["begin"] <= second["begin"] < shown["span"]
    assert ("", "") == (first["since"], third["since"])
    assert shown["wrote"] is None
    name, grown = next(events)
    assert "grown" == name
    assert ["first", "second"] == [each["step"] for each in grown["words"]]
    assert [HOSTILE] == [line["text"] for line in grown["words"][0]["lines"]]
    kinds = {box["title"]: box["kind"] for box in shown["graph"]["boxes"]}
    assert {"rows": "input", "first": "done", "second": "running", "third": "waiting"} == kinds
    slow.go(process)
    rest = list(events)
    assert "over" == rest[-1][0]
    last = [value for name, value in rest if name == "shown"][-1]
    assert "done" == last["status"]
    said = [
        line["text"]
        for name, value in rest
        if name == "grown"
        for each in value["words"]
        for line in each["lines"]
    ]
    assert ["second ends"] == said
    whys = {each["step"]: each["why"] for each in last["steps"]}
    assert "first came out differently" == whys["second"]
    assert "first came out differently; second came out differently" == whys["third"]


def test_what_is_over_is_told_once(slow):
    """The stream of a run that has ended says how it is, as a page's part too, and ends."""
    run = slow.newest(status="done")
    names = [name for name, _ in slow.events(f"/runs/{run}/live")]
    assert ["shown", "grown", "over"] == names
    (_, html), *_ = slow.events(f"/runs/{run}/live?as=html")
    assert '<section class="card" id="run-steps">' in html
    assert "<script>alert" not in html


def test_what_was_reused_says_from_where(slow):
    """Nothing changed: every step tells the run that it is from."""
    before = slow.newest(status="done")
    slow.go(slow.run())
    run = slow.newest(status="done")
    assert run != before
    steps = slow.pages.ask(f"/runs/{run}.json").json["steps"]
    assert {"reused"} == {each["went"] for each in steps}
    assert {before} == {each["of_run"][:12] for each in steps}
    assert f'<a href="/runs/{before}">' in slow.pages.ask(f"/runs/{run}").body


def test_a_revoked_token_ends_its_streams(slow):
    """Within a second it says so, and ends."""
    file = TokenFile(Project.find(slow.root).workspace / TOKENS, now=lambda: "2026-01-01T00:00:00Z")
    slow.pages.tokens["guest"] = file.add("guest", may=(), role="viewer")
    process = slow.run("--count", "3")
    run = slow.newest(status="running")
    events = slow.events(f"/runs/{run}/live", role="guest")
    assert "shown" == next(events)[0]
    file.revoke("guest")
    assert ("ended", "You are not signed in any more") == list(events)[-1]
    slow.go(process)


def test_there_is_an_end_of_places(slow):
    """Of one token so many streams at once; who goes makes room."""
    process = slow.run("--count", "4")
    run = slow.newest(status="running")
    held = [slow.events(f"/runs/{run}/live") for _ in range(16)]
    assert {"shown"} == {next(events)[0] for events in held}
    refused = slow.pages.ask(f"/runs/{run}/live")
    assert (503, "too many pages are followed") == (refused.status, refused.json["error"]["what"])
    other = slow.events(f"/runs/{run}/live", role="admin")
    assert "shown" == next(other)[0]
    slow.go(process)
    for events in (*held, other):
        assert "over" == list(events)[-1][0]
    assert "shown" == next(slow.events(f"/runs/{run}/live"))[0]


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("nobody", 401), ("viewer", 200)])
def test_who_may_follow(slow, role, status):
    """Whoever may see the page."""
    run = slow.newest(status="done")
    assert status == slow.pages.ask(f"/runs/{run}/live", role=role).status


@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_follows_a_run(slow, browser, width):
    """The page says what runs, and then that it is done, without being loaded again."""
    process = slow.run("--count", str(width))
    run = slow.newest(status="running")
    said = []
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{slow.pages.url}/sign-in#{slow.pages.tokens['viewer']}")
        page.wait_for_url(f"{slow.pages.url}/")
        page.goto(f"{slow.pages.url}/runs/{run}")
        page.evaluate("window.same = true")
        assert "running" in page.locator("#run-head .state").inner_text()
        assert HOSTILE.split("{")[0] in page.locator("#run-words pre").first.inner_text()
        page.locator("#run-steps .scroll").evaluate("each => each.scrollLeft = 40")
        before = page.locator("#run-steps .scroll").evaluate("each => each.scrollLeft")
        slow.go(process)
        page.locator("#run-head .state.done").wait_for()
        assert 3 == page.locator("#run-steps tr.done").count()
        assert before == page.locator("#run-steps .scroll").evaluate("each => each.scrollLeft")
        assert page.evaluate("window.same")
    assert [] == said


def test_a_first_run_names_its_steps(slow):
    """What there is to do, and what each step waits for."""
    code = STEPS.replace('"slow"', '"other"').replace("def third", "def fourth")
    (slow.root / "other.py").write_text(code)
    file = slow.root / "interplane.toml"
    before = file.read_text()
    file.write_text(before.replace('"slow:pipeline"', '"slow:pipeline", "other:pipeline"'))
    try:
        process = slow.run("other")
        run = slow.newest(status="running")
        shown = slow.pages.ask(f"/runs/{run}.json").json
        steps = {each["step"]: each["went"] for each in shown["steps"]}
        assert {"first": "done", "second": "running", "fourth": "waiting"} == steps
        whys = {each["step"]: each["why"] for each in shown["steps"]}
        assert "what it needs has not ended" == whys["fourth"]
        slow.go(process)
    finally:
        file.write_text(before)


def lines_of(value, step):
    """Return the texts of the lines of a step in an event."""
    return [
        line["text"] for each in value["words"] if each["step"] == step for line in each["lines"]
    ]


def grown(events, step):
    """Return the next lines of a step, and where to go on."""
    for name, value in events:
        if name == "grown" and lines_of(value, step):
            return lines_of(value, step), value["cursor"]
    raise AssertionError(step)


def test_who_was_cut_off_goes_on_where_they_were(slow):
    """By the id of the last event: nothing is missed, and nothing comes twice."""
    process = slow.run("--count", "5")
    run = slow.newest(status="running")
    events = slow.events(f"/runs/{run}/live")
    first = grown(events, "second")
    assert ["second begins"] == first[0]
    events.close()
    slow.say("meanwhile")
    again = slow.events(f"/runs/{run}/live", **{"Last-Event-ID": first[1]})
    words, cursor = grown(again, "second")
    assert (["meanwhile"], []) == (words, [each for each in words if each == HOSTILE])
    slow.say("later")
    assert ["later"] == grown(slow.events(f"/runs/{run}/live?since={cursor}"), "second")[0]
    slow.go(process)
    after = list(slow.events(f"/runs/{run}/live", **{"Last-Event-ID": cursor}))
    assert ["later", "second ends"] == [
        text for name, value in after if name == "grown" for text in lines_of(value, "second")
    ]
    refused = slow.pages.ask(f"/runs/{run}/live?since=nothing")
    assert 422 == refused.status
    assert "the id of an event of this stream" == refused.json["error"]["expected"]


def test_a_step_that_runs_is_read_as_json_and_as_text(slow):
    """From a line on; with times while it runs; colours are nothing, bars as they were last."""
    process = slow.run("--count", "6")
    run = slow.newest(status="running")
    slow.say("\x1b[1mbold\x1b[0m\n1%\r99%\r")
    place = f"/runs/{run}/log/second"
    for _ in range(200):
        shown = slow.pages.ask(f"{place}.json?since=1").json
        if shown["lines"]:
            break
        time.sleep(0.05)
    assert ["bold", "99%"] == [line["text"] for line in shown["lines"]]
    assert (False, 3, 0) == (shown["is_over"], shown["next"], shown["left_out"])
    assert all(line["at"].endswith("Z") for line in shown["lines"])
    assert [] == slow.pages.ask(f"{place}.json?since=3").json["lines"]
    text = slow.pages.ask(f"{place}.txt")
    assert "second begins\nbold\n99%\n" == text.body
    assert "text/plain; charset=utf-8" == text.headers["content-type"]
    assert "It has not ended" in slow.pages.ask(place).body
    slow.go(process)
    shown = slow.pages.ask(f"{place}.json?since=2").json
    assert (["99%", "second ends"], True) == (
        [line["text"] for line in shown["lines"]],
        shown["is_over"],
    )


def test_a_run_that_is_killed_says_so_with_what_it_wrote(slow):
    """The stream ends; the page names the step that it was at, and shows its log until then."""
    process = slow.run("--count", "7")
    run = slow.newest(status="running")
    events = slow.events(f"/runs/{run}/live")
    slow.say("last words")
    while grown(events, "second")[0][-1:] != ["last words"]:
        pass
    process.kill()
    process.wait()
    rest = list(events)
    shown = next(value for name, value in rest if name == "shown")
    assert ("crashed", "over") == (shown["status"], rest[-1][0])
    steps = {each["step"]: each["went"] for each in shown["steps"]}
    assert {"first": "done", "second": "killed", "third": "skipped"} == steps
    assert "the run ended before it began" == shown["steps"][-1]["why"]
    page = slow.pages.ask(f"/runs/{run}").body
    assert "last words\n" in page
    assert "while it was at <b>second</b>" in page
    slow.go(slow.run("--count", "7"))


def test_the_first_run_of_all_shows_what_hangs_on_what(ended, tmp_path):
    """Before any step has ended that could say so; and after a kill, what never began."""
    root = tmp_path / "project"
    shutil.copytree(ended, root, ignore=shutil.ignore_patterns(".interplane"))
    line = [sys.executable, "-m", "interplane", "data", "add", "rows", "rows.csv"]
    subprocess.run(line, cwd=root, check=True, stdout=subprocess.DEVNULL)
    with served(root) as pages:
        slow = Slow(root, pages)
        try:
            process = slow.run()
            run = slow.newest(status="running")
            shown = slow.pages.ask(f"/runs/{run}.json").json
            assert 4 == len(shown["graph"]["arrows"])
            steps = {each["step"]: each["why"] for each in shown["steps"]}
            assert "what it needs has not ended" == steps["third"]
            process.kill()
            process.wait()
            shown = slow.pages.ask(f"/runs/{run}.json").json
            steps = {each["step"]: each["went"] for each in shown["steps"]}
            assert {"first": "done", "second": "killed", "third": "skipped"} == steps
            assert 4 == len(shown["graph"]["arrows"])
        finally:
            slow.end()


def test_streams_are_described(slow):
    """Events, the types of their data, and where to go on, from the declaration of the page."""
    paths = slow.pages.ask("/openapi.json").json["paths"]
    live = paths["/runs/{run}/live"]["get"]
    schema = live["responses"]["200"]["content"]["text/event-stream"]["schema"]
    said = {each["properties"]["event"]["const"]: each["properties"] for each in schema["oneOf"]}
    data = {name: each["data"]["contentSchema"] for name, each in said.items()}
    text = {"type": "string"}
    assert {
        "shown": {"anyOf": [{"$ref": "#/components/schemas/RunPage"}, text]},
        "grown": {"$ref": "#/components/schemas/NewWords"},
        "over": text,
        "ended": text,
    } == data
    named = {(each["in"], each["name"]) for each in live["parameters"]}
    expected = {("path", "run"), ("query", "as"), ("query", "since"), ("header", "Last-Event-ID")}
    assert expected == named
    text = paths["/runs/{run}/log/{step}.txt"]["get"]["responses"]["200"]["content"]
    assert {"text/plain": {"schema": {"type": "string"}}} == text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_follows_what_a_step_writes(slow, browser, scheme):
    """Plain text, along with the end unless somebody looks further up; of many lines the last."""
    from playwright.sync_api import expect

    process = slow.run("--count", "8" if scheme == "dark" else "9")
    run = slow.newest(status="running")
    said, asked = [], []
    with browser.new_context(
        viewport={"width": 390, "height": 800}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{slow.pages.url}/sign-in#{slow.pages.tokens['viewer']}")
        page.wait_for_url(f"{slow.pages.url}/")
        page.goto(f"{slow.pages.url}/runs/{run}")
        box = page.locator('[data-step="second"]')
        log, button = box.locator("pre"), box.get_by_role("button")
        expect(log).to_contain_text("second begins")
        slow.say(HOSTILE)
        expect(log).to_contain_text(HOSTILE)
        slow.say("\n".join(f"line {number}" for number in range(2500)))
        expect(log).to_contain_text("line 2499")
        assert 2001 >= log.evaluate("log => log.childNodes.length")
        at_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 30"
        assert log.evaluate(at_end)
        expect(button).to_be_hidden()
        assert [] == violations(page)
        log.focus()
        page.keyboard.press("Home")
        page.wait_for_timeout(300)
        slow.say("one more")
        expect(log).to_contain_text("one more")
        assert not log.evaluate(at_end)
        button.press("Enter")
        assert log.evaluate(at_end)
        expect(button).to_be_hidden()
        slow.go(process)
        expect(page.locator("#run-head .state.done")).to_be_visible()
        expect(log).to_contain_text("second ends")
        expect(page.locator('[data-step="first"] pre')).to_contain_text(HOSTILE)
        page.on("request", lambda request: asked.append(request.url) if run in request.url else 0)
        page.wait_for_timeout(2500)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert 390 >= width
    assert ([], []) == (said, asked)
