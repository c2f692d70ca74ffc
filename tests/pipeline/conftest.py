"""Toy projects: real modules in a folder, imported under names that no other test has."""

import importlib
import itertools
import sys
import textwrap
from typing import NamedTuple

import pytest

from interplane.pipeline.artifacts import Artifacts
from interplane.pipeline.codecs.wants import Want
from interplane.pipeline.run import Runner
from interplane.testing.stores import memory_store

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


class Code(NamedTuple):
    """A state of the code plane that never changes."""

    commit: str | None = None
    diff: bytes | None = None
    environment: bytes = b'{"python":"3.11"}'
    archive: bytes | None = None


class Bench:
    """Runs the toy pipeline of a project."""

    def __init__(self, project, store, **options):
        self.project = project
        self.store = store
        self.events = []
        self.runner = Runner(
            store,
            root=project.root,
            project="toy",
            actor="test",
            tell=self.events.append,
            **options,
        )

    def prepare(self, module="steps", **options):
        """Import the pipeline as it is now and prepare a run."""
        return self.runner.prepare(self.project.load(module).pipeline.graph(), **options)

    def run(self, module="steps", **options):
        """Run the pipeline as it is now."""
        self.events.clear()
        return self.runner.run(self.prepare(module, **options), code=Code)

    def value(self, outcome, output, annotation=None):
        """Load what a run made."""
        artifacts = Artifacts(self.store)
        return artifacts.load(
            outcome.artifact(output), scratch=lambda: self.project.root, want=Want.of(annotation)
        )


@pytest.fixture
def make_bench(project):
    """Return what makes a bench over a store."""
    return lambda store, **options: Bench(project, store, **options)


@pytest.fixture
def bench(make_bench):
    """Return a bench with a store in memory, in process."""
    return make_bench(memory_store())
