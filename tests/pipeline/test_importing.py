"""Modules of a project come from their source, whatever Python keeps of them."""

import os
import subprocess
import sys

import pytest

SEE = """
import sys
from pathlib import Path
from interplane.pipeline.importing import import_from
import_from(Path(sys.argv[1]))
import_from(Path(sys.argv[1]))
{code}
"""


@pytest.fixture
def see(tmp_path):
    """Run code in a new process, in which the folder's modules can be imported and are cached."""

    def run(code):
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-c", SEE.format(code=code), str(tmp_path)]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    return run


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(see, tmp_path):
    """Python's own cache would give the older code."""
    path = tmp_path / "ours.py"
    path.write_text("VALUE = 1\n")
    stamp = path.stat().st_mtime_ns
    assert "1" == see("import ours; print(ours.VALUE)")
    path.write_text("VALUE = 2\n")
    os.utime(path, ns=(stamp, stamp))
    assert "2" == see("import ours; print(ours.VALUE)")


def test_nothing_is_cached(see, tmp_path):
    """Neither of a module nor of a package and what is in it."""
    (tmp_path / "ours.py").write_text("import inner.deep\nVALUE = inner.deep.VALUE\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "__init__.py").touch()
    (tmp_path / "inner" / "deep.py").write_text("VALUE = 7\n")
    assert "7" == see("import ours; print(ours.VALUE)")
    assert [] == list(tmp_path.rglob("__pycache__"))


def test_a_package_installed_below_the_folder_is_not_the_projects(see, tmp_path):
    """It is imported as anywhere else."""
    site = tmp_path / "env" / "site-packages"
    site.mkdir(parents=True)
    (site / "theirs.py").write_text("VALUE = 3\n")
    see(f"sys.path.append({str(site)!r}); import theirs")
    assert [site / "__pycache__"] == list(tmp_path.rglob("__pycache__"))


def test_a_module_that_is_not_there_is_not_found(see):
    """As without a project."""
    code = "try:\n import nowhere\nexcept ModuleNotFoundError as error:\n print(error.name)"
    assert "nowhere" == see(code)
