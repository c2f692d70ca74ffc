"""The chronicle reads on: after whatever happened it says what one that reads everything says."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.project.chronicle import Chronicle
from interplane.project.project import Project


@pytest.fixture
def project(tmp_path):
    """Return a project with two crossings, the first one live."""
    trips.make(tmp_path)
    with trips.opened(tmp_path) as opened:
        yield opened


def test_read_on_is_read_anew(project):
    """Moves of pointers, runs and data: each is in the planes at once, and what stood there stays."""
    reader = Chronicle(Project.find(project.root))

    first = reader.planes()
    for work in (
        lambda: None,
        lambda: project.deploy("trips@2", reason="to look"),
        lambda: project.deploy("trips@1", reason="back again"),
        lambda: project.run(score="busy"),
        lambda: project.add("more", project.table("rides")),
    ):
        work()
        fresh = Chronicle(Project.find(project.root))
        assert fresh.planes() == reader.planes()
        assert fresh.crossings() == reader.crossings()
    assert len(reader.planes().data) == len(first.data) + 1
    assert len(reader.planes().crossings) == len(first.crossings) + 1
    assert reader.planes() is reader.planes()
