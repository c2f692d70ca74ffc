"""The one place that turns text into running code: source that row_program.py wrote itself.

No text from outside is ever in it. Names are numbered, constants come in as a tuple, and the code
sees the names of runtime.py and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.expressions.runtime import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["build"]


def build(source: str, constants: Sequence[Any]) -> Callable[[Any], Any]:
    """Return the function ``run`` that the source's ``make`` returns for these constants."""
    namespace: dict[str, Any] = {**NAMESPACE, "__builtins__": {}}
    exec(compile(source, "<row program>", "exec"), namespace)  # noqa: S102  our own generated text
    run: Callable[[Any], Any] = namespace["make"](tuple(constants))
    return run
