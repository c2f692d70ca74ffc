"""A project: found, its pipelines imported, its workspace made."""

import sys

import pytest

from interplane.errors import ConfigError, UnknownName, UsageError
from interplane.project.config import ProjectConfig
from interplane.project.project import Project

PIPELINE = """
import interplane as ip
{name} = ip.Pipeline("{title}")

@{name}.step
def numbers(*, count: int = 3):
    return list(range(count))
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Make a project of modules; what it imported is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("INTERPLANE_WORKSPACE", raising=False)

    def project(*references, **modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        return Project(tmp_path, ProjectConfig(name="p", pipelines=references), actor="ann")

    yield project
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_the_only_pipeline_needs_no_name(make):
    """With one pipeline, commands need not name it."""
    project = make("one_only:flow", one_only=PIPELINE.format(name="flow", title="one"))
    reference, pipeline = project.pipeline()
    assert (reference, pipeline.name) == ("one_only:flow", "one")


def test_of_several_one_is_named(make):
    """With two, the message lists them; with a name, it is that one."""
    project = make(
        "two_a:flow",
        "two_b:flow",
        two_a=PIPELINE.format(name="flow", title="first"),
        two_b=PIPELINE.format(name="flow", title="second"),
    )
    assert project.pipeline("second")[0] == "two_b:flow"
    with pytest.raises(UsageError, match="2 pipelines: first, second"):
        project.pipeline()
    with pytest.raises(UnknownName, match="Did you mean 'first'"):
        project.pipeline("frist")


def test_two_of_one_name_are_refused(make):
    """A name means one pipeline."""
    text = PIPELINE.format(name="flow", title="same")
    with pytest.raises(ConfigError, match="same_a:flow and same_b:flow both define"):
        make("same_a:flow", "same_b:flow", same_a=text, same_b=text).pipelines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import a_module_that_is_not_there", r"a_module_that_is_not_there.*bad_\d\.py:1"),
        ("x = 1 / 0", r"ZeroDivisionError.*bad_\d\.py:1"),
        ("flow = 3", "has no pipeline 'flow'"),
        ("def (", "SyntaxError"),
    ],
)
def test_what_does_not_import_is_said_with_its_line(make, text, said, request):
    """The message has the file and the line."""
    name = f"bad_{request.node.callspec.indices['text']}"
    with pytest.raises(ConfigError, match=said):
        make(f"{name}:flow", **{name: text}).pipelines()


def test_the_workspace_is_made_where_the_file_says(make, monkeypatch):
    """By default .interplane beside the project file; a variable says another one."""
    project = make()
    assert project.root / ".interplane" == project.workspace
    assert project.store.catalog.names("data/") == []
    assert (project.workspace / "catalog.sqlite").is_file()
    monkeypatch.setenv("INTERPLANE_WORKSPACE", "elsewhere")
    assert project.root / "elsewhere" == project.workspace
