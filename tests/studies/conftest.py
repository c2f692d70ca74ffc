"""Data that is shared beside the project; absent, these studies say so."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def shared_data():
    """The folder of shared data."""
    root = Path(__file__).parents[2]
    path = Path(os.environ.get("INTERPLANE_SHARED_DATA", root.parent / "shared" / "data"))
    if not path.is_dir():
        message = f"no data in {path}: set INTERPLANE_SHARED_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path
