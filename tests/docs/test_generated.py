"""The generated pages are what the code says; the written ones name what there is."""

import importlib.util
import re
from pathlib import Path

import pytest

from interplane import errors
from interplane.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOTES = sorted((DOCS / "design").glob("[0-9]*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]


def generator():
    """Return the module that writes the pages."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["operations.md", "commands.md"])
def test_a_generated_page_is_what_the_code_says(name):
    """After a change, `make docs` writes it again."""
    page = generator().PAGES[name]()
    assert page == (DOCS / name).read_text(encoding="utf-8"), "run make docs"


def test_every_command_has_its_heading():
    """So that a link to it works."""
    page = (DOCS / "commands.md").read_text()
    for name in COMMANDS:
        assert f"\n## interplane {name}\n" in page


def test_every_error_is_in_the_tree_with_its_exit_code():
    """The docstring of errors.py is the tree; commands.md names each exit code."""
    tree = errors.__doc__
    classes = [getattr(errors, name) for name in errors.__all__ if name != "did_you_mean"]
    for error in classes:
        lines = [line for line in tree.splitlines() if re.search(rf"\b{error.__name__}\b", line)]
        assert lines, error
        if error is not errors.InterplaneError:
            assert f" {error.exit_code} " in lines[0], error
    told = " ".join((DOCS / "commands.md").read_text().split())
    for code in {error.exit_code for error in classes}:
        assert re.search(rf"[:,] {code} \w", told), code


def test_error_codes_are_stable_words():
    """Each its own, in kebab-case."""
    codes = [getattr(errors, name).code for name in errors.__all__ if name != "did_you_mean"]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_the_glossary_has_one_line_for_each_word():
    """No word twice, none without a meaning."""
    lines = (DOCS / "glossary.md").read_text().splitlines()
    rows = [line.strip("|").split("|", 1) for line in lines if line.startswith("| ")][1:]
    words = [word.strip() for row in rows for word in row[0].split(",")]
    assert len(words) == len(set(words))
    assert all(len(row[1].strip()) > 5 for row in rows)


@pytest.mark.parametrize(
    "word",
    ["Artifact", "Crossing", "DataVersion", "Evaluation", "Features", "Frozen", "Model", "Pipeline",
     "Profile", "Run, StepRun", "Schema", "Snapshot", "Table", "Verdict"],
)  # fmt: skip
def test_the_glossary_has_the_words_of_the_code(word):
    """What is a class there is a word here."""
    assert f"| {word} |" in (DOCS / "glossary.md").read_text()


@pytest.mark.parametrize("note", NOTES, ids=[note.name for note in NOTES])
def test_a_design_note_has_its_four_parts(note):
    """Status, context, decision, consequences."""
    text = note.read_text().lower()
    assert text.startswith("# ")
    for part in ("status", "context", "decision", "consequences"):
        assert part in text, part


def test_no_two_design_notes_have_one_number():
    """A number is a name."""
    numbers = [note.name[:4] for note in NOTES]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_to_files(page):
    """Relative links, from where the page is."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
