"""Canaries of a project: looked at as rows come in, decided about, and what was decided carried out.

Both groups are what was answered since the canary's share became what it is: while it grows, a canary
gets more of the later rows, and would be compared with earlier ones. A request that the canary could
not answer counts against it, and for neither of the two as a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from interplane.errors import Fenced, InterplaneError, Unconfirmed
from interplane.monitoring.canary import Decision, decide
from interplane.monitoring.looks import LOOKS, Look, Looks, is_due
from interplane.project.canary_counts import CanaryCounts, CanaryRows, share_since
from interplane.project.canary_skew import audit_text, audited_skew, known_skew
from interplane.project.crossings import find_crossing
from interplane.project.deployment import promote, rollback
from interplane.project.rollouts import check_model, find_rollout
from interplane.project.serving import check_serves
from interplane.record.base import Value

if TYPE_CHECKING:
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
        error: why what was decided was not done: somebody else was first, or a person has to agree.
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

    def _repr_html_(self) -> str:
        from interplane.project.cards.rollouts import rollout_html

        return rollout_html(self)


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
    counts = found.rows.count()
    decision = found.judge(
        counts, number, now or datetime.now(UTC), skewed=known_skew(project, found.canary)
    )
    return found.told(decision)


@dataclass(frozen=True)
class _Rollout:
    """A canary that is under way."""

    project: Project
    rolling: Rolling
    live: Recorded
    canary: Recorded
    began: str
    rows: CanaryRows

    @classmethod
    def find(cls, project: Project, model: str) -> _Rollout | None:
        """Return the canary of a model that is under way, or None."""
        rolling = find_rollout(project.store, model)
        if rolling is None or rolling.rollout.canary is None:
            return None
        store, rollout = project.store, rolling.rollout
        live, canary = (
            find_crossing(store, each) for each in (rollout.live, rolling.rollout.canary)
        )
        return cls(
            project=project,
            rolling=rolling,
            live=live,
            canary=canary,
            began=rolling.canary_since or rolling.since,
            rows=CanaryRows(project, live, canary.digest, share_since(store, rollout)),
        )

    @property
    def model(self) -> str:
        """The model."""
        return self.rolling.rollout.model_name

    # ---- looking ----------------------------------------------------------------------------

    def judge(
        self, counts: CanaryCounts, number: int, now: datetime, *, skewed: str = ""
    ) -> Decision:
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

    # ---- deciding ---------------------------------------------------------------------------

    def decide(self, looks: Looks, now: datetime) -> RolloutLook:
        """Look if it is worth it, keep the look, and do what was decided."""
        last = looks.find_last(self.model, self.canary.digest, self.began)
        if last is not None and last.decision.action == "roll back":
            return self.as_before(last)
        outcomes = self.rows.newest_outcome()
        if last is not None and outcomes == last.outcomes:
            # No outcome is new: a small question tells whether anything else is.
            attempts = self.rows.attempts()
            if not self._is_due(last, attempts=attempts, labelled=last.labelled, now=now):
                return self.as_before(last)
        counts = self.rows.count()
        number = 1 if last is None else last.decision.look + 1
        if not self.is_due(counts, last, now):
            if last is not None:
                return self.as_before(last)
            return self.told(self.judge(counts, number, now), is_new=False)
        decision = self.judge(counts, number, now)
        if decision.action == "promote":
            skewed = audited_skew(self.project, self.canary, seed=number, actor=ACTOR)
            decision = self.judge(counts, number, now, skewed=skewed)
            said = audit_text(self.project, self.canary)
            decision = replace(decision, reasons=(*decision.reasons, said))
        look = Look(
            model=self.model,
            canary=self.canary.digest,
            began=self.began,
            since=self.rows.since,
            at=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            labelled=counts.labelled,
            outcomes=outcomes,
            decision=decision,
        )
        if not looks.put(look):
            other = looks.find_last(self.model, self.canary.digest, self.began)
            return self.told(decision if other is None else other.decision, is_new=False)
        return self.act(decision)

    def as_before(self, last: Look) -> RolloutLook:
        """Do what the last look decided: whoever decided was killed, or could not.

        A promotion stands only as long as there is nothing new to look at: what was answered since
        may be harm.
        """
        if last.decision.action == "go on":
            return self.told(last.decision, is_new=False)
        return self.act(last.decision, is_new=False)

    def is_due(self, counts: CanaryCounts, last: Look | None, now: datetime) -> bool:
        """Return whether it is worth another look."""
        attempts = counts.canary.rows + counts.refused
        return self._is_due(last, attempts=attempts, labelled=counts.labelled, now=now)

    def _is_due(self, last: Look | None, *, attempts: int, labelled: int, now: datetime) -> bool:
        policy = self.project.config.rollout
        return is_due(
            last,
            since=self.rows.since,
            attempts=attempts,
            labelled=labelled,
            elapsed_s=self.elapsed_s(now),
            min_time_s=policy.min_time_s,
            max_time_s=policy.max_time_s,
        )

    def act(self, decision: Decision, *, is_new: bool = True) -> RolloutLook:
        """Do what was decided about this canary, and no other."""
        store, digest = self.project.store, self.canary.digest
        writer, reason = store.catalog.writer(ACTOR), _in_short(decision)
        try:
            if decision.action == "promote":
                promote(
                    store,
                    self.model,
                    reason=reason,
                    writer=writer,
                    canary=digest,
                    check=lambda found: check_serves(self.project, found),
                    approval=self.project.config.approval,
                    is_person=False,
                )
            elif decision.action == "roll back":
                rollback(store, self.model, reason=reason, writer=writer, canary=digest)
            else:
                return self.told(decision, is_new=is_new)
        except Unconfirmed as error:
            return self.told(decision, is_new=is_new, error=error.what)
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
            since=self.rows.since,
            decision=decision,
            is_new=is_new,
            done=done,
            error=error,
        )


def _in_short(decision: Decision) -> str:
    """Return why, for the record of moves: what decided and what was harmed; the look has the rest."""
    first, *others = decision.reasons
    fine = {found.name for found in decision.criteria if found.state != "harmed"}
    kept = [text for text in others if text.partition(":")[0] not in fine]
    rows = f"{decision.rows:,} answers beside {decision.live_rows:,}"
    return "; ".join((f"{rows}: {first}", *kept))
