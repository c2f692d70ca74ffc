"""Every route that is served x every role x every method: nothing is there without an entry."""

import re

import pytest
from starlette.routing import Route

from interplane.project.project import Project
from interplane.serving.hosts import Hosts
from interplane.serving.tokens import TOKENS, TokenWatch
from interplane.web.access.gate import Gate
from interplane.web.access.roles import permitted
from interplane.web.actions import ACTIONS
from interplane.web.app import make_app
from interplane.web.pages import PAGES
from interplane.web.places import routed

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ROLES = (None, "nobody", "viewer", "contributor", "operator", "admin")
PLACES = {
    "alert": "f" * 12,
    "dataset": "rides",
    "digest": "f" * 12,
    "feature": "rides.rate",
    "kind": "model",
    "name": "mark.svg",
    "model": "trips",
    "number": "9",
    "request": "f" * 12,
    "pipeline": "rides",
    "run": "f" * 12,
    "step": "model",
}
"""Mostly what is not there: that it is not is told to those alone who may know."""

OPEN = {
    "/sign-in": {"GET", "HEAD", "POST"},
    "/sign-out": {"POST"},
    "/openapi.json": {"GET", "HEAD"},
    "/health": {"GET", "HEAD"},
    "/static/{name}": {"GET", "HEAD"},
}
"""What asks for no permission, each on purpose."""


def declared():
    """Return of each route its permission, and the methods that it takes; None is anybody."""
    found = {path: (None, methods) for path, methods in OPEN.items()}
    for page in PAGES:
        found[routed(page.path)] = (page.permission, {"GET", "HEAD"})
        found[routed(page.twin)] = (page.permission, {"GET", "HEAD"})
        if page.text is not None:
            found[routed(f"{page.path}.txt")] = (page.permission, {"GET", "HEAD"})
        if page.live is not None:
            found[routed(f"{page.path}/live")] = (page.permission, {"GET", "HEAD"})
    for action in ACTIONS:
        found[routed(action.path)] = (action.permission, {"POST"})
    return found


ENTRIES = declared()
BRACES = re.compile(r"\{(\w+)[^}]*\}")


def concrete(path):
    """Return a path without braces."""
    return BRACES.sub(lambda found: PLACES[found[1]], path)


def test_every_route_that_is_served_has_an_entry(root):
    """The live routes, as the application has them: no more and no fewer."""
    project = Project.find(root)
    gate = Gate(Hosts("127.0.0.1", 1), TokenWatch(project.workspace / TOKENS))
    app = make_app(lambda: Project.find(root), gate, PAGES, ACTIONS)
    assert all(isinstance(route, Route) for route in app.routes)
    live = {route.path: route.methods for route in app.routes}
    assert {path: methods for path, (_, methods) in ENTRIES.items()} == live
    assert len(app.routes) == len(live)


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.replace("interplane_", ""))
def test_who_may_do_what(pages, path):
    """48 requests of each route: the status is the one of the table."""
    permission, methods = ENTRIES[path]
    wrong = []
    for role in ROLES:
        known = None if role == "nobody" else role
        for method in METHODS:
            answer = pages.ask(
                concrete(path),
                method=method,
                role=role,
                body="{}" if method in {"POST", "PUT", "PATCH"} else None,
                Origin=pages.url,
                Content_Type="application/json",
            )
            if not is_right(answer, path, permission, known, method in methods):
                wrong.append((role, method, answer.status))
    assert [] == wrong


def is_right(answer, path, permission, role, is_taken):
    """Return whether a status is the one that the table says."""
    if not is_taken:
        return 405 == answer.status and bool(answer.headers["allow"])
    if permission is None:
        return answer.status in ({303} if path == "/sign-out" else {200, 415})
    if role is None:
        is_page = path in {routed(page.path) for page in PAGES}
        return (303 if is_page else 401) == answer.status
    if not permitted(role, permission):
        return 403 == answer.status
    return answer.status in {200, 404, 422}  # it got so far
