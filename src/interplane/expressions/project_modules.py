"""Which modules are of a project, told by where they lie."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FunctionType

__all__ = ["ProjectModules"]


@dataclass(frozen=True)
class ProjectModules:
    """Which modules are of a function's project: its package, and what lies beside that.

    What is installed is not: two modules that lie in one folder of installed packages have nothing to
    do with one another.
    """

    package: str
    folder: Path | None

    @classmethod
    def of(cls, function: FunctionType) -> Self:
        """Return the modules of a function's project."""
        package = function.__module__.partition(".")[0]
        folder = _folder(package)
        installed = folder is None or {"site-packages", "dist-packages"} & {*folder.parts}
        return cls(package, None if installed else folder)

    def has(self, module: str | None) -> bool:
        """Whether a module, by its name, is one of them."""
        package = (module or "").partition(".")[0]
        if package == self.package:
            return True
        beside = self.folder is not None and package not in sys.stdlib_module_names
        return beside and _folder(package) == self.folder


def _folder(package: str) -> Path | None:
    """Return where a module that is in no package, or a package, lies."""
    file = getattr(sys.modules.get(package), "__file__", None)
    if file is None:
        return None
    path = Path(file).resolve()
    return path.parent.parent if path.name == "__init__.py" else path.parent
