"""A step's fingerprint follows the project's code, all of it and nothing else."""

import ast
import json
import linecache
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.pipeline.fingerprint import Fingerprinter
from interplane.pipeline.steps import read_step
from interplane.pipeline.syntax import digest_syntax

STEPS = """
    from interplane.pipeline.graph import Pipeline
    import TOY_helpers
    import TOY_helpers as tools
    from TOY_helpers import Base, LIMIT, clean, doubled
    import functools, json
    import numpy as np

    FACTOR = 2
    TABLE = {"clean": clean, "sizes": [1, 2]}
    half = functools.partial(TOY_helpers.scaled, by=0.5)
    pipeline = Pipeline("toy")

    def local(x):
        '''Local.'''
        return x + FACTOR

    def unrelated(x):
        return x - 1

    class Child(Base):
        def run(self):
            return self.base() + 1

    @pipeline.step(retries=2)
    def step(*, rate: float = 0.1):
        '''The step.'''
        from TOY_late import late
        inner = lambda y: local(y)
        values = [TOY_helpers.scaled(x, 2) for x in range(LIMIT)]
        return {name: TABLE[name] for name in TABLE}, inner(1), half(2), doubled(3), late(), Child().run(), np.ones(1)
"""
HELPERS = """
    LIMIT = 3
    OTHER = 4

    def deep(x):
        return x

    def clean(x):
        return deep(x)

    def scaled(x, by, *, shift=OTHER):
        return x * by + shift

    def decorator(function):
        def inner(*args):
            return function(*args)
        return inner

    @decorator
    def doubled(x):
        return 2 * x

    class Base:
        def base(self):
            return 1
"""
LATE = """
    def late():
        return 5
"""


@pytest.fixture
def toy(project):
    """Return a project with a step that reaches a bit of everything."""
    project.write(steps=STEPS, helpers=HELPERS, late=LATE)
    return project


def fingerprint(project, module="steps"):
    """Return the fingerprint of the first step of a module, as it is now."""
    graph = project.load(module).pipeline.graph()
    return Fingerprinter(project.root).of(next(iter(graph.steps.values())))


def changed(project, before, after):
    """Return the names whose digest differs, without the project's prefix."""
    names = before.code.keys() | after.code.keys()
    return sorted(
        name.replace(project.prefix, "")
        for name in names
        if before.code.get(name) != after.code.get(name)
    )


def test_everything_that_is_reached_is_named(toy):
    """Functions, classes, bases, constants, partials, late imports, wrapped functions."""
    found = fingerprint(toy)
    names = {name.replace(toy.prefix, "") for name in found.code}
    assert names >= {
        "steps.step", "steps.local", "steps.FACTOR", "steps.TABLE", "steps.half", "steps.Child",
        "helpers.clean", "helpers.deep", "helpers.scaled", "helpers.doubled", "helpers.Base",
        "helpers.decorator", "helpers.decorator.<locals>.inner", "late.late",
    }  # fmt: skip
    assert not any("unrelated" in name for name in names)
    assert found.unfollowed == ()
    assert {"numpy", "python", "interplane", "duckdb"} <= found.distributions.keys()


SAME = [
    ("steps", "'''The step.'''", "'''Says more now.\n\n    Much more.'''"),
    ("steps", "return x + FACTOR", "return (x +\n            FACTOR)  # a comment"),
    ("steps", "return x - 1", "return x - 2"),
    ("steps", "rate: float = 0.1", "rate: float = 0.2"),
    ("steps", "retries=2", "retries=3"),
    ("steps", "FACTOR = 2\n", "\n    # two\n    FACTOR = (2)\n"),
    ("helpers", "LIMIT = 3", "LIMIT: int = 3"),
]
DIFFERENT = [
    ("steps", "return x + FACTOR", "return x - FACTOR", "steps.local"),
    ("steps", "FACTOR = 2", "FACTOR = 3", "steps.FACTOR"),
    ("steps", '"sizes": [1, 2]', '"sizes": [1, 3]', "steps.TABLE"),
    ("steps", "by=0.5", "by=0.25", "steps.half"),
    ("steps", "inner(1)", "inner(2)", "steps.step"),
    ("steps", "self.base() + 1", "self.base() + 2", "steps.Child"),
    ("helpers", "LIMIT = 3", "LIMIT = 4", "steps.LIMIT"),
    ("helpers", "return deep(x)", "return deep(deep(x))", "helpers.clean"),
    ("helpers", "def deep(x):\n        return x", "def deep(x):\n        return -x", "helpers.deep"),
    ("helpers", "OTHER = 4", "OTHER = 5", "helpers.scaled"),
    ("helpers", "return 2 * x", "return 3 * x", "helpers.doubled"),
    ("helpers", "return function(*args)", "return -function(*args)",
     "helpers.decorator", "helpers.decorator.<locals>.inner"),
    ("helpers", "            return 1", "            return 2", "helpers.Base"),
    ("late", "return 5", "return 6", "late.late"),
]  # fmt: skip


def edited(project, module, old, new):
    """Edit a module of the toy project and return the fingerprint after it."""
    sources = {"steps": STEPS, "helpers": HELPERS, "late": LATE}
    assert old in sources[module]
    project.write(**{**sources, module: sources[module].replace(old, new)})
    return fingerprint(project)


@pytest.mark.parametrize(("module", "old", "new"), SAME)
def test_looks_change_nothing(toy, module, old, new):
    """Docstrings, comments, layout, unrelated functions, the pipeline's own arguments."""
    before = fingerprint(toy)
    assert before == edited(toy, module, old, new)


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case[3])
def test_code_that_is_reached_changes_it_and_is_named(toy, case):
    """Exactly the thing that was edited is named."""
    module, old, new, *named = case
    before = fingerprint(toy)
    assert named == changed(toy, before, edited(toy, module, old, new))


def test_what_cannot_be_followed_is_named(project):
    """Computed names, exec, sources that are not there, states that are hidden."""
    project.write(
        steps="""
        import importlib, threading
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        lock = threading.Lock()
        made = {}
        exec("def ghost(x): return x", made)
        ghost = made["ghost"]
        gone = eval("lambda x: x")

        @pipeline.step
        def step():
            from TOY_missing import nothing
            exec("1")
            getattr(lock, "acq" + "uire")
            importlib.import_module("json")
            return ghost(1), gone(2)
        """
    )
    found = fingerprint(project)
    words = "\n".join(found.unfollowed).replace(project.prefix, "")
    assert "steps.step: exec" in words
    assert "steps.step: getattr with a computed name" in words
    assert "steps.step: importlib.import_module" in words
    assert "steps.lock: the state of a _thread.lock" in words
    assert "missing: neither in the project nor an installed distribution" in words
    assert "ghost: its source is not there" in words
    assert "<lambda>: its source is not there" in words


def test_two_clones_of_a_project_agree(project, tmp_path_factory, monkeypatch):
    """A path below the project is written relative to it."""
    text = """
        from pathlib import Path
        from interplane.pipeline.graph import Pipeline
        HERE = Path(__file__).parent
        pipeline = Pipeline("toy")
        @pipeline.step
        def step():
            return str(HERE), {FIELD}
    """.replace("{FIELD}", "__file__")
    project.write(steps=text)
    one = fingerprint(project)
    other = type(project)(tmp_path_factory.mktemp("clone"))
    other.prefix = project.prefix
    monkeypatch.syspath_prepend(other.root)
    other.write(steps=text)
    assert one == fingerprint(other)


def test_lambdas_of_one_line_are_told_apart(project):
    """Their columns tell which is which."""
    text = """
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        pair = (lambda x: x + 1, lambda x: x + 2)
        second = pair[1]
        @pipeline.step
        def step():
            return second(1)
    """
    project.write(steps=text)
    before = fingerprint(project)
    assert before.unfollowed == ()
    project.write(steps=text.replace("x + 1", "x + 7"))
    assert before == fingerprint(project)
    project.write(steps=text.replace("x + 2", "x + 7"))
    assert ["steps.<lambda>"] == changed(project, before, fingerprint(project))


def test_submodules_and_relative_imports_are_followed(project, tmp_path):
    """``import a.b`` and ``from . import c`` inside a function."""
    package = tmp_path / project.name("pack")
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("def f():\n    from . import two\n    return two.g()\n")
    (package / "two.py").write_text("def g():\n    return 1\n")
    project.write(
        steps="""
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        @pipeline.step
        def step():
            import TOY_pack.one
            return TOY_pack.one.f()
        """
    )
    names = {name.replace(project.prefix, "") for name in fingerprint(project).code}
    assert {"steps.step", "pack.one.f", "pack.two.g"} == names


def test_a_module_passed_as_a_value_counts_whole(project):
    """What is read from it cannot be known."""
    steps = """
        import TOY_helpers
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        @pipeline.step
        def step():
            return vars(TOY_helpers)
    """
    project.write(steps=steps, helpers="def f():\n    return 1\n")
    before = fingerprint(project)
    project.write(helpers="def f():\n    return 2\n")
    assert ["helpers"] == changed(project, before, fingerprint(project))


def test_an_object_with_the_hook_tells_what_it_is_made_of(project):
    """`__fingerprint__` leads to functions of the project."""
    text = """
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        class Recipe:
            def __init__(self, function):
                self.function, self.cache = function, object()
            def __fingerprint__(self):
                return {"function": self.function, "label": "late"}
        def cook(x):
            return x
        recipe = Recipe(cook)
        @pipeline.step
        def step():
            return recipe
    """
    project.write(steps=text)
    before = fingerprint(project)
    assert before.unfollowed == ()
    project.write(steps=text.replace("return x\n", "return -x\n"))
    assert ["steps.cook"] == changed(project, before, fingerprint(project))


def test_a_thousand_steps_are_fingerprinted_quickly(project):
    """Each file is parsed once."""
    body = "\n".join(
        f"@pipeline.step\ndef s{i}({'' if i == 0 else f's{i - 1}'}):\n    return helper({i})\n"
        for i in range(1000)
    )
    head = "from interplane.pipeline.graph import Pipeline\npipeline = Pipeline('toy')\n"
    project.write(steps=f"{head}def helper(x):\n    return x + 1\n{body}")
    graph = project.load("steps").pipeline.graph()
    began = time.process_time()
    fingerprinter = Fingerprinter(project.root)
    found = [fingerprinter.of(step) for step in graph.steps.values()]
    spent = time.process_time() - began
    assert len({str(item.code) for item in found}) == 1000
    assert spent < 2.0  # a third of a second on a quiet machine


@given(st.integers(-5, 5), st.text("abc ", max_size=5), st.booleans())
def test_layout_is_not_syntax(number, text, deep):
    """Parsing what unparsing wrote gives the same digest."""
    source = (
        f"def f(x, *, y={number}):\n    '''{text}'''\n    return x if {deep} else [y, {text!r}]\n"
    )
    tree = ast.parse(source)
    assert digest_syntax(tree) == digest_syntax(ast.parse(ast.unparse(tree)))
    assert digest_syntax(tree) != digest_syntax(ast.parse(source.replace("x if", "y if")))


VALUES = [
    ("pick = {'a': lambda x: x + 1, 'b': lambda x: x + 2}", "x + 1", "x + 2", "steps.pick"),
    ("import enum\nclass Size(enum.Enum):\n    BIG = 1\nsize = Size.BIG", "BIG = 1", "BIG = 2", "steps.Size"),
    ("import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int\nc = C(1)", "C(1)", "C(2)", "steps.c"),
    ("import collections\nP = collections.namedtuple('P', 'x y')", "'x y'", "'x z'", "steps.P"),
    ("import numpy as np\nedges = np.array([1.0, 2.0])", "2.0]", "3.0]", "steps.edges"),
    ("import re\nfound = re.compile('a+')", "a+", "b+", "steps.found"),
    ("import datetime\nsince = datetime.date(2013, 1, 1)", "1, 1)", "1, 2)", "steps.since"),
    ("class K:\n    def m(self):\n        return 1\nbound = K().m", "return 1", "return 2", "steps.K"),
    ("class K:\n    @staticmethod\n    def m():\n        return 1", "return 1", "return 2", "steps.K"),
    ("import functools\n@functools.lru_cache\ndef f():\n    return 1", "return 1", "return 2", "steps.f"),
    ("import functools\n@functools.singledispatch\ndef f(x):\n    return 1\n@f.register\ndef g(x: int):\n    return 3",
     "return 3", "return 4", "steps.g"),
    ("import types\nsettings = types.SimpleNamespace(a=1)", "a=1", "a=2", "steps.settings"),
    ("def outer(n):\n    def inner():\n        return n\n    return inner\nf = outer(1)", "outer(1)", "outer(2)",
     "steps.outer.<locals>.inner.n"),
    ("def f(x, *, options={'a': [1]}):\n    return x", "[1]", "[2]", "steps.f"),
    ("class Meta(type):\n    def __call__(cls):\n        return 1\nclass K(metaclass=Meta): pass", "return 1", "return 2",
     "steps.Meta"),
    ("async def f():\n    return 1", "return 1", "return 2", "steps.f"),
    ("text = f'{1 + 1}'", "1 + 1", "1 + 2", "steps.text"),
    (f"import re\nfound = re.compile('{'a' * 300}b')", "ab", "ac", "steps.found"),
    ("class K:\n    pass\nK.rate = 1", "rate = 1", "rate = 2", "steps.K"),
    ("def made():\n    return int('1')\nclass K:\n    rate = made()", "'1'", "'2'", "steps.K"),
    ("class K:\n    known = {}\ndef more():\n    return 1\nK.known['more'] = more", "return 1", "return 2", "steps.more"),
    ("def f():\n    return f.rate\nf.rate = 1", "f.rate = 1", "f.rate = 2", "steps.f"),
    ("import collections\nP = collections.namedtuple('P', 'x', defaults=[1])", "[1]", "[2]", "steps.P"),
    ("pick = [lambda x: x in {'a', 'b'}]", "'b'", "'c'", "steps.pick"),
]  # fmt: skip


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case[0].splitlines()[-1])
def test_values_of_all_kinds_count(project, case):
    """Whatever stands behind a name that a step reads."""
    text, old, new, named = case
    name = named.split(".")[1]
    name = {"Size": "size", "C": "c", "Meta": "K", "g": "f", "outer": "f", "more": "K"}.get(
        name, name
    )
    name = "bound" if "bound" in text else name
    head = "from interplane.pipeline.graph import Pipeline\npipeline = Pipeline('toy')\n"
    step = f"\n@pipeline.step\ndef step():\n    return {name}\n"
    project.write(steps=head + text + step)
    before = fingerprint(project)
    assert before.unfollowed == ()
    assert before == fingerprint(project)
    assert old in text
    project.write(steps=head + "\n\n" + text + step)
    assert before == fingerprint(project)
    project.write(steps=head + text.replace(old, new) + step)
    assert named in changed(project, before, fingerprint(project))


HIDDEN = [
    ("import pandas as pd\nit = pd.Timestamp('2013-05-01')", "05-01", "06-01", "steps.it"),
    ("import pandas as pd\nit = {'rows': pd.DataFrame({'a': [1]})}", "[1]", "[2]", "steps.it"),
    ("from zoneinfo import ZoneInfo\nit = ZoneInfo('UTC')", "UTC", "GMT", "steps.it"),
    ("import operator\nit = operator.itemgetter(0)", "(0)", "(1)", "steps.it"),
    ("class K:\n    __slots__ = ('a',)\n    def __init__(self, a):\n        self.a = a\nit = K(1)", "K(1)", "K(2)", "steps.it"),
    ("import numpy as np\ndef f(x):\n    return x + 1\nit = np.frompyfunc(f, 1, 1)", "x + 1", "x + 2", "steps.f"),
    ("import numpy as np\n@np.vectorize\ndef it(x):\n    return x + 1", "x + 1", "x + 2", "steps.it"),
    ("import numpy as np\nif True:\n    it = np.array(['a', None])", "'a'", "'b'", "steps.it"),
    ("it = type('it', (), {'a': 1})", "'a': 1", "'a': 2", "steps.it"),
]  # fmt: skip


@pytest.mark.parametrize("case", HIDDEN, ids=lambda case: case[0].splitlines()[-1])
def test_of_what_hides_itself_the_statement_counts(project, case):
    """A value that nobody can read is named, and an edit of what binds it runs the step again."""
    text, old, new, named = case
    head = "from interplane.pipeline.graph import Pipeline\npipeline = Pipeline('toy')\n"
    step = "\n@pipeline.step\ndef step():\n    return it\n"
    project.write(steps=head + text + step)
    before = fingerprint(project)
    assert before.unfollowed != ()
    assert before == fingerprint(project)
    assert old in text
    project.write(steps=head + text.replace(old, new) + step)
    assert named in changed(project, before, fingerprint(project))


@pytest.mark.parametrize(
    "parameter", ["mode=Mode.A", "mode: 'Mode' = Mode.A", "mode: Mode = Mode.A"]
)
def test_what_a_member_of_an_enumeration_means_counts(project, parameter):
    """The parameters of a key have its name alone."""
    text = f"""
        import enum
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        class Mode(enum.Enum):
            A = 1
        @pipeline.step
        def step(*, {parameter}):
            return mode.value
    """
    project.write(steps=text)
    before = fingerprint(project)
    project.write(steps=text.replace("A = 1", "A = 2"))
    assert ["steps.Mode"] == changed(project, before, fingerprint(project))


@pytest.mark.parametrize("read", ["K().value()", "value()", "it"])
def test_a_file_that_changed_since_it_was_imported_is_not_what_runs(project, read):
    """What runs now is not found again under the code that stands in the file now."""
    text = f"""
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        class K:
            def value(self):
                return 1
        def value():
            return 1
        it = 1
        @pipeline.step
        def step():
            return {read}
    """
    project.write(steps=text)
    graph = project.load("steps").pipeline.graph()
    project.write(steps=text.replace("= 1", "= 2").replace("return 1", "return 2"))
    old = Fingerprinter(project.root).of(graph.steps["step"])
    assert old.code != fingerprint(project).code


def test_loggers_count_by_name(project, caplog):
    """How loud this process is, is no code."""
    head = "from interplane.pipeline.graph import Pipeline\npipeline = Pipeline('toy')\n"
    text = "import logging\nlog = logging.getLogger('toy')\n"
    project.write(steps=f"{head}{text}@pipeline.step\ndef step():\n    return log\n")
    before = fingerprint(project)
    with caplog.at_level("DEBUG"):
        assert before == fingerprint(project)


def test_sets_in_lambdas_are_the_same_in_every_process(project):
    """Their order there differs; their text does not."""
    code = (
        "from interplane.pipeline.values import code_text;"
        "print(code_text((lambda x: x in {'a', 'b', 'c', 'd'}).__code__))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12345"
    }
    assert 1 == len(texts)


@pytest.mark.parametrize("editable", [True, False])
def test_a_package_that_is_installed_to_be_edited_is_named(
    project, tmp_path_factory, monkeypatch, editable
):
    """Its version does not tell one edit from another."""
    folder = tmp_path_factory.mktemp("site")
    name = project.name("common")
    (folder / f"{name}.py").write_text("def clean():\n    return 1\n")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    info.joinpath("direct_url.json").write_text(
        json.dumps({"url": "file:///common", "dir_info": {"editable": True} if editable else {}})
    )
    monkeypatch.syspath_prepend(folder)
    head = "from interplane.pipeline.graph import Pipeline\npipeline = Pipeline('toy')\n"
    text = f"import {name}\n@pipeline.step\ndef step():\n    return {name}.clean()\n"
    project.write(steps=head + text)
    found = fingerprint(project)
    assert "1.0" == found.distributions[name]
    words = f"{name}: it is installed to be edited, outside the project"
    assert ((words,) if editable else ()) == found.unfollowed


def test_a_cell_of_a_notebook_has_its_source(project):
    """Notebooks keep the text of their cells in linecache."""

    def cell(text):
        name = "<cell 1>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        made = {"__name__": "__main__"}
        exec(compile(text, name, "exec"), made)
        found = Fingerprinter(project.root).of(read_step(made["step"]))
        del linecache.cache[name]
        return found

    text = "def helper():\n    return 1\n\ndef step():\n    return helper()\n"
    before = cell(text)
    assert () == before.unfollowed
    assert before == cell("# first\n" + text)
    assert before != cell(text.replace("return 1", "return 2"))


def test_a_step_counts_wherever_it_was_written(project, tmp_path_factory):
    """Also outside of the project's folder; what it calls there is named."""
    text = """
        from interplane.pipeline.graph import Pipeline
        pipeline = Pipeline("toy")
        def helper():
            return 1
        @pipeline.step
        def step():
            return helper()
    """
    project.write(steps=text)
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def found():
        graph = project.load("steps").pipeline.graph()
        return Fingerprinter(elsewhere).of(graph.steps["step"])

    before = found()
    assert [project.name("steps.step")] == list(before.code)
    name = project.name("steps")
    assert (f"{name}: neither in the project nor an installed distribution",) == before.unfollowed
    project.write(steps=text.replace("return helper()", "return -helper()"))
    assert before != found()
