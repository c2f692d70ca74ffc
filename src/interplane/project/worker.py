"""The entry point of a worker process: ``python -m interplane.project.worker``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.pipeline.executors.worker import work
from interplane.project.project import Project
from interplane.storage.workspace import open_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from interplane.pipeline.graph import Pipeline

__all__ = ["load_pipeline"]


def load_pipeline(root: Path, reference: str) -> Pipeline:
    """Import a pipeline of the project in ``root``, by its reference ``module:attribute``."""
    return Project.find(root).load_pipeline(reference)


if __name__ == "__main__":
    work(load_pipeline, open_workspace)
