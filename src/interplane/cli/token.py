"""``interplane token add | list | revoke``: who may ask a server that is not for this machine alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from interplane.cli.output import age, json_option, print_json, print_table, say
from interplane.serving.routes import PERMISSIONS
from interplane.serving.tokens import ROLES

if TYPE_CHECKING:
    from interplane.serving.routes import Permission
    from interplane.serving.tokens import Role, Token, TokenFile

__all__ = ["token"]


@click.group()
def token() -> None:
    """Tokens of a server's clients, and of people who look at the pages.

    A model server at another address than 127.0.0.1 answers only requests with the header
    "Authorization: Bearer TOKEN". The pages of "interplane up" ask for a token with a role
    everywhere. A token is kept as its digest: it is shown once.
    """


@token.command()
@click.argument("name")
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(PERMISSIONS),
    help="What it permits at a model server; everything if neither this nor a role is said. "
    "May be said several times.",
)
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help="What its holder is to the pages: a viewer looks, a contributor runs and labels, an "
    "operator deploys, an admin makes tokens too.",
)
@json_option
def add(name: str, *, may: tuple[str, ...], role: Role | None, as_json: bool) -> None:
    """Make a token called NAME and print it: it cannot be shown a second time."""
    permitted = cast("tuple[Permission, ...]", may or (() if role else PERMISSIONS))
    made = _file().add(name, may=permitted, role=role)
    if as_json:
        print_json({"name": name, "token": made, "may": list(permitted), "role": role})
        return
    say(f"{made}")
    click.echo(
        f"The token {name!r} is kept as its digest: this is the only time it is shown.", err=True
    )


@token.command(name="list")
@json_option
def list_tokens(*, as_json: bool) -> None:
    """List tokens, the revoked ones too."""
    tokens = _file().list()
    if as_json:
        print_json([_shown(item) for item in tokens])
        return
    if not tokens:
        say('No token yet. Make one with "interplane token add NAME".')
        return
    rows = [
        (
            item.name,
            ", ".join(item.may),
            item.role or "",
            age(item.made),
            "in effect" if item.revoked is None else f"revoked {age(item.revoked)}",
        )
        for item in tokens
    ]
    print_table(("token", "may", "role", "made", "state"), rows)


@token.command()
@click.argument("name")
@json_option
def revoke(name: str, *, as_json: bool) -> None:
    """Take the effect of a token away: servers refuse it within a second."""
    revoked = _file().revoke(name)
    if as_json:
        print_json(_shown(revoked))
        return
    say(f"The token {name!r} is revoked")


def _shown(item: Token) -> dict[str, Any]:
    return {
        "name": item.name,
        "may": list(item.may),
        "role": item.role,
        "made": item.made,
        "revoked": item.revoked,
    }


def _file() -> TokenFile:
    """Return the tokens of the project's workspace, which is made where there is none."""
    from interplane.project.project import Project
    from interplane.serving.tokens import TOKENS, TokenFile
    from interplane.storage.clock import SystemClock

    project = Project.find()
    project.store.close()
    return TokenFile(project.workspace / TOKENS, now=SystemClock().now_utc)
