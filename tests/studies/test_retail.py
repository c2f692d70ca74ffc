"""A shop's customers, day by day: what is known online is what the join over all files says was known.

`examples/retail` on the shared data. A short stretch of days runs here; INTERPLANE_STUDY_DAYS=305 streams
all of them (as `make bench ARGS=retail` does).
"""

import os
import shutil
import sys
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

import interplane as ip
from interplane.errors import Leak

EXAMPLE = Path(__file__).parents[2] / "examples" / "retail"
STREAMED = int(os.environ.get("INTERPLANE_STUDY_DAYS", "8"))
TO_COME = 2


@pytest.fixture
def shop(tmp_path, shared_data, monkeypatch):
    """A copy of the example, its modules to be imported, and the files of the first days."""
    root = tmp_path / "retail"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".*", "__pycache__"))
    monkeypatch.syspath_prepend(str(root))
    yield ip.Project.find(root)
    for name in ("customers", "files", "streaming"):
        sys.modules.pop(name, None)


def add_days(project, shared_data, many):
    """Add the files of the first days one by one, as they arrived."""
    import files

    for place, (_, path) in enumerate(
        files.unpack(files.archive(shared_data), project.root / "data", days=many)
    ):
        project.add("invoices", path, append=place > 0, options=files.READ_AS)


def test_online_is_what_the_join_says_at_the_end_of_every_day(shop, shared_data):
    """Customers of the day every day, all whom the shop has met every fourth; later files are there too."""
    add_days(shop, shared_data, STREAMED + TO_COME)
    import customers
    import streaming

    lines = shop.table("invoices").sql(customers.LINES)
    online = shop.open_online()
    try:
        streamed = streaming.Shop(lines, online)
        for day, (moment, rows) in enumerate(islice(streamed.days(), STREAMED)):
            touched = streamed.push(moment, rows)
            everybody = STREAMED > 100 or day % 4 == 3
            streamed.read(streamed.met if everybody else touched, [moment])
            streamed.read(touched if day % 2 else set(), [streaming.later(moment)])
        done = streamed.hold()
    finally:
        online.close()
    assert [] == done.differences[:5]
    assert (STREAMED, done.reads * len(streamed.view.types)) == (done.days, done.values)
    # What names no customer is no event; what stands in a file twice is one.
    rows = [row for _, rows in islice(streamed.days(), STREAMED) for row in rows]
    named = [row["line"] for row in rows if row["customer"] is not None]
    assert (len(rows), len(rows) - len(named)) == (done.pushed, done.refused)
    assert (len(set(named)), len(named) - len(set(named))) == (done.new, done.again)


def test_the_model_is_tested_a_month_after_what_it_learned_from(shop, shared_data):
    """A visit is judged thirty days after it: the split leaves that much between train and test."""
    import duckdb

    parquet = shared_data / "online-retail" / "online_retail.parquet"
    read = duckdb.sql(
        "SELECT * REPLACE (CAST(CustomerID AS DOUBLE) AS CustomerID) "
        f"FROM read_parquet('{parquet}') WHERE InvoiceDate < DATE '2011-05-15' ORDER BY InvoiceDate"
    )
    shop.add("invoices", read.to_arrow_table())
    done = shop.run(until=date(2011, 3, 1), end=date(2011, 4, 14), trees=20)
    assert ["comes-back"] == [each.name for each in done.published]
    import customers

    lines = shop.table("invoices").sql(customers.LINES)
    visits = lines.sql(customers.VISITS)
    model = shop.model("comes-back@1")
    promise = model.features.training.promise
    assert ("time", "train", "2011-03-01T00:00:00") == (promise.by, promise.part, promise.end)
    with pytest.raises(Leak, match="test rows were fitted on: customer "):
        ip.evaluate(model, visits, sources={"lines": lines}, resamples=100)
    early = visits.sql("FROM self WHERE asked_at >= DATE '2011-03-01'")
    with pytest.raises(Leak, match=r"are not after the training rows .* a gap of 30 days"):
        ip.evaluate(model, early, sources={"lines": lines}, resamples=100)
