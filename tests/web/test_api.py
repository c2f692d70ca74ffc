"""The API against its own description, by Schemathesis: every check, on names that are there and others.

``INTERPLANE_API_CASES=10000`` asks for so many cases at least; how many there were is printed (-s).
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from interplane.serving.tokens import TOKENS

from .conftest import served

CASES = int(os.environ.get("INTERPLANE_API_CASES", "0"))
KNOWN = {
    "dataset": "rides",
    "feature": "rides.rate",
    "kind": "model",
    "model": "rides",
    "number": "2",
    "pipeline": "rides",
    "run": "last",
    "step": "model",
}
BEGIN = "from schemathesis.cli import schemathesis; schemathesis()"


@pytest.fixture(scope="module")
def api(root, tmp_path_factory):
    """The pages of a copy: what is said to actions is done."""
    folder = tmp_path_factory.mktemp("api") / "rides"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    with served(folder) as pages:
        yield pages


def run(api, folder, examples, known):
    """Run Schemathesis; return how many cases it made."""
    lines = [
        "[parameters]",
        *(f'"path.{name}" = {json.dumps(text)}' for name, text in known.items()),
    ]
    (folder / "schemathesis.toml").write_text("\n".join(lines) if known else "")
    token = f"Authorization: Bearer {api.tokens['admin']}"
    words = [
        *(sys.executable, "-c", BEGIN, "--config-file", str(folder / "schemathesis.toml"), "run"),
        *(f"{api.url}/openapi.json", "-H", token, "--checks", "all", "--mode", "all"),
        *("--max-examples", str(examples), "--seed", "1", "--continue-on-failure", "--no-color"),
        *("--generation-database", "none", "--warnings", "off"),
        # Of names that are nowhere, a short run has a few of each kind.
        *(() if CASES or known else ("--phases", "fuzzing")),
    ]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=3600
    )
    said = done.stdout + done.stderr
    assert 0 == done.returncode, said[-8000:]
    return int(re.search(r"([\d,]+) generated", said)[1].replace(",", ""))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("known", [KNOWN, {}], ids=["what-is-there", "anything"])
def test_every_answer_is_as_it_is_described(api, tmp_path, known):
    """Statuses, types, schemas, methods, who may; never a fault, and none in the log."""
    before = len(api.ask("/moves.json").json["moves"])
    count = run(api, tmp_path, max(2, CASES // 28), known)
    moved = len(api.ask("/moves.json").json["moves"]) > before
    assert moved or not known  # what is there was deployed, and taken back
    sys.stdout.write(f"{count:,} cases\n")
    assert count >= CASES
    assert [] == api.logged("fault")
