"""Tests that share something costly run in one process, where several run."""

import pytest


@pytest.mark.xdist_group("alone")
def test_the_runner_knows_groups(request):
    """What distributes tests tells a group by the name of each of its tests."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("the tests are not distributed by groups")
    assert request.node.nodeid.endswith("@alone")
