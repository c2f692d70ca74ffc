"""What notebooks show of values: well formed, complete in itself, and hostile text is text."""

from __future__ import annotations

import importlib
import pkgutil
from inspect import isclass

import pytest
from tests.charts.shown_values import MAKERS
from tests.charts.strict import HOSTILE, strict, words_of

import interplane

_NAMES = {each.__name__: each for each in MAKERS}


def modules():
    """Yield every module of the package but the one that runs it."""
    for found in pkgutil.walk_packages(interplane.__path__, "interplane."):
        if not found.name.endswith("__main__") and ".template" not in found.name:
            yield importlib.import_module(found.name)


def test_every_class_that_notebooks_show_is_tried_here():
    """Found by walking the packages: one that is added has to be tried too."""
    found = {
        each.__name__
        for module in modules()
        for each in vars(module).values()
        if isclass(each) and each.__module__ == module.__name__ and "_repr_html_" in vars(each)
    }
    assert set(_NAMES) == found


@pytest.mark.parametrize("name", sorted(_NAMES))
def test_a_notebook_shows_it(name):
    """Well formed, with a sheet of its own, the same elements whatever its texts are."""
    make = MAKERS[_NAMES[name]]
    plain, hostile = (strict(make(text)._repr_html_()) for text in ("words", HOSTILE))
    assert [each.tag for each in plain.iter()] == [each.tag for each in hostile.iter()]
    assert HOSTILE[:16] in words_of(hostile)


@pytest.mark.parametrize("name", sorted(_NAMES))
def test_it_has_colours_for_light_and_dark(name):
    """By the notebook's own theme or the system's; formulas are not set, and rules stay inside."""
    root = strict(MAKERS[_NAMES[name]]("words")._repr_html_())
    assert {"interplane", "tex2jax_ignore", "mathjax_ignore"} == set(root.get("class").split())
    (sheet,) = root.iter("style")
    assert "prefers-color-scheme: dark" in sheet.text
    assert "[data-jp-theme-light" in sheet.text
    for line in sheet.text.splitlines():
        assert ".interplane" in line.partition("{")[0] or line.startswith("@media")
