"""An operation of a project's own: trained, published, deployed, served; refused by name without it."""

import json
import signal

from tests.cli.test_serving import ROW, serving

OPERATIONS = '''\
"""Operations of the project's own."""

import interplane as ip


@ip.operation(args=["str", "float"], result="float", sql="length({0}) * {1}")
def by_letters(text, number):
    """The number, times as many as the text has letters."""
    return len(text) * number
'''


def _with_operation(folder):
    """Use the operation in the features of the model that is served."""
    folder.write("operations.py", OPERATIONS)
    folder.edit(
        "rides.py",
        "import interplane as ip\n",
        "import interplane as ip\nfrom operations import by_letters\n",
    )
    folder.edit(
        "rides.py",
        '"miles": ip.standardize(ride.miles),',
        '"miles": by_letters(ride.zone, ride.miles),',
    )
    folder.edit("rides.py", 'score: str = "rate"', 'score: str = "miles"')
    folder.edit("rides.py", "least: float = 0.6", "least: float = 0.0")
    folder.edit("interplane.toml", "[run]", 'operations = ["operations"]\n\n[run]')


def _trained(folder):
    """Train, publish and deploy with the operation."""
    _with_operation(folder)
    for words in (
        ("data", "add", "rides", "rides.csv"),
        ("run",),
        ("deploy", "rides@1", "--reason", "the first"),
    ):
        done = folder.process(*words)
        assert 0 == done.code, done


def test_a_project_with_its_own_operation_is_served(empty):
    """From training to an answer over HTTP."""
    _trained(empty)
    with serving(empty) as (said, ask):
        assert "rides@1" == said["models"]["rides"]["name"]
        status, schema = ask("GET", "/v1/models/rides/schema")
        assert 200 == status
        row = {name: ROW[name] for name in schema["properties"] if name in ROW}
        status, answer = ask("POST", "/v1/models/rides/predict", {"row": row})
        assert (200, len("north") * 2.5) == (status, answer.get("score")), answer


def _said_by_server(folder):
    """Serve, and return what it says of the models that cannot be loaded."""
    with folder.begin("serve", "--port", "0", "--grace-s", "0", "--json") as process:
        said = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert {"rides": None} == said["models"] or {} == said["models"]
    return err


def test_without_it_the_server_refuses_by_name(empty):
    """Not named in the project file, another one by now, or in a module that is not there."""
    _trained(empty)
    empty.edit("interplane.toml", 'operations = ["operations"]\n\n', "")
    err = _said_by_server(empty)
    assert "the operation 'by_letters' is not registered here" in err
    assert 'operations = ["module"]' in err
    refused = empty.process("deploy", "rides@1", "--reason", "again")
    assert 0 != refused.code
    assert "the operation 'by_letters' is not registered here" in refused.err

    empty.edit("interplane.toml", "[run]", 'operations = ["operations"]\n\n[run]')
    empty.edit("operations.py", "len(text) * number", "number * len(text)")
    err = _said_by_server(empty)
    assert "the operation 'by_letters' that is registered here is another one" in err

    empty.edit("interplane.toml", 'operations = ["operations"]', 'operations = ["opreations"]')
    err = _said_by_server(empty)
    assert "the operations in 'opreations' cannot be imported" in err


def test_what_is_no_module_is_refused(empty):
    """By the project file's reader."""
    _with_operation(empty)
    empty.edit("interplane.toml", '["operations"]', '["no module"]')
    refused = empty("data", "list")
    assert 2 == refused.code
    assert "'no module' in operations" in refused.err


def test_twins_that_differ_stop_the_run(empty):
    """Where the operation is declared, with the first value that shows it."""
    _with_operation(empty)
    empty.edit("operations.py", "len(text) * number", "len(text.encode()) * number")
    empty.process("data", "add", "rides", "rides.csv")
    refused = empty.process("run")
    assert 0 != refused.code
    assert "the twins of the operation 'by_letters' differ on ('ß'" in refused.err
