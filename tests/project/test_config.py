"""The project file: what it may say, and what it says when it is wrong."""

import pytest

from interplane.errors import ConfigError
from interplane.project.config import ProjectConfig, RunConfig, find_project_file, read_config


def write(folder, text, name="interplane.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_file_is_enough(tmp_path):
    """A name and where the pipelines are."""
    path = write(tmp_path, 'name = "flights"\npipelines = ["late.flights:pipeline"]\n')
    assert ProjectConfig(name="flights", pipelines=("late.flights:pipeline",)) == read_config(path)


def test_it_may_live_in_pyproject(tmp_path):
    """[tool.interplane] says the same."""
    path = write(tmp_path, '[tool.interplane]\nname = "a"\nrun.workers = 3\n', "pyproject.toml")
    assert ProjectConfig(name="a", run=RunConfig(workers=3)) == read_config(path)
    assert path == find_project_file(tmp_path)


def test_it_is_found_from_below(tmp_path):
    """As git does, the nearest folder above counts."""
    path = write(tmp_path, 'name = "a"')
    below = tmp_path / "x" / "y"
    below.mkdir(parents=True)
    assert path == find_project_file(below)


def test_a_pyproject_of_somebody_else_is_passed_over(tmp_path):
    """A pyproject.toml without our table is not a project of ours."""
    write(tmp_path, '[project]\nname = "x"', "pyproject.toml")
    with pytest.raises(ConfigError, match="interplane init"):
        find_project_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name"),
        ("name = 3", r"`\$\.name`"),
        ('name = "a"\nworkpsace = "x"', "Did you mean 'workspace'"),
        ('name = "a"\n[run]\nwokers = 2', "no setting run.wokers"),
        ('name = "a"\nrun = 3', r"a table \[run\]"),
        ('name = "a"\n[run]\nworkers = 0', "1 or more"),
        ('name = "A b"', "cannot name a project"),
        ('name = "a"\npipelines = ["flights"]', "module:attribute"),
        ('name = "a"\npipelines = ["a b:c"]', "module:attribute"),
        ("name = ", "is no TOML: Invalid value"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    """Each wrong file gives one message with the place and what to do."""
    with pytest.raises(ValueError, match=said):
        read_config(write(tmp_path, text))


def test_a_file_in_another_encoding(tmp_path):
    """Latin-1 is named as what it is."""
    path = tmp_path / "interplane.toml"
    path.write_bytes(b'name = "caf\xe9"')
    with pytest.raises(ConfigError, match="not UTF-8: byte 11"):
        read_config(path)


def test_what_a_canary_has_to_show(tmp_path):
    """The section [rollout], checked like everything else."""
    path = tmp_path / "interplane.toml"
    path.write_text('name = "flights"\n[rollout]\nmin_rows = 300\nleave_out = ["auc"]\n')
    assert (300, ("auc",)) == (
        read_config(path).rollout.min_rows,
        read_config(path).rollout.leave_out,
    )
    path.write_text('name = "flights"\n[rollout]\nmin_time = "soon"\n')
    with pytest.raises(ConfigError, match=r"rollout\.min_time is 'soon'"):
        read_config(path)
    path.write_text('name = "flights"\n[rollout]\nmin_row = 1\n')
    with pytest.raises(ConfigError, match=r"no setting rollout\.min_row"):
        read_config(path)
