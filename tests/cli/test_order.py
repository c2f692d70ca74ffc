"""The order of sets differs from process to process; what is recorded must not."""

import pytest

CODE = '''\
"""Lists made of sets."""

import interplane as ip

COLUMNS = list({"carrier", "origin", "dest", "hour"})
pipeline = ip.Pipeline("order")


@pipeline.step
def one():
    return COLUMNS


@pipeline.step
def other():
    return [*COLUMNS, *{"wind", "rain", "snow"}]
'''


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_list_made_of_a_set_is_the_same_in_every_process(empty, monkeypatch, workers):
    """A constant that is one, and what a step makes: found again, by workers too."""
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    empty.write("interplane.toml", 'name = "order"\npipelines = ["order:pipeline"]\n')
    empty.write("order.py", CODE)
    first = empty.process("run", "--json", "--workers", workers)
    assert 0 == first.code, first
    for _ in range(3):
        again = empty.process("run", "--json", "--workers", workers)
        assert {"one": "reused", "other": "reused"} == again.json["steps"]
        assert first.json["artifacts"] == again.json["artifacts"]
    plan = empty.process("plan", "--json").json
    assert ["reuse", "reuse"] == [step["action"] for step in plan["steps"].values()]
