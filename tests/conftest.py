"""The order of all tests: long ones begin first, so that none of them is left alone at the end."""

import pytest


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items):
    """Put the long ones first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
