"""Help: of every command, without a project, in words."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from interplane.cli.main import COMMANDS

DATA = ["add", "list", "show", "diff", "check", "schema"]


def test_help_lists_every_command_with_its_line(nowhere):
    """The table is what there is."""
    out = nowhere.must("--help").out
    for name, (section, _, line) in COMMANDS.items():
        assert name in out
        assert line in " ".join(out.split())
        assert f"{section}:" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_what_it_does(name, nowhere):
    """In its own help, outside any project, with its usage and options."""
    out = nowhere.must(name, "--help").out
    assert out.startswith(f"Usage: interplane {name}")
    assert "  -h, --help" in out or "--help" in out
    assert len(out.splitlines()) > 4


@pytest.mark.parametrize("name", DATA)
def test_each_command_of_data_says_what_it_does(name, nowhere):
    """The same for those one level down."""
    assert nowhere.must("data", name, "--help").out.startswith(f"Usage: interplane data {name}")


@pytest.mark.parametrize("name", ["list", "show"])
def test_each_command_of_features_says_what_it_does(name, nowhere):
    """With JSON for programs."""
    out = nowhere.must("features", name, "--help").out
    assert out.startswith(f"Usage: interplane features {name}")
    assert "--json" in out


READS = [name for name in COMMANDS if name not in {"init", "data", "features", "logs", "token"}]


@pytest.mark.parametrize("name", READS)
def test_commands_that_read_take_json(name, nowhere):
    """And say so."""
    assert "--json" in nowhere.must(name, "--help").out


def test_the_help_of_run_names_the_hyperparameters_of_the_project(empty):
    """Each with its type and its default."""
    out = empty.must("run", "--help").out
    assert "Hyperparameters of rides" in out
    assert "--from-day INT" in out
    assert "default: 20" in out
    assert "--least FLOAT" in out


def test_the_help_of_run_survives_a_project_that_does_not_import(empty):
    """Help is what one asks for when something is wrong."""
    empty.write("rides.py", "import nowhere_to_be_found")
    assert empty.must("run", "--help").out.startswith("Usage: interplane run")


def test_the_version_is_that_of_the_package(nowhere):
    """One number."""
    assert f"interplane {version('interplane')}\n" == nowhere.must("--version").out


def test_without_a_command_it_shows_its_help(nowhere):
    """With the exit code of wrong usage."""
    result = nowhere()
    assert 2 == result.code
    assert "Usage: interplane" in result.err


def test_the_installed_command_is_this_one():
    """`interplane` and `python -m interplane.cli.main` are one."""
    script = f"{sys.exec_prefix}/bin/interplane"
    shown = [
        subprocess.run([*words, "--help"], capture_output=True, text=True, check=True).stdout
        for words in ([script], [sys.executable, "-m", "interplane.cli.main"])
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(("word", "meant"), [("modles", "models"), ("dta", "data")])
def test_a_typo_in_a_command_names_the_one_that_was_meant(word, meant, nowhere):
    """And where the others are."""
    result = nowhere(word)
    assert 2 == result.code
    assert f"There is no command '{word}'. Did you mean '{meant}'?" in result.err
    assert "interplane --help" in result.err


def test_a_typo_below_data_names_the_one_that_was_meant(nowhere):
    """One level down, too."""
    result = nowhere("data", "lits")
    assert 2 == result.code
    assert "Did you mean 'list'?" in result.err
