"""Which modules are the project's, and which distribution the others come from."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import json
import platform
import sys
import types
from pathlib import Path
from typing import Final, NamedTuple

from interplane.pipeline import user_code
from interplane.pipeline.sources import is_inside

__all__ = ["ENGINES", "Elsewhere", "Modules", "is_editable", "version_of"]

ENGINES: Final = ("duckdb", "interplane", "numpy", "pyarrow")
"""Distributions that every step's outcome may depend on: they read, compute and write its data."""


class Elsewhere(NamedTuple):
    """A module that is not the project's: its top-level package, or why it could not be imported."""

    package: str
    reason: str = ""


class Modules:
    """Tells the modules of a project from others.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._ours: dict[str, bool] = {}

    def is_ours(self, name: str) -> bool:
        """Return whether an imported module, by its name, belongs to the project."""
        known = self._ours.get(name)
        if known is None:
            known = self._ours[name] = self._look(name)
        return known

    def is_our_code(self, code: types.CodeType, module: str) -> bool:
        """Return whether code was written in the project.

        What has no file (a notebook's cell, made by exec) is the project's unless its module says
        otherwise.
        """
        if not _is_file(code.co_filename):
            return module == "__main__" or module not in sys.modules or self.is_ours(module)
        return is_inside(self._root, code.co_filename)

    def load(self, name: str) -> types.ModuleType | Elsewhere:
        """Return a module that a function imports when it is called.

        Modules of the project are imported now; of others the name of the package is enough.
        """
        top = name.partition(".")[0]
        if name in sys.modules:
            return sys.modules[name]
        spec = None if top in sys.modules else importlib.util.find_spec(top)
        origin = (
            spec.origin or next(iter(spec.submodule_search_locations or ()), "") if spec else ""
        )
        ours = self.is_ours(top) if top in sys.modules else is_inside(self._root, origin or "/")
        if not ours:
            return Elsewhere(top)
        module, error = user_code.call(importlib.import_module, name)
        if isinstance(module, types.ModuleType):
            return module
        return Elsewhere(top, f"cannot import {name} ({error})")

    def _look(self, name: str) -> bool:
        if name.partition(".")[0] in {"interplane", *sys.builtin_module_names}:
            return False
        module = sys.modules.get(name)
        if module is None:
            return False
        file = getattr(module, "__file__", None)
        if file is None:
            folders = list(getattr(module, "__path__", ()))
            return name == "__main__" or any(is_inside(self._root, folder) for folder in folders)
        return is_inside(self._root, file)


@functools.cache
def _is_file(path: str) -> bool:
    return not path.startswith("<") and Path(path).is_file()


@functools.cache
def version_of(module: str) -> tuple[str, str] | None:
    """Return the distribution that a top-level module comes from, and its version.

    None for the standard library, and for a module that nothing installed.

    >>> version_of("numpy")[0], version_of("json")
    ('numpy', None)
    """
    if module in sys.stdlib_module_names:
        return None
    if module == "python":
        return "python", ".".join(platform.python_version_tuple()[:2])
    try:  # most are called as their module is; to look through all takes a tenth of a second
        return module, importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(module, [])
        return (names[0], importlib.metadata.version(names[0])) if names else None


@functools.cache
def is_editable(distribution: str) -> bool:
    """Return whether a distribution is a link to a folder whose files may change any time."""
    text = importlib.metadata.distribution(distribution).read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable", False))
