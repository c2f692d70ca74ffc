"""What the commands do, from Python: the same project, the same records."""

import pyarrow as pa
import pytest

import interplane as ip
from interplane.errors import SchemaBroken, UnknownName


@pytest.fixture
def project(finished):
    """The finished project, opened from Python."""
    return ip.Project.find(finished.root)


def test_a_version_is_a_table(project):
    """Read through the schema, like a step reads it."""
    table = project.table("rides@1")
    assert (240, "str") == (table.rows, table.types["zone"])
    with pytest.raises(UnknownName, match="Did you mean 'rides'"):
        project.table("rdies")


def test_a_frame_is_added_checked_and_numbered(project):
    """Anything that speaks Arrow; the same frame twice is one version."""
    frame = project.table("rides@1").to_arrow().slice(0, 200)
    added = project.add("rides", frame)
    assert (2, 200, True) == (added.number, added.version.rows, added.new)
    assert not project.add("rides", frame).new
    wrong = frame.set_column(0, "ride", pa.array([None] * 200, pa.string()))
    with pytest.raises(SchemaBroken, match="ride"):
        project.add("rides", wrong)
    assert project.table("rides").rows == 200


def test_a_model_answers_for_a_table_and_for_a_row_alike(project):
    """The crossing's own model, verified when it is loaded."""
    model, table = project.model("rides@1"), project.table("rides")
    rows = [{name: row[name] for name in model.features.inputs} for row in table.to_rows()]
    assert model.predict(table).tolist() == [model.predict_row(row) for row in rows]


def test_plan_run_deploy_predict(project):
    """One after the other, as on the command line."""
    assert project.plan(score="miles", least=0.1).to_run == ()
    outcome = project.run(least=0.55, from_day=19)
    (published,) = outcome.published
    assert f"rides@{published.number}" == project.crossing("rides@3").name == "rides@3"
    assert project.deploy("rides@3", reason="newer").pointers == ("live",)
    done = project.predict("rides@live", out="scored", beside="rides@1")
    assert done.added.number == 1
    assert done.evaluation.overall.rows > 0
