"""The house stands as DESIGN says: floors, lightness, manners."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "interplane"
MODULES = sorted(SOURCE.rglob("*.py"))

HEAVY = {"duckdb", "numpy", "pyarrow", "pandas", "polars", "lightgbm", "rich", "tomlkit", "sklearn"}


def imported_by(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the top-level modules that it brought in."""
    script = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split("\n")[-2].split())


def test_nothing_below_imports_the_top_level_package():
    """`import interplane` is for users; inside, everything says where it comes from."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert all(alias.name != "interplane" for alias in node.names), path
            if isinstance(node, ast.ImportFrom):
                assert node.module != "interplane", path


def test_importing_interplane_brings_in_nothing_heavy():
    """The top level is lazy."""
    assert not HEAVY & imported_by("import interplane")


def test_help_brings_in_nothing_heavy():
    """`interplane --help` reads a table."""
    code = (
        "from interplane.cli.main import cli\n"
        "try: cli.main(['--help'], standalone_mode=False)\n"
        "except SystemExit: pass"
    )
    assert not HEAVY & imported_by(code)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_manners(path):
    """No module named for nothing, no pickle, no unfinished business."""
    text = path.read_text()
    assert path.stem not in {"utils", "helpers_", "common", "misc", "manager"}
    assert "NotImplementedError" not in text
    names = {
        alias.name.partition(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").partition(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
    }
    assert not names & {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "requests"}


def test_the_error_tree_in_the_docstring_is_the_tree():
    """Every error stands in the picture with its exit code, and nothing else does."""
    from interplane import errors

    drawn = errors.__doc__ or ""
    classes = [
        item
        for item in vars(errors).values()
        if isinstance(item, type) and issubclass(item, errors.InterplaneError)
    ]
    for item in classes[1:]:
        line = next(row for row in drawn.splitlines() if f"── {item.__name__} " in row)
        assert str(item.exit_code) in line.split("(")[-1] or f" {item.exit_code} " in line
    assert len(classes) == drawn.count("── ") + 1
