"""The modules in which a project declares operations of its own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from interplane.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["import_operations"]


def import_operations(root: Path, modules: Sequence[str]) -> None:
    """Import the modules that the project file names under ``operations``.

    Raises:
        ConfigError: if one cannot be imported.
    """
    from interplane.pipeline import user_code
    from interplane.pipeline.importing import import_from

    import_from(root)
    for name in modules:
        _, error = user_code.call(importlib.import_module, name)
        if error is not None:
            raised = user_code.Raised.of(error, root)
            raise ConfigError(
                f"the operations in {name!r} cannot be imported: {raised} ({raised.place})",
                expected=f"a module {name} in {root.name}/ that imports",
                do="Mend that line, or what operations says in the project file",
            ) from error
