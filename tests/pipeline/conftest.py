"""Toy projects: real modules in a folder, imported under names that no other test has."""

import importlib
import itertools
import sys
import textwrap

import pytest

_NUMBERS = itertools.count()


class Project:
    """A folder of Python modules that a test writes, imports and edits."""

    def __init__(self, root):
        self.root = root
        self.prefix = f"toy{next(_NUMBERS)}_"

    def write(self, **modules):
        """Write modules; ``{name}`` in their text is the real name of the module ``name``."""
        for name, text in modules.items():
            path = self.root / f"{self.prefix}{name}.py"
            path.write_text(textwrap.dedent(text).replace("TOY_", self.prefix))
        for name in [name for name in sys.modules if name.startswith(self.prefix)]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def load(self, name):
        """Import a module as it is now."""
        return importlib.import_module(self.prefix + name)

    def name(self, name):
        """Return the real name of something in this project."""
        return self.prefix + name


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return an empty project that can be imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = Project(tmp_path)
    yield made
    for name in [name for name in sys.modules if name.startswith(made.prefix)]:
        del sys.modules[name]
