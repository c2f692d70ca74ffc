"""The worker of toy projects: what `interplane.project.worker` is for real ones."""

import importlib

from interplane.pipeline.executors.worker import work
from interplane.pipeline.importing import import_from
from interplane.storage.workspace import open_workspace


def load_pipeline(root, reference):
    """Import a pipeline from a folder."""
    import_from(root)
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)


if __name__ == "__main__":
    work(load_pipeline, open_workspace)
