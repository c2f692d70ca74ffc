"""Canaries of a project: looked at as rows come in, decided about, and what was decided carried out.

Both groups are what was answered since the canary's share became what it is: while it grows, a canary
gets more of the later rows, and would be compared with earlier ones. A request that the canary could
not answer counts against it, and for neither of the two as a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from interplane.errors import Fenced, InterplaneError
from interplane.monitoring.canary import Decision, decide
from interplane.monitoring.looks import LOOKS, Look, Looks, is_due
from interplane.project.audit import latest_audit, skew_of
from interplane.project.baselines import baseline_layout
from interplane.project.crossings import find_crossing, load
from interplane.project.deployment import promote, rollback
from interplane.project.recorded_audit import audit_by_record
from interplane.project.rollouts import check_model, find_rollout
from interplane.project.serving import check_serves
from interplane.record import Rollout
from interplane.record.base import Value
from interplane.storage.names import rollout_pointer

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.evaluation.evaluation import Evaluation
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.tally import Tally
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.project.rollouts import Rolling

__all__ = ["ACTOR", "RolloutLook", "decide_rollouts", "look_at_rollout"]

ACTOR = "canary"
"""Who promotes and rolls back, in the record."""

_DONE = {"promote": "promoted", "roll back": "rolled back"}


class RolloutLook(Value, frozen=True, kw_only=True):
    """How a canary stands.

    Attributes:
        model: the model.
        live: the live crossing, as people name it.
        canary: the canary.
        share: the share of the requests that it answers.
        began: when it began to answer, ISO 8601, UTC.
        since: from when on rows count: when its share became what it is.
        decision: what was decided, or would be.
        is_new: whether this was a look of its own; else there was nothing new, and it is the last one.
        done: what was done: ``promoted``, ``rolled back`` or nothing.
        error: why what was decided was not done: somebody else was first.
    """

    model: str
    live: str
    canary: str
    share: float
    began: str
    since: str
    decision: Decision
    is_new: bool = True
    done: str = ""
    error: str = ""


def decide_rollouts(
    project: Project, now: datetime | None = None, *, models: tuple[str, ...] = ()
) -> list[RolloutLook]:
    """Look at every canary that is under way, decide, and do what was decided.

    Each look is kept before anything is done about it, and what was decided is done once: whoever
    comes after a kill does what is left of it.

    Args:
        project: the project.
        now: the time; the clock's if not given.
        models: these models; all if not given.

    Raises:
        UnknownName: if there is no such model.
        InterplaneError: the first thing that went wrong, after every canary had its turn: the log
            cannot be read, or what was decided cannot be done.
    """
    at = now or datetime.now(UTC)
    for model in models:
        check_model(project.store, model)
    names = models or tuple(
        name.partition("/")[2] for name in project.store.catalog.names("model/")
    )
    looks = Looks(project.workspace / LOOKS)
    try:
        return _all(project, names, looks, at)
    finally:
        looks.close()


def _all(
    project: Project, names: tuple[str, ...], looks: Looks, now: datetime
) -> list[RolloutLook]:
    """Decide about each canary; one of which nothing can be told keeps no other from its turn."""
    done: list[RolloutLook] = []
    failed: InterplaneError | None = None
    for model in names:
        try:
            found = _Rollout.find(project, model)
            if found is not None:
                done.append(found.decide(looks, now))
        except InterplaneError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return done


def look_at_rollout(
    project: Project, model: str, now: datetime | None = None
) -> RolloutLook | None:
    """Return how the canary of a model stands, and what would be decided; nothing is kept or done.

    None if no canary is under way. The skew is that of its latest audit.

    Raises:
        UnknownName: if there is no such model.
    """
    check_model(project.store, model)
    found = _Rollout.find(project, model)
    if found is None:
        return None
    looks = Looks(project.workspace / LOOKS)
    try:
        last = looks.find_last(model, found.canary.digest, found.began)
    finally:
        looks.close()
    number = 1 if last is None else last.decision.look + 1
    counts = found.count()
    decision = found.judge(counts, number, now or datetime.now(UTC), skewed=found.known_skew())
    return found.told(decision)


class _Counts(NamedTuple):
    """What both crossings answered."""

    live: Tally
    canary: Tally
    refused: int
    layout: Layout

    @property
    def labelled(self) -> int:
        return self.live.labelled + self.canary.labelled


@dataclass(frozen=True)
class _Rollout:
    """A canary that is under way."""

    project: Project
    rolling: Rolling
    live: Recorded
    canary: Recorded
    began: str
    since: str

    @classmethod
    def find(cls, project: Project, model: str) -> _Rollout | None:
        """Return the canary of a model that is under way, or None."""
        rolling = find_rollout(project.store, model)
        if rolling is None or rolling.rollout.canary is None:
            return None
        store, rollout = project.store, rolling.rollout
        return cls(
            project=project,
            rolling=rolling,
            live=find_crossing(store, rollout.live),
            canary=find_crossing(store, rolling.rollout.canary),
            began=rolling.canary_since or rolling.since,
            since=_share_since(project, rollout),
        )

    @property
    def model(self) -> str:
        """The model."""
        return self.rolling.rollout.model_name

    # ---- looking ----------------------------------------------------------------------------

    def count(self) -> _Counts:
        """Count what both crossings answered since the share is what it is."""
        from interplane.monitoring.counting.count import count

        live, canary = self.live.digest, self.canary.digest
        rows = self.project.matched(self.model)
        since = f"TIMESTAMP '{_plain(self.since)}'"
        refused = rows.select("at", "instead_of").sql(
            f"SELECT count(*) AS n FROM self WHERE \"at\" >= {since} AND instead_of = '{canary}'"
        )
        chosen = rows.sql(
            "SELECT crossing, time, score, took_us, outcome, has_outcome FROM self "
            f"WHERE \"at\" >= {since} AND crossing IN ('{live}', '{canary}') AND instead_of IS NULL"
        )
        layout = self._layout(rows)
        counted = count(chosen, layout, columns=("score",), by_crossing=True)
        return _Counts(
            live=counted.tally(crossing=live),
            canary=counted.tally(crossing=canary),
            refused=refused.to_rows()[0]["n"],
            layout=layout,
        )

    def _layout(self, rows: Table) -> Layout:
        """Return the bins of the live crossing: both are counted by them."""
        crossing, threshold = self.live.crossing, 0.5
        if crossing.evaluation is not None:
            evaluation: Evaluation = load(self.project.store, crossing.evaluation)
            threshold = evaluation.threshold
        layout = baseline_layout(self.project.store, crossing, threshold=threshold)
        if rows.types["outcome"] == "bool":
            return layout
        return replace(layout, kind="regression")

    def judge(self, counts: _Counts, number: int, now: datetime, *, skewed: str = "") -> Decision:
        """Decide, as the look of a number."""
        return decide(
            counts.live,
            counts.canary,
            refused=counts.refused,
            elapsed_s=self.elapsed_s(now),
            policy=self.project.config.rollout,
            look=number,
            kind=counts.layout.kind,
            skewed=skewed,
        )

    def elapsed_s(self, now: datetime) -> float:
        """Return for how long the canary has been answering."""
        return max((now - datetime.fromisoformat(self.began)).total_seconds(), 0.0)

    def known_skew(self) -> str:
        """Return why the latest audit of the canary forbids a promotion; empty if it does not."""
        record = skew_of(self.project, self.canary)
        if record is None:
            return ""
        most = self.project.config.rollout.max_skew
        return (
            f"its latest audit found a skew rate of {record.worst:.2%} in {record.worst_of!r}, "
            f"more than {most:.2%}"
        )

    def audited_skew(self, seed: int) -> str:
        """Audit the canary as its policy says; return why its skew forbids a promotion."""
        policy = self.project.config.rollout
        if policy.audit:
            try:
                audit_by_record(
                    self.project, self.canary, rows=policy.audit_rows, seed=seed, actor=ACTOR
                )
            except InterplaneError as error:
                return f"its skew could not be audited: {error.what}"
        return self.known_skew()

    def audit_text(self) -> str:
        """Return what the latest audit of the canary found, in a few words."""
        record = latest_audit(self.project.store, self.canary.digest)
        if record is None:
            return "audit: none"
        return (
            f"audit: of {record.rows:,} predictions {record.skewed:,} differ, of "
            f"{record.pending:,} some history has not arrived"
        )

    # ---- deciding ---------------------------------------------------------------------------

    def decide(self, looks: Looks, now: datetime) -> RolloutLook:
        """Look if it is worth it, keep the look, and do what was decided."""
        last = looks.find_last(self.model, self.canary.digest, self.began)
        if last is not None and last.decision.action != "go on":
            # Decided, and the canary is still under way: whoever decided was killed, or could not.
            return self.act(last.decision, is_new=False)
        outcomes = self.newest_outcome()
        if last is not None and outcomes == last.outcomes and not self.has_more(last, now):
            return self.told(last.decision, is_new=False)
        counts = self.count()
        number = 1 if last is None else last.decision.look + 1
        if not self.is_due(counts, last, now):
            known = self.judge(counts, number, now) if last is None else last.decision
            return self.told(known, is_new=False)
        decision = self.judge(counts, number, now)
        if decision.action == "promote":
            decision = self.judge(counts, number, now, skewed=self.audited_skew(number))
            decision = replace(decision, reasons=(*decision.reasons, self.audit_text()))
        look = Look(
            model=self.model,
            canary=self.canary.digest,
            began=self.began,
            since=self.since,
            at=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            labelled=counts.labelled,
            outcomes=outcomes,
            decision=decision,
        )
        if not looks.put(look):
            other = looks.find_last(self.model, self.canary.digest, self.began)
            return self.told(decision if other is None else other.decision, is_new=False)
        return self.act(decision)

    def newest_outcome(self) -> int:
        """Return the place of the newest outcome of the model."""
        store = self.project.open_outcomes()
        try:
            return store.newest(self.model)
        finally:
            store.close()

    def has_more(self, last: Look, now: datetime) -> bool:
        """Return whether it is worth another look if no outcome is new: one small question."""
        digest, since = self.canary.digest, _plain(self.since)
        found = self.project.predictions(self.model).sql(
            f"SELECT count(*) AS n FROM self WHERE \"at\" >= TIMESTAMP '{since}' "
            f"AND (instead_of = '{digest}' OR (crossing = '{digest}' AND instead_of IS NULL))"
        )
        attempts = found.to_rows()[0]["n"]
        return self._is_due(last, attempts=attempts, labelled=last.labelled, now=now)

    def is_due(self, counts: _Counts, last: Look | None, now: datetime) -> bool:
        """Return whether it is worth another look."""
        attempts = counts.canary.rows + counts.refused
        return self._is_due(last, attempts=attempts, labelled=counts.labelled, now=now)

    def _is_due(self, last: Look | None, *, attempts: int, labelled: int, now: datetime) -> bool:
        policy = self.project.config.rollout
        return is_due(
            last,
            since=self.since,
            attempts=attempts,
            labelled=labelled,
            elapsed_s=self.elapsed_s(now),
            min_time_s=policy.min_time_s,
            max_time_s=policy.max_time_s,
        )

    def act(self, decision: Decision, *, is_new: bool = True) -> RolloutLook:
        """Do what was decided about this canary, and no other."""
        store, digest = self.project.store, self.canary.digest
        writer, reason = store.catalog.writer(ACTOR), "; ".join(decision.reasons)
        try:
            if decision.action == "promote":
                promote(
                    store,
                    self.model,
                    reason=reason,
                    writer=writer,
                    canary=digest,
                    check=lambda found: check_serves(self.project, found),
                )
            elif decision.action == "roll back":
                rollback(store, self.model, reason=reason, writer=writer, canary=digest)
            else:
                return self.told(decision, is_new=is_new)
        except Fenced as error:
            return self.told(
                decision, is_new=is_new, error=f"somebody else was first: {error.what}"
            )
        return self.told(decision, is_new=is_new, done=_DONE[decision.action])

    def told(
        self, decision: Decision, *, is_new: bool = True, done: str = "", error: str = ""
    ) -> RolloutLook:
        """Return how it stands."""
        return RolloutLook(
            model=self.model,
            live=self.live.name,
            canary=self.canary.name,
            share=self.rolling.rollout.share,
            began=self.began,
            since=self.since,
            decision=decision,
            is_new=is_new,
            done=done,
            error=error,
        )


def _share_since(project: Project, rollout: Rollout) -> str:
    """Return since when this canary has had this share beside this live crossing."""
    store = project.store
    since = ""
    for move in reversed(store.catalog.moves(rollout_pointer(rollout.model_name))):
        then = None if move.target is None else store.record(move.target, Rollout)
        same = then is not None and (then.live, then.canary, then.share) == (
            rollout.live,
            rollout.canary,
            rollout.share,
        )
        if not same:
            break
        since = move.at
    return since


def _plain(moment: str) -> str:
    """Return an ISO 8601 time of the record as SQL has it: UTC, without a zone."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
