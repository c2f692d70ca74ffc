"""Typing errors: each names what was meant, and what there is."""

import json
import subprocess
import sys

import pytest

WORDS = [
    # what was typed, what has to be said
    (["data", "show", "ride"], "there is no dataset 'ride'. Known: rides. Did you mean 'rides'?"),
    (["data", "show", "rides@9"], "there is no rides@9. Expected a number from 1 to 1."),
    (["data", "show", "rides@"], "'rides@' is no reference"),
    (["data", "diff", "rides@1", "rides@2"], "The last one is rides@1"),
    (["data", "check", "ridez"], "there is no schema for 'ridez'"),
    (["data", "add", "My Rides", "rides.csv"], "'My Rides' cannot name a dataset"),
    (["plan", "ridse"], "there is no pipeline 'ridse' in this project. Known: rides."),
    (["run", "ridse"], "Did you mean 'rides'?"),
    (["run", "--scoer", "rate"], "there is no hyperparameter 'scoer' in pipeline 'rides'."),
    (["run", "--model.scoer", "rate"], "Did you mean"),
    (["run", "--modle.score", "rate"], "Did you mean"),
    (["run", "--least", "much"], "least is 'much'. Expected a finite number."),
    (["run", "--from-day", "1.5"], "from_day is '1.5'. Expected"),
    (["run", "--score"], "--score has no value"),
    (["run", "rides", "twice"], "'twice' is no option"),
    (["run", "--input", "ridez=rides@1"], "there is no input 'ridez' in pipeline 'rides'."),
    (["run", "--input", "rides"], "For example --input flights=flights@3"),
    (["run", "--input", "rides=rides@7"], "The last one is rides@1"),
    (["run", "--input", "rides=ridez@1"], "rides"),
    (["runs", "abc"], "'@abc' is no reference"),
    (["runs", "abcdef123456"], 'See what there is with "interplane runs"'),
    (["logs", "last", "modle"], "Did you mean 'model'?"),
    (["show", "ridez@1"], "there is no model 'ridez'. Known: rides. Did you mean 'rides'?"),
    (["show", "rides@liev"], "there is no rides@liev. Expected a pointer that was set"),
    (["show", "rides@3"], "The last one is rides@2"),
    (["diff", "rides@1", "rides@3"], "The last one is rides@2"),
    (["deploy", "rides@3", "--reason", "it is good"], "The last one is rides@2"),
]


@pytest.mark.parametrize(("words", "said"), WORDS, ids=[" ".join(words) for words, _ in WORDS])
def test_a_typo_says_what_there_is(words, said, finished):
    """In one line on standard error, with the code of wrong usage."""
    result = finished(*words)
    assert 2 == result.code, result
    assert said in result.err
    assert result.err.startswith("Error (")
    assert 1 == len(result.err.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ["show", "ridez@1"],
        ["show"],
        ["show", "rides@1", "--nope"],
        ["run", "--workers", "0"],
        ["run", "--scoer", "1"],
        ["modles"],
    ],
    ids=" ".join,
)
def test_every_error_has_one_shape_for_programs(words, finished):
    """Also those of the parser of the command line."""
    result = finished(*words, "--json")
    assert (2, "") == (result.code, result.out)
    error = json.loads(result.err)["error"]
    assert {"code", "what", "expected", "do", "details"} == set(error)
    assert error["what"]


def test_a_missing_argument_shows_the_usage(finished):
    """With the name of what is missing."""
    result = finished("show")
    assert 2 == result.code
    assert "Usage: interplane show" in result.err
    assert "Missing argument 'REF'" in result.err


def test_debug_shows_the_traceback_and_keeps_the_exit_code(finished):
    """Wherever it stands on the line, or from the environment."""
    for words in (["--debug", "show", "rides@9"], ["show", "rides@9", "--debug"]):
        result = finished(*words)
        assert 2 == result.code
        assert "Traceback (most recent call last)" in result.err
        assert "UnknownName: there is no rides@9" in result.err
    result = finished.process("show", "rides@9", env={"INTERPLANE_DEBUG": "1"})
    assert (2, True) == (result.code, "Traceback" in result.err)


PROJECTS = {
    'name="a"\npipelinse=["a:b"]': "Did you mean 'pipelines'?",
    "name=": "interplane.toml is no TOML",
    "pipelines=[]": "missing required field `name`",
    'name="a"\npipelines="rides:pipeline"': "$.pipelines",
    'name="a"\npipelines=["rides"]': '"module:attribute", for example',
    'name="a"\npipelines=["ridez:pipeline"]': "there is no module 'ridez' in rides/",
    'name="a"\npipelines=["rides:pipe"]': "rides.py has no pipeline 'pipe'",
    'name="a"': "the project file names no pipeline",
    'name="A b"\npipelines=["rides:pipeline"]': "'A b' cannot name a project",
    'name="a"\npipelines=["rides:pipeline"]\nrun.workers="2"': "$.run.workers",
    'name="a"\npipelines=["rides:pipeline"]\nrun.workers=0': "run.workers is 0",
    'name="a"\npipelines=["rides:pipeline"]\nrun.worker=2': "Did you mean 'workers'?",
    'name="a"\npipelines=["rides:pipeline"]\nrun=2': "a table [run]",
}


@pytest.mark.parametrize(("text", "said"), PROJECTS.items(), ids=PROJECTS)
def test_a_wrong_project_file(text, said, finished):
    """Names the line's fault; put right, all is there."""
    kept = (finished.root / "interplane.toml").read_text()
    finished.write("interplane.toml", text)
    result = finished("plan")
    assert 2 == result.code
    assert said in result.err
    assert result.err.startswith(("Error (config)", "Error (usage)"))
    finished.write("interplane.toml", kept)
    assert 2 == len(finished.must("models", "--json").json)


def test_a_workspace_that_is_something_else(finished):
    """Is not touched."""
    finished.edit("interplane.toml", "[run]", 'workspace = "rides.csv"\n[run]')
    result = finished("plan")
    assert 6 == result.code
    assert "rides.csv is something else than a workspace" in result.err


@pytest.mark.parametrize(
    "words", [["plan"], ["run"], ["models"], ["data", "list"], ["verify"], ["runs"]], ids=" ".join
)
def test_no_project(words, nowhere, tmp_path):
    """Says where it looked and how to make one; makes nothing."""
    result = nowhere(*words)
    assert 2 == result.code
    assert f"there is no project in {tmp_path} or above it" in result.err
    assert '"interplane init"' in result.err
    assert [] == list(tmp_path.iterdir())


def test_commands_work_from_a_folder_below(finished):
    """As git does."""
    below = finished.root / "notes/january"
    below.mkdir(parents=True)
    assert 2 == len(finished._call(below, ["models", "--json"]).json)
    finished.write("notes/january/more.csv", (finished.root / "rides.csv").read_text())
    added = finished._call(below, ["data", "add", "rides", "more.csv", "--json"])
    assert 0 == added.code


def test_several_pipelines_ask_which(finished):
    """By their names."""
    text = (finished.root / "rides.py").read_text()
    finished.write("again.py", text.replace('Pipeline("rides"', 'Pipeline("again"'))
    finished.edit("interplane.toml", '"rides:pipeline"', '"rides:pipeline", "again:pipeline"')
    result = finished("plan")
    assert 2 == result.code
    assert "the project has 2 pipelines: again, rides" in result.err
    assert 0 == finished("plan", "rides").code


def test_no_text_of_data_steers_a_terminal(empty):
    """Names and values with control characters are written out, in errors and in tables."""
    empty.write("odd.csv", "a\x1b[31mred,b\n1\x1b]0;title\x07,2\n")
    said = [empty.must("data", "add", "odd", "odd.csv"), empty.must("data", "show", "odd")]
    said += [empty("data", "show", "odd", "--rows", "x\x1b[2J"), empty("data", "show", "o\x1b[2J")]
    assert not {"\x1b", "\x07"} & set("".join(item.out + item.err for item in said))
    assert 2 == said[1].out.count("a\\x1b[31mred")


BROKEN = """
import sys
from interplane.cli import main
main.COMMANDS["models"] = ("Models", "faulty:command", "")
sys.modules["faulty"] = type(sys)("faulty")
sys.modules["faulty"].command = main.click.command()(lambda: [][1])
main.main()
"""


def test_a_fault_of_ours_is_one_message_without_a_traceback(nowhere):
    """It says that it is ours, exits with 1, and --debug shows where."""
    for words, shown in (["models"], False), (["models", "--debug"], True):
        done = subprocess.run(
            [sys.executable, "-c", BROKEN, *words],
            cwd=nowhere.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert shown == ("Traceback" in done.stderr)
        assert shown != ("Error (fault): IndexError: list index out of range" in done.stderr)
