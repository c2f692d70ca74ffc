"""The summer in one screen: what was noticed, what started by itself, what answered, how well."""

from __future__ import annotations

import interplane as ip
from interplane.evaluation.metrics import compute
from interplane.project.journal import open_journal
from interplane.project.predictions import crossing_names
from interplane.project.watch_report import alert_words

MODEL = "flights"
WIDTH = 100


def say(when: str, what: str) -> None:
    """Print one line, cut to the screen."""
    text = what if len(what) <= WIDTH else f"{what[: WIDTH - 1]}…"
    print(f"  {when:<10} {text}")


def noticed(project: ip.Project) -> None:
    """The alerts of late flights, and the run that the first one started."""
    journal = open_journal(project)
    alerts = sorted(journal.alerts(), key=lambda alert: alert.opened.begin_us)
    late = [alert for alert in alerts if alert.cell.rule == "late-flights"]
    worst = max(late, key=lambda alert: alert.worst.effect)
    firings = journal.firings()
    runs = [firing for firing in firings if firing.state == "done"]
    journal.close()
    print(f"\nNoticed: {len(alerts)} alerts, {len(late)} of them of late flights")
    say("first", alert_words(late[0]))
    say("worst", alert_words(worst))
    print(f"\nStarted by itself: {len(runs)} of {len(firings)} firings, the others soon after it")
    for firing in runs:
        say("", f"{firing.trigger}: {firing.reason}, run {str(firing.run)[:12]}")


def answered(project: ip.Project) -> None:
    """Each move of what answers, and how well each crossing did on what it answered."""
    names = {None: "-"} | crossing_names(project.store, MODEL)
    print("\nMoved")
    for move in project.deployments(MODEL):
        others = [("canary", move.canary, f" {move.share:.0%}"), ("shadow", move.shadow, "")]
        beside = [f", {what} {names[digest]}{more}" for what, digest, more in others if digest]
        say(move.actor, f"{names[move.live]} live{''.join(beside)}: {move.reason}")
    rows = project.matched(MODEL).select("crossing", "score", "outcome")
    known = rows.sql("FROM self WHERE outcome IS NOT NULL")
    print(
        f"\nAnswered: {rows.rows:,} flights, {known.rows / rows.rows:.1%} of them landed as planned"
    )
    for digest in sorted(set(known.column("crossing").to_pylist()), key=names.get):
        part = known.sql(
            f"SELECT outcome::DOUBLE AS label, score FROM self WHERE crossing = '{digest}'"
        )
        labels, scores = (part.column(name).to_numpy() for name in ("label", "score"))
        auc = compute("roc_auc", labels, scores)
        say(names[digest], f"{len(labels):,} landed, {labels.mean():.0%} late, AUC {auc:.3f}")


def main() -> None:
    """Tell it."""
    project = ip.Project.find()
    noticed(project)
    answered(project)


if __name__ == "__main__":
    main()
