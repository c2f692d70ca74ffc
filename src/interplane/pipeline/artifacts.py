"""Artifacts: a closed, extensible set of kinds, each with its codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import UnknownArtifact, UnknownName
from interplane.pipeline.codecs.arrays import ArrayCodec
from interplane.pipeline.codecs.attached import FigureCodec, FilesCodec
from interplane.pipeline.codecs.frames import FrameCodec, TableCodec
from interplane.pipeline.codecs.learned import (
    EvaluationCodec,
    FrozenCodec,
    ModelCodec,
    VerdictCodec,
)
from interplane.pipeline.codecs.plain import DataclassCodec, JsonCodec
from interplane.pipeline.codecs.ports import Loading, Saving
from interplane.pipeline.codecs.wants import ANYTHING
from interplane.record import Artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from interplane.pipeline.codecs.ports import Codec
    from interplane.pipeline.codecs.wants import Want
    from interplane.storage.draft import Draft
    from interplane.storage.store import Store

__all__ = ["CODECS", "Artifacts"]

CODECS: Final[Sequence[Codec]] = (
    JsonCodec(),
    TableCodec(),
    FrameCodec(),
    ArrayCodec(),
    FrozenCodec(),
    ModelCodec(),
    EvaluationCodec(),
    VerdictCodec(),
    FigureCodec(),
    FilesCodec(),
    DataclassCodec(),
)
"""Every kind of artifact, asked in this order."""

_WORDS: Final = (
    "a Table, a pandas, Polars or Arrow frame, a NumPy array, a JSON value, Frozen, a Model, an "
    "Evaluation, a Verdict, a figure, files (a Path), or a dataclass of these"
)
_HINTS: Final = {
    "generator": "Return list(...) of it",
    "coroutine": "A step is a plain function: take the async away",
    "Series": "Return its .to_frame()",
    "LazyFrame": "Return its .collect()",
    "Booster": "Return interplane.Model(booster, features=frozen)",
    "DuckDBPyRelation": "Return its .to_arrow_table(), or use Table.sql",
}


class Artifacts:
    """Saves what steps return, and loads what they receive.

    Args:
        store: the workspace.
        codecs: the kinds that there are.
    """

    def __init__(self, store: Store, *, codecs: Sequence[Codec] = CODECS) -> None:
        self._store = store
        self._codecs = codecs
        self._by_kind = {codec.kind: codec for codec in codecs}

    def save(self, value: Any, draft: Draft, *, place: str) -> Artifact:
        """Put a value's bytes into a draft (large ones into the blobs, at once).

        Args:
            value: what a step returned.
            draft: what the next commit will write.
            place: what to call it in a message, for example ``output 'x' of step 'fitted'``.

        Raises:
            UnknownArtifact: if no codec takes the value, or it would not come back as it is.
        """
        saving = Saving(draft, self._store, self._describe)
        codec = self._codec_of(value, place)
        described, summary = codec.save(value, saving, place)
        # The order of a dict is part of the value, so this is no canonical JSON.
        body = msgspec.json.encode({"kind": codec.kind, **described})
        digest = draft.put(body)
        return Artifact(kind=codec.kind, digest=digest, blobs=tuple(saving.blobs), summary=summary)

    def load(
        self, artifact: Artifact, *, scratch: Callable[[], Path], want: Want = ANYTHING
    ) -> Any:
        """Make a new value of an artifact, in the form that is wanted.

        Args:
            artifact: which one.
            scratch: makes an empty folder that lives as long as the value is needed.
            want: the form.

        Raises:
            UnknownArtifact: if it cannot take that form.
        """
        loading = Loading(self._store, scratch, self._restore)
        return self._restore(self.describe(artifact), want, loading)

    def describe(self, artifact: Artifact) -> dict[str, Any]:
        """Return an artifact's description: plain JSON values that name its bytes."""
        description: dict[str, Any] = msgspec.json.decode(self._store.read(artifact.digest))
        return description

    def _describe(self, value: Any, place: str, saving: Saving) -> dict[str, Any]:
        codec = self._codec_of(value, place)
        return {"kind": codec.kind, **codec.save(value, saving, place)[0]}

    def _restore(self, description: dict[str, Any], want: Want, loading: Loading) -> Any:
        kind = description["kind"]
        if kind not in self._by_kind:
            raise UnknownName.of(
                "kind of artifact",
                kind,
                self._by_kind,
                do="A newer Interplane may know it: upgrade",
            )
        rest = {key: item for key, item in description.items() if key != "kind"}
        return self._by_kind[kind].load(rest, want, loading)

    def _codec_of(self, value: Any, place: str) -> Codec:
        for codec in self._codecs:
            if codec.takes(value):
                return codec
        kind = type(value)
        raise UnknownArtifact(
            f"{place} is a {kind.__module__}.{kind.__qualname__}",
            expected=_WORDS,
            do=_HINTS.get(kind.__name__, "Return its data in one of these forms"),
            type=f"{kind.__module__}.{kind.__qualname__}",
        )
