"""NumPy arrays: the .npy format, without objects."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from interplane.errors import UnknownArtifact
from interplane.pipeline.codecs.ports import is_a
from interplane.pipeline.codecs.wants import refuse_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.codecs.ports import Loading, Saving
    from interplane.pipeline.codecs.wants import Want

__all__ = ["ArrayCodec"]


class ArrayCodec:
    """A NumPy array of numbers, texts or times."""

    kind = "array"

    def takes(self, value: Any) -> bool:
        """Return whether it is a plain array."""
        return is_a(value, "numpy", "ndarray")

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Store the array in row order.

        Raises:
            UnknownArtifact: for an array of objects, a masked array or a matrix.
        """
        import numpy as np

        if type(value) is not np.ndarray or value.dtype.hasobject:
            kind = "an array of objects" if value.dtype.hasobject else f"a {type(value).__name__}"
            raise UnknownArtifact(
                f"{place} is {kind}",
                expected="a plain NumPy array of numbers, texts or times",
                do="Give it such a dtype, for example array.astype(float) or array.astype(str)",
            )
        sink = io.BytesIO()
        np.save(sink, np.asarray(value, order="C"), allow_pickle=False)
        words = f"{value.dtype} {' by '.join(str(size) for size in value.shape) or 'scalar'}"
        return {"data": to.put(sink.getvalue())}, words

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return a new array that its receiver may change."""
        import numpy as np

        array = np.load(io.BytesIO(source.read(description["data"])), allow_pickle=False)
        if want.form not in {"any", "numpy"}:
            raise refuse_form(want, f"an array {array.dtype} of shape {array.shape}")
        return array
