"""What is learned and what is found about it: frozen features, models, evaluations, verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from interplane.pipeline.codecs.ports import is_a
from interplane.pipeline.codecs.wants import ANYTHING, refuse_form
from interplane.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.codecs.ports import Loading, Saving
    from interplane.pipeline.codecs.wants import Want

__all__ = ["EvaluationCodec", "FrozenCodec", "ModelCodec", "VerdictCodec"]


class FrozenCodec:
    """Frozen features, in their own JSON form; the keys of their training rows lie beside it."""

    kind = "frozen"

    def takes(self, value: Any) -> bool:
        """Return whether it is a `Frozen`."""
        return is_a(value, "interplane.features.frozen", "Frozen")

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Describe the features, and put the keys that they remember."""
        del place
        description: dict[str, Any] = {"frozen": value.to_dict()}
        if value.read_seen is not None and value.training.seen:
            description["seen"] = [to.put(value.read_seen(each)) for each in value.training.seen]
        return description, value.summary

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return the features; nothing of them is run, and keys are read when they are asked for."""
        from interplane.features.frozen import Frozen

        _refuse_other(want, Frozen, "frozen features")
        frozen = Frozen.from_dict(description["frozen"])
        if "seen" not in description:  # no key, or features that came without the sets
            return frozen
        return frozen.with_seen(lambda seen: source.read(seen.digest))


class ModelCodec:
    """A model: its flavor's own files, and its frozen features."""

    kind = "model"

    def takes(self, value: Any) -> bool:
        """Return whether it is a `Model`."""
        return is_a(value, "interplane.models.model", "Model")

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Put the files, and describe the features."""
        description, files = value.save()
        for data in files.values():
            to.put(data)
        frozen = msgspec.json.encode(to.inner(value.features, f"{place}.features"))
        words = f"{description['flavor']}, {len(description['feature_names'])} features"
        return {"model": description, "frozen": to.put(frozen)}, words

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return the model, loaded from its files."""
        from interplane.models.model import Model

        _refuse_other(want, Model, "a model")
        model = description["model"]
        files = {name: source.read(digest) for name, digest in model["files"].items()}
        frozen = msgspec.json.decode(source.read(description["frozen"]))
        return Model.load(model, files, source.inner(frozen, ANYTHING))


class EvaluationCodec:
    """An evaluation."""

    kind = "evaluation"

    def takes(self, value: Any) -> bool:
        """Return whether it is an `Evaluation`."""
        return is_a(value, "interplane.evaluation.evaluation", "Evaluation")

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Describe the figures."""
        del to, place
        metrics = value.overall.metrics
        words = ", ".join(f"{name} {metric.value:.4g}" for name, metric in metrics.items())
        return {"evaluation": value.to_dict()}, words

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return the evaluation."""
        from interplane.evaluation.evaluation import Evaluation

        del source
        _refuse_other(want, Evaluation, "an evaluation")
        return Evaluation.from_dict(description["evaluation"])


class VerdictCodec:
    """A verdict."""

    kind = "verdict"

    def takes(self, value: Any) -> bool:
        """Return whether it is a `Verdict`."""
        return isinstance(value, Verdict)

    def save(self, value: Verdict, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Describe the rules and what they found."""
        del to, place
        return {"verdict": value.to_dict()}, value.to_text().partition("\n")[0]

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Verdict:
        """Return the verdict."""
        del source
        _refuse_other(want, Verdict, "a verdict")
        return msgspec.convert(description["verdict"], Verdict)


def _refuse_other(want: Want, kind: type, found: str) -> None:
    if want.form == "any" or (want.form == "other" and want.annotation is kind):
        return
    if want.form == "other" and not want.annotation.__module__.startswith("interplane."):
        return  # a protocol or a base class of the project's own
    raise refuse_form(want, found)
