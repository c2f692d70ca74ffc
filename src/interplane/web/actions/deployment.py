"""What answers a model: moved forward and back, by the same checks as on the command line."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta

from interplane.errors import Unconfirmed
from interplane.record import LEAST_SHARE, Value
from interplane.web.actions.reasons import Why  # noqa: TC001 - read by msgspec
from interplane.web.routes import Action, Asked, Done

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ACTIONS"]


class Deploying(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a crossing is deployed.

    Attributes:
        reason: why.
        kind: live, or beside what is live.
        share: the canary's share of the requests, at most 1.
    """

    reason: Why
    kind: Literal["live", "canary", "shadow"] = "live"
    share: Annotated[float, Meta(ge=LEAST_SHARE, le=1)] = 0.05


class Reason(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Why


class TakingBack(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is taken back.

    Attributes:
        reason: why.
        kind: what is live, which makes live again what was before (a canary ends with it); or what
            runs beside it. Without it the last step is taken back: a canary, else what is live.
    """

    reason: Why
    kind: Literal["live", "canary", "shadow"] | None = None


def _agreed(act: Callable[[Asked, Any], Done]) -> Callable[[Asked, Any], Done]:
    """Return an action that says so when two people have to agree and one has."""

    @wraps(act)
    def agreed(asked: Asked, said: Any) -> Done:
        try:
            return act(asked, said)
        except Unconfirmed as error:
            return Done(said=str(error), href=f"/models/{asked.path['model']}", waits=True)

    return agreed


@_agreed
def deploy(asked: Asked, said: Deploying) -> Done:
    """Make a crossing answer: live, as a canary, or as a shadow."""
    model, number = asked.path["model"], asked.path["number"]
    found = asked.acting().deploy(
        f"{model}@{number}",
        reason=said.reason,
        canary=said.share if said.kind == "canary" else None,
        shadow=said.kind == "shadow",
    )
    return Done(said=f"{found.name} is {said.kind}", href=f"/models/{model}")


@_agreed
def promote(asked: Asked, said: Reason) -> Done:
    """Make the canary of a model live."""
    model = asked.path["model"]
    found = asked.acting().promote(model, reason=said.reason)
    return Done(said=f"{found.name} is live", href=f"/models/{model}")


@_agreed
def rollback(asked: Asked, said: TakingBack) -> Done:
    """End what runs beside a live crossing, or make live again what was live before."""
    model = asked.path["model"]
    found = asked.acting().rollback(
        model,
        reason=said.reason,
        canary=said.kind == "canary",
        shadow=said.kind == "shadow",
        live=said.kind == "live",
    )
    return Done(said=f"{found.name} is live", href=f"/models/{model}")


def decline(asked: Asked, said: Reason) -> Done:
    """Withdraw what one asked to be live, or refuse what somebody else did."""
    model, number = asked.path["model"], asked.path["number"]
    found, word = asked.acting().decline(f"{model}@{number}", reason=said.reason)
    return Done(said=f"{found.name} is {word}", href=f"/models/{model}")


ACTIONS: Final = (
    Action(
        name="deploy",
        path="/models/{model}/{number}/deploy",
        permission="operate",
        takes=Deploying,
        act=deploy,
    ),
    Action(
        name="decline",
        path="/models/{model}/{number}/decline",
        permission="operate",
        takes=Reason,
        act=decline,
    ),
    Action(
        name="promote",
        path="/models/{model}/promote",
        permission="operate",
        takes=Reason,
        act=promote,
    ),
    Action(
        name="rollback",
        path="/models/{model}/rollback",
        permission="operate",
        takes=TakingBack,
        act=rollback,
    ),
)
