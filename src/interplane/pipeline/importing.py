"""The project's modules are compiled from their source whenever they are imported.

Python's cache of compiled modules is not good enough for them. It takes a file for unchanged that
has the same size and was written in the same second, and a set among the constants of a cached
module has another order than in one that was just compiled: what is made of it would have another
key in the second process than in the first.
"""

from __future__ import annotations

import importlib.abc
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING, Any

from interplane.pipeline.sources import is_inside

if TYPE_CHECKING:
    import types
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["FromSource", "import_from"]


def import_from(root: Path) -> None:
    """Let modules of a project's folder be imported, from their source; once is enough."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    if not any(isinstance(each, FromSource) and each.root == root for each in sys.meta_path):
        sys.meta_path.insert(0, FromSource(root))


class FromSource(importlib.abc.MetaPathFinder):
    """Finds the modules of a folder, to be compiled from their source.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return where a module of the folder is; None for all others."""
        del target
        if path is None:
            name = fullname.partition(".")[0]
            if not ((self.root / f"{name}.py").is_file() or (self.root / name).is_dir()):
                return None
            path = [str(self.root)]
        elif not all(is_inside(self.root, place) for place in path):
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            return None
        if not is_inside(self.root, spec.origin):
            return None
        spec.loader = _Compiled(fullname, spec.origin)
        spec.cached = None
        return spec


class _Compiled(SourceFileLoader):
    """Loads a module without a look at the cache."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)
