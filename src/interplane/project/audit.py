"""The skew audit of a crossing: a seeded sample of its logged predictions, made again and kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from interplane.errors import GateClosed, UsageError
from interplane.models.request_schema import RequestSchema
from interplane.monitoring.skew import SkewReport
from interplane.project.crossings import find_crossing, load
from interplane.project.predictions import request_types
from interplane.project.recorded import frozen_of, recorded_tables
from interplane.record import Audit
from interplane.record.json_values import READERS
from interplane.storage.names import audit_pointer
from interplane.views.derived import sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.data.table import Table
    from interplane.expressions.nodes import Constant
    from interplane.features.frozen import Frozen
    from interplane.models.model import Model
    from interplane.monitoring.audit import LoggedRow
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.record import Digest, Type
    from interplane.storage.store import Store

__all__ = ["Audited", "audit", "latest_audit", "latest_report", "refuse_skewed", "skew_of"]

_TEXTS = frozenset({"str", "date", "timestamp"})


class Audited(NamedTuple):
    """An audit as it was kept.

    Attributes:
        crossing: what was audited.
        record: the audit.
        report: all of it.
        seed: what the sample was drawn by.
    """

    crossing: Recorded
    record: Audit
    report: SkewReport
    seed: int

    def _repr_html_(self) -> str:
        from interplane.project.cards.rollouts import audited_html

        return audited_html(self)


def audit(
    project: Project,
    reference: str,
    *,
    rows: int = 500,
    since: datetime | None = None,
    until: datetime | None = None,
    seed: int = 0,
    pins: Mapping[str, str] | None = None,
) -> Audited:
    """Audit a crossing and keep what came of it; the pointer ``audit/CROSSING`` moves there.

    What feature views know is made of the latest (or pinned) data by the crossing's own steps.

    Args:
        project: the project.
        reference: the crossing, for example ``flights@live``.
        rows: how many of its predictions to draw; which depends on their ids and the seed alone.
        since: those whose prediction time is not before this.
        until: those whose prediction time is before this.
        seed: what they are drawn by.
        pins: references for inputs that are not to be the latest.

    Raises:
        UsageError: if nothing of it was logged, or its code, schemas or datasets have changed.
        UnknownName: if there is no such crossing.
    """
    from interplane.monitoring.audit import audit_rows

    found = find_crossing(project.store, reference)
    model: Model = load(project.store, found.crossing.model)
    frozen = frozen_of(model)
    logged = _logged(project, found, frozen, rows=rows, since=since, until=until, seed=seed)
    sources = _sources(project, found, frozen, pins)
    now = datetime.now(UTC).replace(tzinfo=None)
    report = audit_rows(frozen, model.predictor, logged, sources=sources, now=now)
    return Audited(found, _keep(project, found, report, seed), report, seed)


def latest_audit(store: Store, crossing: Digest) -> Audit | None:
    """Return the latest audit of a crossing, if there was one."""
    digest = store.catalog.pointer(audit_pointer(crossing))
    return None if digest is None else store.record(digest, Audit)


def latest_report(store: Store, crossing: Digest) -> SkewReport | None:
    """Return the whole report of the latest audit of a crossing, if there was one."""
    record = latest_audit(store, crossing)
    return (
        None if record is None else msgspec.json.decode(store.read(record.report), type=SkewReport)
    )


def skew_of(project: Project, found: Recorded) -> Audit | None:
    """Return the latest audit of a crossing if it found more skew than ``[rollout] max_skew``."""
    record = latest_audit(project.store, found.digest)
    most = project.config.rollout.max_skew
    return None if record is None or record.worst <= most else record


def refuse_skewed(project: Project, found: Recorded) -> None:
    """Refuse a crossing whose latest audit found more skew than ``[rollout] max_skew``.

    Raises:
        GateClosed: names what is skewed, and how often.
    """
    record = skew_of(project, found)
    if record is None:
        return
    most = project.config.rollout.max_skew
    raise GateClosed(
        f"the latest audit of {found.name} found a skew rate of {record.worst:.2%} in "
        f"{record.worst_of!r} ({record.skewed:,} of {record.rows:,} predictions differ)",
        expected=f"at most {most:.2%}, as [rollout] max_skew says",
        do=f'Audit again with "interplane audit {found.name}", which says what differs; '
        f'"interplane deploy {found.name} --force" makes it live all the same',
        skew_rate=record.worst,
        of=record.worst_of,
    )


def _logged(
    project: Project,
    found: Recorded,
    frozen: Frozen,
    *,
    rows: int,
    since: datetime | None,
    until: datetime | None,
    seed: int,
) -> list[LoggedRow]:
    """Draw logged predictions of a crossing."""
    from interplane.monitoring.audit import LoggedRow

    if found.crossing.request_schema is None:
        raise UsageError(
            f"{found.name} has no request schema, so no server answers by it",
            expected="a crossing that was published with its training rows",
            do="Publish it with train=…",
        )
    schema = RequestSchema.from_dict(found.crossing.request_schema)
    table = project.predictions(found.crossing.model_name, since=since, until=until)
    ids = table.select("prediction_id", "crossing").sql(
        f"SELECT prediction_id FROM self WHERE crossing = '{found.digest}' "
        f"ORDER BY md5('{int(seed)} ' || prediction_id), prediction_id LIMIT {int(rows)}"
    )
    if not ids.rows:
        raise UsageError(
            f"no prediction of {found.name} was logged"
            + (" between these times" * bool(since or until)),
            expected="predictions that a server answered by it",
            do='See what there is with "interplane predictions"',
        )
    drawn = table.sql("FROM self SEMI JOIN ids USING (prediction_id)", ids=ids)
    types = {field.name: field.type for field in schema.fields}
    agreed = request_types(project.store, found.crossing.model_name)
    return [
        LoggedRow(
            id=each["prediction_id"],
            time=each["time"],
            row={
                name: _typed(each.get(f"row.{name}"), kind, is_mixed=name not in agreed)
                for name, kind in types.items()
            },
            looked_up={
                name: _typed(each.get(f"looked_up.{name}"), kind)
                for name, kind in frozen.looked_up.items()
            },
            score=each["score"],
        )
        for each in drawn.to_rows()
    ]


def _typed(value: Any, kind: Type, *, is_mixed: bool = False) -> Constant:
    """Return a logged value as its column's type has it: the log keeps JSON values.

    Where crossings do not agree on a column's type (``is_mixed``), it may hold each value as JSON
    text.

    >>> _typed(3.0, "int"), _typed("2026-01-05T10:00:00Z", "timestamp"), _typed(None, "str")
    (3, datetime.datetime(2026, 1, 5, 10, 0), None)
    >>> _typed("2.5", "float", is_mixed=True), _typed('"JFK"', "str", is_mixed=True)
    (2.5, 'JFK')
    """
    if is_mixed and isinstance(value, str) and (kind not in _TEXTS or value.startswith('"')):
        value = msgspec.json.decode(value)
    if value is None:
        return None
    if kind == "float":
        return float(value)
    if kind == "int":
        return int(value)
    if kind in {"date", "timestamp"} and not isinstance(value, date):
        found: Constant = READERS[kind](value)
        return found
    plain: Constant = value
    return plain


def _sources(
    project: Project, found: Recorded, frozen: Frozen, pins: Mapping[str, str] | None
) -> dict[str, Table]:
    """Return the tables that the crossing's views read, made by its own steps."""
    if not frozen.uses:
        return {}
    from interplane.project.running import Running

    running = Running(project, found.crossing.pipeline, workers=1)
    return recorded_tables(running, found, sources_of(frozen.uses), pins)


def _keep(project: Project, found: Recorded, report: SkewReport, seed: int) -> Audit:
    store, worst = project.store, report.worst
    draft, at = store.draft(), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    record = Audit(
        crossing=found.digest,
        rows=report.rows,
        skewed=report.skewed,
        pending=report.pending,
        worst=0.0 if worst is None else worst.rate,
        worst_of="" if worst is None else worst.name,
        report=draft.put_json(report),
        seed=seed,
        at=at,
    )
    digest = draft.record(record)
    reason = f"{report.rows:,} predictions, seed {seed}, at {at[:19]}Z"
    draft.move(audit_pointer(found.digest), digest, reason=reason)
    store.commit(draft, writer=store.catalog.writer(project.actor))
    return record
