"""What a request's header has to say: whose it is, where it comes from, and what that may.

A function of the header and the tokens alone. A page of another site can make a browser send
requests here: it does not know the token, a cookie that is `SameSite=Strict` does not go along, its
`Origin` is another, and where it gives this machine a name of its own, the `Host` is.

To browsers another port of this machine is the same site. So a change asks for our own `Origin` too,
and a request that says any `Authorization` is judged by that alone: a form can be made to send one
(`http://name:word@host/`), though never a bearer's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.web.access.roles import permitted
from interplane.web.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.serving.hosts import Hosts
    from interplane.serving.log_lines import LogLines
    from interplane.serving.tokens import Role, TokenWatch
    from interplane.web.access.roles import Permission

__all__ = ["COOKIE", "Gate", "Refused", "Who"]

COOKIE: Final = "interplane"
"""What the cookie that holds a browser's token is called, unless `Gate` is told otherwise."""

_QUIET: Final = frozenset({"GET", "HEAD"})
_LONGEST_TOKEN: Final = 200


class Who(NamedTuple):
    """Who asks.

    Attributes:
        name: the name of the token.
        role: what it makes of its holder.
    """

    name: str
    role: Role


class Gate:
    """Lets requests in, or says why not.

    Args:
        hosts: the names that the pages answer for.
        tokens: who is who.
        cookie: the name of the cookie. Browsers keep cookies by host and not by port, so pages of
            two projects on one machine need two names.
        log: where is said that the tokens cannot be read.
    """

    def __init__(
        self,
        hosts: Hosts,
        tokens: TokenWatch,
        *,
        cookie: str = COOKIE,
        log: LogLines | None = None,
    ) -> None:
        self._hosts = hosts
        self._tokens = tokens
        self._log = log
        self.cookie = cookie

    def check_host(self, headers: Mapping[str, str]) -> Refused | None:
        """Return why a request that says another host is refused; None if it says one of ours."""
        host = headers.get("host", "")
        if host and self._hosts.allows(host.encode("latin-1")):
            return None
        return Refused(421, f"this is not {host[:80]!r}", "Ask by the address that was printed")

    def who(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Who | None:
        """Return who asks, by the header ``Authorization`` or else the cookie; None for nobody."""
        said = headers.get("authorization")
        if said is not None:
            return self.holder(said[7:].strip()) if _is_bearer(said) else None
        return self.holder(cookies.get(self.cookie, ""))

    def holder(self, token: str) -> Who | None:
        """Return whose token it is; None if it is nobody's, was revoked, or gives no role."""
        why = self._tokens.refresh()
        if why is not None and self._log is not None:
            self._log.say("tokens-unreadable", error=why)
        entry = self._tokens.entry(token[:_LONGEST_TOKEN].encode("utf-8", "replace"))
        if entry is None or entry.role is None:
            return None
        return Who(entry.name, entry.role)

    def check_origin(self, method: str, headers: Mapping[str, str]) -> Refused | None:
        """Return why a change that a page of another site asks for is refused.

        A browser says the origin of every request that may change something. Who has no browser
        says who they are by ``Authorization: Bearer``, which another site's page cannot.
        """
        if method in _QUIET or _is_bearer(headers.get("authorization", "")):
            return None
        if "origin" not in headers and "cookie" not in headers:
            return Refused(401, "nobody is signed in", "Say who you are: Authorization: Bearer …")
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


def _is_bearer(authorization: str) -> bool:
    return authorization[:7].lower() == "bearer "
