"""What a request's header has to say: whose it is, where it comes from, and what that may.

A pure function of the header. A page of another site can make a browser send requests here: it does
not know the token, a cookie that is `SameSite=Strict` does not go along, its `Origin` is another,
and where it gives this machine a name of its own, the `Host` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.web.access.roles import permitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.serving.hosts import Hosts
    from interplane.serving.tokens import Role, TokenWatch
    from interplane.web.access.roles import Permission

__all__ = ["COOKIE", "Gate", "Refused", "Who"]

COOKIE: Final = "interplane"
"""The name of the cookie that holds a browser's token."""

_QUIET: Final = frozenset({"GET", "HEAD"})


class Who(NamedTuple):
    """Who asks.

    Attributes:
        name: the name of the token.
        role: what it makes of its holder.
    """

    name: str
    role: Role


class Refused(NamedTuple):
    """A request that is not let in.

    Attributes:
        status: of the answer.
        what: what is wrong.
        do: what to do about it.
    """

    status: int
    what: str
    do: str


class Gate:
    """Lets requests in, or says why not.

    Args:
        hosts: the names that the pages answer for.
        tokens: who is who.
    """

    def __init__(self, hosts: Hosts, tokens: TokenWatch) -> None:
        self._hosts = hosts
        self._tokens = tokens

    def check_host(self, headers: Mapping[str, str]) -> Refused | None:
        """Return why a request that says another host is refused; None if it says one of ours."""
        host = headers.get("host", "")
        if self._hosts.allows(host.encode("latin-1")):
            return None
        return Refused(421, f"this is not {host[:80]!r}", "Ask by the address that was printed")

    def who(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Who | None:
        """Return who asks, by the header ``Authorization`` or by the cookie; None for nobody."""
        self._tokens.refresh()
        bearer = headers.get("authorization", "")
        token = bearer[7:].strip() if bearer[:7].lower() == "bearer " else cookies.get(COOKIE, "")
        entry = self._tokens.entry(token.encode("utf-8", "replace"))
        if entry is None or entry.role is None:
            return None
        return Who(entry.name, entry.role)

    def check_origin(self, method: str, headers: Mapping[str, str]) -> Refused | None:
        """Return why a change that a page of another site asks for is refused.

        A browser says the origin of every request that may change something. Who has no browser
        gives the header ``Authorization``, which another site's page cannot.
        """
        if method in _QUIET or headers.get("authorization"):
            return None
        origin = headers.get("origin", "")
        scheme, found, host = origin.partition("://")
        if found and scheme in {"http", "https"} and host == headers.get("host"):
            return None
        return Refused(403, f"a page of {origin[:80]!r} may change nothing here", "Use these pages")

    def allow(self, who: Who | None, permission: Permission) -> Refused | None:
        """Return why somebody may not do something."""
        if who is None:
            return Refused(401, "nobody is signed in", "Sign in with a token that has a role")
        if permitted(who.role, permission):
            return None
        do = "Ask somebody who may make tokens for another role"
        return Refused(403, f"a {who.role} may not {permission}", do)
