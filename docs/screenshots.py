"""Take the pictures of the pages that the README shows. `make screenshots` runs this, after `make demo`.

The pages are served as they are, of the demo's workspace, to a browser that is signed in with a token
of its own; the token has no effect any more at the end.
"""

# ruff: noqa: INP001 - a script, in no package

from __future__ import annotations

import argparse
import shutil
import socket
import sys
import threading
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from interplane.project.project import Project
from interplane.serving.hosts import Hosts
from interplane.serving.tokens import TOKENS, TokenFile, TokenWatch
from interplane.storage.clock import SystemClock
from interplane.web.access.gate import Gate
from interplane.web.actions import ACTIONS
from interplane.web.app import make_app
from interplane.web.pages import PAGES
from interplane.web.process import server_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HERE: Final = Path(__file__).resolve().parent
DEMO: Final = HERE.parent / "examples" / "flights"
WIDTH: Final = 1440
TALLEST: Final = 1000
NAME: Final = "screenshots"


@contextmanager
def served(root: Path) -> Iterator[tuple[str, str]]:
    """Serve the pages of a project; yield their address and a token that may look."""
    workspace = Project.find(root).workspace
    tokens = TokenFile(workspace / TOKENS, now=SystemClock().now_utc)
    token = tokens.add(NAME, may=(), role="viewer")
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    gate = Gate(Hosts("127.0.0.1", port), TokenWatch(workspace / TOKENS))
    app = make_app(lambda: Project.find(root), gate, PAGES, ACTIONS)
    server = uvicorn.Server(server_config(app))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}", token
    finally:
        server.should_exit = True
        thread.join()
        tokens.revoke(NAME)


def take(page: Page, url: str, path: str, file: Path) -> None:
    """Take the picture of a page, from its top on."""
    answer = page.goto(url + path)
    if answer is None or not answer.ok:
        sys.exit(f"{path} is not there; is this the workspace of the demo?")
    tall = int(page.evaluate("document.documentElement.scrollHeight"))
    taken = page.screenshot(
        full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": min(tall, TALLEST)}
    )
    picture = Image.open(BytesIO(taken)).convert("RGB")
    # What is rare, such as the colour of what is live, keeps its own; what is common is refined.
    few = picture.quantize(
        256, method=Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE
    )
    file.parent.mkdir(exist_ok=True)
    few.save(file, optimize=True)
    click.echo(f"{file}  {file.stat().st_size / 1000:.0f} kB")


def pictures(page: Page, url: str) -> dict[str, str]:
    """Return the path of each picture; the alert is that of a slice, if there is one."""
    alerts = page.request.get(f"{url}/alerts.json").json()["alerts"]
    sliced = [each for each in alerts if each["where"] != "all rows"]
    found = {
        "home": "/",
        "model": "/models/flights/2",
        "monitoring": "/monitoring/flights",
    }
    if alerts:
        found["alert"] = f"/alerts/{(sliced or alerts)[0]['id'][:12]}"
    return found


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=DEMO, help="a folder of the demo")
    parser.add_argument("--into", type=Path, default=HERE / "pictures", help="where they go")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is not here: apt-get install chromium")
    with served(given.project) as (url, token), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(f"{url}/sign-in#{token}")
        page.wait_for_url(f"{url}/")
        for name, path in pictures(page, url).items():
            take(page, url, path, given.into / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
