"""Options that several commands take, and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from interplane.cli.pipelines import read_pins

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHARE", "TIME", "Share", "inputs_option", "read_inputs"]

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
