"""Options that several commands take, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from interplane.cli.pipelines import read_pins

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHARE", "TIME", "Share", "inputs_option", "listening_options", "read_inputs"]

Function = TypeVar("Function", bound=Callable[..., Any])

TIME: Final = click.DateTime(
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
)
"""A moment, in UTC."""


class Share(click.ParamType[float]):
    """A share of something: ``5%`` or ``0.05``."""

    name = "share"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the share as a number; what is none is wrong usage.

        >>> SHARE.convert("5%", None, None), SHARE.convert("0.05", None, None)
        (0.05, 0.05)
        """
        if isinstance(value, float):
            return value
        number = value.strip()
        try:
            share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share. For example 5% or 0.05", param, ctx)
        return share


SHARE: Final = Share()

_LISTENING: Final = (
    click.option(
        "--host", default="127.0.0.1", show_default=True, help="The address to listen at."
    ),
    click.option(
        "--port",
        default=8000,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="The port; 0 takes a free one.",
    ),
    click.option(
        "--workers",
        default=1,
        show_default=True,
        type=click.IntRange(1, 256),
        help="How many processes answer.",
    ),
    click.option(
        "--replay", is_flag=True, help="Serve times ahead of the clock: history as if now."
    ),
)


def listening_options(command: Function) -> Function:
    """Give a command the options of a model server: host, port, workers, replay."""
    for option in reversed(_LISTENING):
        command = option(command)
    return command


inputs_option = click.option(
    "--data",
    "--input",
    "inputs",
    multiple=True,
    metavar="[INPUT=]REF",
    help="A data version instead of the latest, e.g. flights@6 or weather=weather@6.",
)
"""The option of commands that make rows of other data versions than the latest."""


def read_inputs(inputs: Sequence[str]) -> dict[str, str]:
    """Return the references by input; one without a name is of the input of the dataset's name.

    >>> read_inputs(["flights@6", "wx=weather@2"])
    {'flights': 'flights@6', 'wx': 'weather@2'}
    """
    return read_pins(
        tuple(word if "=" in word else f"{word.partition('@')[0]}={word}" for word in inputs)
    )
