"""What one request to a model must look like. Standard library and msgspec only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from interplane.errors import RequestRejected, UnknownName, did_you_mean
from interplane.record.base import Value, Versioned
from interplane.record.json_values import EXPECTED, READERS, Misfit, rejected
from interplane.record.tables import Type

if TYPE_CHECKING:
    from interplane.data.table import Table

__all__ = ["Field", "RequestSchema"]

_JSON_TYPES: Final[Mapping[Type, dict[str, Any]]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


class FrozenColumns(Protocol):
    """What a request schema asks of frozen features."""

    @property
    def inputs(self) -> Mapping[str, Type]:
        """The columns that the features read."""
        ...

    @property
    def by(self) -> tuple[str, ...]:
        """The columns that feature views are looked up by."""
        ...

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row."""
        ...

    @property
    def time(self) -> str | None:
        """The column of the prediction time."""
        ...

    @property
    def context(self) -> tuple[str, ...]:
        """The columns that are logged and sliced by."""
        ...


class Field(Value, frozen=True, kw_only=True):
    """A column of a request.

    Attributes:
        name: its name.
        type: its type; see `record.json_values` for what each takes.
        nullable: whether null is taken: it is where the training rows had one.
        required: whether it must be there. What the model reads, or is looked up by, must: a column
            that a client forgot would be a null that nobody meant.
    """

    name: str
    type: Type
    nullable: bool
    required: bool


class RequestSchema(Versioned, frozen=True, kw_only=True):
    """The columns of a request: what the model reads, and what is only logged.

    Attributes:
        fields: the columns, the model's inputs first.
        inputs: how many of them the model reads.
        key: the columns that name a row, so that outcomes find it.
        time: the column of the prediction time; without one it is the server's clock.
        context: the columns that are logged and sliced by.

    >>> schema = RequestSchema(
    ...     fields=(Field(name="distance", type="float", nullable=False, required=True),), inputs=1
    ... )
    >>> schema.decode({"distance": 1400})
    {'distance': 1400.0}
    >>> schema.decode({"distance": "far"})
    Traceback (most recent call last):
    ...
    interplane.errors.RequestRejected: 'far' at $.distance. Expected a finite number. Correct the request.
    """

    fields: tuple[Field, ...]
    inputs: int
    key: tuple[str, ...] = ()
    time: str | None = None
    context: tuple[str, ...] = ()

    @classmethod
    def of(cls, frozen: FrozenColumns, training: Table, *, optional: Iterable[str] = ()) -> Self:
        """Derive the schema from frozen features and the rows that they were fitted on.

        Args:
            frozen: says which columns there are.
            training: says the types, and which of them were ever null.
            optional: inputs that a request may leave out; they are null then.

        Raises:
            UnknownName: if the training rows lack a column, or an optional one is no input.
        """
        left_out = frozenset(optional)
        for name in left_out:
            if name not in frozen.inputs:
                raise UnknownName.of("input", name, frozen.inputs, where="the features")
        by = [name for name in frozen.by if name not in frozen.inputs]
        named = [*frozen.key, *([frozen.time] if frozen.time else []), *frozen.context]
        logged = [name for name in dict.fromkeys(named) if name not in {*frozen.inputs, *by}]
        inputs = [
            Field(
                name=name,
                type=kind,
                nullable=name in left_out or _has_null(training, name),
                required=name not in left_out,
            )
            for name, kind in frozen.inputs.items()
        ]
        others = [
            Field(
                name=name,
                type=_type(training, name),
                nullable=name not in by or _has_null(training, name),
                required=name in by,
            )
            for name in (*by, *logged)
        ]
        return cls(
            fields=(*inputs, *others),
            inputs=len(inputs),
            key=tuple(frozen.key),
            time=frozen.time,
            context=tuple(frozen.context),
        )

    def decode(self, request: Any, *, at: str = "$") -> dict[str, Any]:
        """Return a request's values by column, each exactly as its type has it.

        Every column of the schema is in the result; what was rightly left out is None. Times are
        UTC without a time zone.

        Args:
            request: a JSON object.
            at: the path of the request, for messages; ``$[3]`` for the fourth of a batch.

        Raises:
            RequestRejected: with the path of the value and what was expected.
        """
        if not isinstance(request, Mapping):
            raise rejected(request, at, expected="an object with a value per column")
        decoded = {field.name: _decode(field, request, at) for field in self.fields}
        if len(request) > len(decoded) or any(name not in decoded for name in request):
            raise self._unknown(request, at)
        return decoded

    def to_json_schema(self) -> dict[str, Any]:
        """Return the schema as JSON Schema says it, for clients."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {field.name: _json_type(field) for field in self.fields},
            "required": [field.name for field in self.fields if field.required],
            "additionalProperties": False,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read a schema from its JSON form.

        Raises:
            DataError: if it is none, or of a newer format.
        """
        return cls.read(
            plain,
            what="the request schema",
            made_by="RequestSchema.to_dict",
            do="Derive it again from the features",
        )

    def _unknown(self, request: Mapping[Any, Any], at: str) -> RequestRejected:
        known = [field.name for field in self.fields]
        name = next(name for name in request if name not in known)
        shown = name if isinstance(name, str) and len(name) <= 60 else f"{name!r:.60}"
        return RequestRejected(
            f"the request has {shown!r} at {at}, which the model does not know",
            expected=f"only {', '.join(known)}",
            do=f"{did_you_mean(shown, known)}Leave out what the schema does not name",
            path=f"{at}.{shown}",
        )


def _decode(field: Field, request: Mapping[str, Any], at: str) -> Any:
    value = request.get(field.name)
    if value is not None:
        try:
            return READERS[field.type](value)
        except Misfit as misfit:
            raise rejected(
                value, f"{at}.{field.name}", expected=_expected(field), why=str(misfit)
            ) from misfit
    if field.name in request:
        if field.nullable:
            return None
        raise RequestRejected(
            f"null at {at}.{field.name}, which was never null where the model learned",
            expected=EXPECTED[field.type],
            do="Give the value",
            path=f"{at}.{field.name}",
        )
    if field.required:
        raise RequestRejected(
            f"{at}.{field.name} is missing",
            expected=_expected(field),
            do="Give null where it is not known" if field.nullable else "Give the value",
            path=f"{at}.{field.name}",
        )
    return None


def _expected(field: Field) -> str:
    return f"{EXPECTED[field.type]}{', or null' if field.nullable else ''}"


def _json_type(field: Field) -> dict[str, Any]:
    plain = dict(_JSON_TYPES[field.type])
    if field.nullable:
        plain["type"] = [plain["type"], "null"]
    return plain


def _type(training: Table, name: str) -> Type:
    if name not in training.types:
        raise UnknownName.of("column", name, training.types, where="the training rows")
    return training.types[name]


def _has_null(training: Table, name: str) -> bool:
    _type(training, name)
    nulls = training.column(name).is_null(nan_is_null=training.types[name] == "float")
    return any(chunk.true_count for chunk in nulls.chunks)
