"""In what form a step wants an input: its parameter's annotation, understood without imports."""

from __future__ import annotations

import dataclasses
import types
import typing
from pathlib import PurePath
from typing import Any, Final, Literal, NamedTuple

from interplane.errors import UnknownArtifact

__all__ = ["ANYTHING", "Form", "Want", "refuse_form"]

Form = Literal[
    "any", "table", "pandas", "polars", "arrow", "numpy", "path", "files", "dataclass", "other"
]

_FORMS: Final[dict[tuple[str, str], Form]] = {
    ("interplane", "Table"): "table",
    ("interplane", "Files"): "files",
    ("pandas", "DataFrame"): "pandas",
    ("polars", "DataFrame"): "polars",
    ("pyarrow", "Table"): "arrow",
    ("numpy", "ndarray"): "numpy",
}
WORDS: Final[dict[Form, str]] = {
    "table": "interplane.Table",
    "pandas": "pandas.DataFrame",
    "polars": "polars.DataFrame",
    "arrow": "pyarrow.Table",
    "numpy": "numpy.ndarray",
    "path": "pathlib.Path",
    "files": "interplane.Files",
}
"""The forms that an annotation can ask for, as a person writes them."""


class Want(NamedTuple):
    """What a step wants: a form, the annotation that says so, and whose input it is.

    >>> import numpy as np
    >>> Want.of(np.ndarray).form, Want.of(int).form, Want.of(None).form
    ('numpy', 'other', 'any')
    """

    form: Form
    annotation: Any = None
    place: str = "an input"

    @classmethod
    def of(cls, annotation: Any, place: str = "an input") -> Want:
        """Understand an annotation; ``X | None`` is X."""
        if annotation in {None, Any, object}:
            return cls("any", None, place)
        origin = typing.get_origin(annotation)
        if origin in {typing.Union, types.UnionType}:
            kinds = [item for item in typing.get_args(annotation) if item is not type(None)]
            return cls.of(kinds[0], place) if len(kinds) == 1 else cls("any", None, place)
        if origin is typing.Annotated:
            return cls.of(typing.get_args(annotation)[0], place)
        kind = origin if isinstance(origin, type) else annotation
        if not isinstance(kind, type):
            return cls("any", None, place)
        return cls(_form(kind), kind, place)


ANYTHING: Final = Want("any")


def _form(kind: type) -> Form:
    named = _FORMS.get((kind.__module__.partition(".")[0], kind.__name__))
    if named is not None:
        return named
    if issubclass(kind, PurePath):
        return "path"
    if dataclasses.is_dataclass(kind) and not kind.__module__.startswith("interplane."):
        return "dataclass"
    return "other"


def refuse_form(want: Want, found: str) -> UnknownArtifact:
    """Return the error for an input that cannot take the form of its annotation."""
    wanted = WORDS.get(want.form) or getattr(want.annotation, "__qualname__", str(want.annotation))
    return UnknownArtifact(
        f"{want.place} is annotated with {wanted} and receives {found}",
        expected=f"what can become a {wanted}",
        do="Change the annotation, or what the step before it returns",
    )
