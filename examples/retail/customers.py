"""What a shop knows of its customers, and who of them comes back within a month.

The history of a customer is written once: joined point-in-time for training, and kept up to date online
as the lines of a day are pushed.
"""

from __future__ import annotations

from datetime import date

import lightgbm
import numpy as np

import interplane as ip

invoices = ip.dataset("invoices")

# One row for each line of an invoice. What names it is all of it: a line that stands in a file twice,
# to the last letter, is one line. It happened when the invoice was written, and is known when the
# file of its day has come. Invoices that begin with C are cancellations: their quantity is negative.
LINES = """
SELECT
    md5(concat_ws('|', InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
        CustomerID, Country)) AS line,
    CAST(CustomerID AS BIGINT) AS customer,
    InvoiceNo AS invoice,
    starts_with(InvoiceNo, 'C') AS cancelled,
    StockCode AS product,
    Quantity AS quantity,
    Quantity * UnitPrice AS amount,
    InvoiceDate AS invoiced_at,
    date_trunc('day', InvoiceDate) + INTERVAL 1 DAY AS filed_at
FROM self
ORDER BY invoiced_at, invoice, line
"""

# Each customer on each day with an invoice of theirs, asked when the files of that day have come; and
# whether they bought again within the thirty days after it, which is known at their end.
VISITS = """
WITH visit AS (
    SELECT DISTINCT customer, filed_at AS asked_at FROM self
    WHERE customer IS NOT NULL AND NOT cancelled
)
SELECT
    customer,
    asked_at,
    asked_at + INTERVAL 30 DAY AS judged_at,
    CASE WHEN asked_at + INTERVAL 30 DAY <= (SELECT max(filed_at) FROM self) THEN coalesce(
        lead(asked_at) OVER (PARTITION BY customer ORDER BY asked_at)
            <= asked_at + INTERVAL 30 DAY,
        false
    ) END AS again
FROM visit
ORDER BY asked_at, customer
"""


@ip.feature_view(
    source="lines",
    entity="customer",
    event_time="invoiced_at",
    known_at="filed_at",
    key="line",
)
def customer_history(lines):
    """Recency, frequency and spend of a customer."""
    bought_at = ip.if_else(lines.cancelled, None, lines.invoiced_at)
    return {
        "last_bought_at": bought_at.max().over(ip.lifetime()),
        "first_seen_at": lines.invoiced_at.first().over(ip.lifetime()),
        **{
            f"{name}_{days}d": statistic.over(ip.last(f"{days}d"))
            for days in (7, 30, 90)
            for name, statistic in (
                ("invoices", lines.invoice.count_distinct()),
                ("lines", lines.line.count()),
                ("spend", lines.amount.sum()),
                ("cancelled", lines.cancelled.mean()),
            )
        },
        "invoices": lines.invoice.count_distinct().over(ip.lifetime()),
        "products": lines.product.count_distinct().over(ip.lifetime()),
        "spend": lines.amount.sum().over(ip.lifetime()),
        "largest": lines.amount.max().over(ip.lifetime()),
        "spread": lines.amount.std().over(ip.lifetime()),
        "last_lines": lines.amount.mean().over(ip.last(20)),
    }


@ip.features(
    label="again",
    time="asked_at",
    key=["customer", "asked_at"],
    known_at={"again": "judged_at"},
)
def visit_features(visit, past=customer_history.by("customer")):
    """What a visit looks like when the files of its day have come."""
    return {
        "recency_days": visit.asked_at.days_since(past.last_bought_at),
        "age_days": visit.asked_at.days_since(past.first_seen_at),
        **{
            f"{name}_{days}d": past[f"{name}_{days}d"]
            for days in (7, 30, 90)
            for name in ("invoices", "spend", "cancelled")
        },
        "invoices": past.invoices,
        "products": past.products,
        "spend": past.spend,
        "rate": past.invoices_90d / past.invoices,
    }


pipeline = ip.Pipeline("retail", inputs={"invoices": invoices})


@pipeline.step
def lines(invoices: ip.Table) -> ip.Table:
    """The lines of all invoices: the events of the customers' history."""
    return invoices.sql(LINES)


@pipeline.step
def visits(lines: ip.Table) -> ip.Table:
    """The rows to learn from and to ask about."""
    return lines.sql(VISITS)


@pipeline.step(outputs=("train", "test"))
def split(visits: ip.Table, *, until: date = date(2011, 7, 1), end: date = date(2011, 11, 9)):
    """Train on what was judged before the test begins: a visit is judged thirty days after it."""
    parts = ip.split_by_time(visits, "asked_at", until=until, end=end, gap="30d")
    return parts.train, parts.test


@pipeline.step(outputs=("frozen", "x", "y"))
def fitted(train: ip.Table, lines: ip.Table):
    """The training matrix: the history that was known when the files of each visit's day had come."""
    return visit_features.fit_transform(train, sources={"lines": lines})


@pipeline.step
def model(
    frozen: ip.Frozen, x: np.ndarray, y: np.ndarray, *, trees: int = 80, num_leaves: int = 15
) -> ip.Model:
    """Gradient-boosted trees."""
    settings = ip.lightgbm_params(objective="binary", num_leaves=num_leaves, verbose=-1)
    data = lightgbm.Dataset(x, y, feature_name=list(frozen.names))
    return ip.Model(lightgbm.train(settings, data, num_boost_round=trees), features=frozen)


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table, lines: ip.Table) -> ip.Evaluation:
    """On visits that come a month after the last one that was learned from."""
    return ip.evaluate(model, test, sources={"lines": lines}, metrics=["roc_auc", "log_loss"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation, *, least: float = 0.6):
    """What lets a crossing pass."""
    return [evaluation["roc_auc"].at_least(least)]


pipeline.publish(
    "comes-back",
    model="model",
    evaluation="evaluation",
    gate="good_enough",
    rows="visits",
    train="train",
    baseline="test",
)
