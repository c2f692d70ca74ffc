"""Where Spark's workers find operations of a user's own: in the modules that declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import UsageError
from interplane.expressions.nodes import Call
from interplane.expressions.own_operations import PREFIX, known_own
from interplane.expressions.trees import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interplane.expressions.nodes import Node

__all__ = ["modules_of"]

_NOWHERE = ("__main__", "builtins", None)


def modules_of(expressions: Iterable[Node]) -> list[str]:
    """Return the modules that declare the operations of a user's own in expressions.

    Raises:
        UsageError: if one is declared where no worker can import it.
    """
    names = {
        part.op.removeprefix(PREFIX)
        for expression in expressions
        for part in parts_of(expression)
        if isinstance(part, Call) and part.op.startswith(PREFIX)
    }
    known = known_own()
    found = set()
    for name in sorted(names):
        module = getattr(known[name].function, "__module__", None)
        if known[name].template is not None or module in _NOWHERE:
            raise UsageError(
                f"the operation {name!r} is declared "
                + ("by a template" if known[name].template is not None else f"in {module}")
                + ", where Spark's workers cannot import it",
                expected="a function in a module that is installed where the workers run",
                do="Declare it with @ip.operation on a function, in a module of the project's code",
            )
        found.add(str(module))
    return sorted(found)
