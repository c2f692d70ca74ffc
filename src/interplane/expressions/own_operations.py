"""Operations of a user's own: with both twins, proved against each other when they are registered.

Stored features name such an operation with the digest of its definition: its SQL, the syntax of its
Python function and of what that reads, and its types. They hold no code. Who reads them has to have
registered the operation, by importing the module that declares it, and is refused where it is
missing or another one.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError, did_you_mean
from interplane.expressions.form import Form, Operation, Option
from interplane.expressions.own_twins import checked, engine_template, function_of_template
from interplane.expressions.settings import check_text
from interplane.record.digests import digest_value, is_digest, short
from interplane.record.refs import check_name
from interplane.record.tables import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interplane.expressions.expr import Expr
    from interplane.expressions.nodes import Constant
    from interplane.record import Digest, Type

__all__ = [
    "PREFIX",
    "OwnOperation",
    "find_own",
    "known_own",
    "operation",
    "other_definition",
    "trusting",
    "when_missing",
]

PREFIX = "own."
"""What the names of such operations begin with in the JSON form."""

_REGISTERED: dict[str, OwnOperation] = {}
_PROVED: set[Digest] = set()
_SOURCES: dict[str, Callable[[], None]] = {}
_trusts: ContextVar[bool] = ContextVar("trusts", default=False)


@dataclass(frozen=True, eq=False)
class OwnOperation:
    """An operation that a project declared; called with expressions, it gives one.

    Attributes:
        name: its name.
        args: the types of its arguments.
        result: the type of its result.
        sql: its DuckDB template.
        template: its Python template, where it has one.
        function: its Python function.
        doc: what it gives.
        values: for each argument, values that the proof tries beside its own.
    """

    name: str
    args: tuple[Type, ...]
    result: Type
    sql: str
    template: str | None
    function: Callable[..., Any]
    doc: str
    values: tuple[tuple[Constant, ...], ...] = ()

    @cached_property
    def definition(self) -> dict[str, Any]:
        """What it is, as plain values: what its digest is taken of."""
        from interplane.expressions.function_text import function_parts

        python = (
            {"function": function_parts(self.function)}
            if self.template is None
            else {"template": self.template}
        )
        return {
            "form": "interplane-operation",
            "version": 1,
            "name": self.name,
            "args": list(self.args),
            "result": self.result,
            "sql": self.sql,
            "python": python,
        }

    @cached_property
    def digest(self) -> Digest:
        """The name of its definition."""
        return digest_value(self.definition)

    @cached_property
    def row(self) -> Operation:
        """It as a row of the table of operations."""
        function = checked(self.name, self.function, self.result)
        places = ", ".join(f"{{{index}}}" for index in range(len(self.args)))
        return Operation(
            name=f"{PREFIX}{self.name}",
            group="Of one's own",
            written=f"{self.name}({', '.join(self.args)})",
            doc=self.doc,
            forms=(
                Form(
                    args=self.args,
                    result=self.result,
                    sql=engine_template(self.sql, len(self.args), self.result),
                    python=f"{{function}}({places})",
                    partial=True,
                    nan="always" if self.result == "float" else "never",
                    constants=lambda _: {"function": function},
                ),
            ),
            examples=(),
            options=(
                Option(
                    "definition",
                    f"the digest of the definition that is registered, {short(self.digest)}…",
                    lambda value, _: value == self.digest,
                    lambda _: (self.digest,),
                ),
            ),
        )

    def __call__(self, *args: Any) -> Expr:
        """Return its expression for these arguments: expressions, or constants beside them.

        Raises:
            ExpressionError: if they are not of its types.
        """
        from interplane.expressions.expr import Expr, literal, to_expr

        if len(args) != len(self.args) or not any(isinstance(arg, Expr) for arg in args):
            raise ExpressionError(
                f"{self.name} got {len(args)} arguments: {', '.join(f'{arg!r:.40}' for arg in args)}",
                expected=f"{len(self.args)} ({', '.join(self.args)}), expressions among them",
                do=f"Call {self.name}.function for plain values",
            )
        _prove_once(self)
        exprs = [
            literal(None, kind) if arg is None else to_expr(arg)
            for arg, kind in zip(args, self.args, strict=True)
        ]
        return exprs[0]._call(f"{PREFIX}{self.name}", *exprs[1:], definition=self.digest)  # noqa: SLF001

    def __repr__(self) -> str:
        return f"<operation {self.name}({', '.join(self.args)}) → {self.result}>"

    def __fingerprint__(self) -> dict[str, object]:
        """Return what a step that uses it depends on."""
        own: object = self.function if self.template is None else self.template
        return {"args": self.args, "result": self.result, "sql": self.sql, "python": own}


def operation(
    *misplaced: object,
    args: Sequence[Type] = (),
    result: Type | None = None,
    sql: str = "",
    python: str | None = None,
    name: str | None = None,
    doc: str | None = None,
    values: Sequence[Sequence[Constant]] = (),
) -> Any:
    """Declare an operation with both its twins: SQL for tables, Python for one row.

    It decorates the Python function; or takes a Python template, and a name. Null in, null out: both
    twins only ever see values, and either may give null. NaN is null. At least 10,000 random and
    special values of the types have to give the same bits in both, or the operation is refused with
    the first that do not. Neither twin may raise an error.

    Args:
        misplaced: nothing; it catches ``@operation`` without parentheses.
        args: the types of the arguments.
        result: the type of the result.
        sql: a DuckDB expression; ``{0}``, ``{1}`` … are the arguments (literal braces are doubled).
        python: a Python expression with the same places, instead of a function.
        name: its name; that of the function by default.
        doc: what it gives; the function's documentation by default.
        values: for each argument, values that it has to be tried on beside those of its type.

    Raises:
        ExpressionError: if a template is wrong, or the twins differ.

    >>> @operation(args=["str", "str"], result="int", sql="levenshtein({0}, {1})")
    ... def doctest_distance(one, other):
    ...     "The edit distance, in bytes."
    ...     row = list(range(len(other.encode()) + 1))
    ...     for place, letter in enumerate(one.encode(), 1):
    ...         before, row[0] = row[0], place
    ...         for index, found in enumerate(other.encode(), 1):
    ...             step = min(row[index] + 1, row[index - 1] + 1, before + (letter != found))
    ...             before, row[index] = row[index], step
    ...     return row[-1]
    >>> from interplane.expressions.expr import Row
    >>> doctest_distance(Row({"dest": "str"}).dest, "JFK")
    doctest_distance(dest, 'JFK')
    """
    if misplaced:
        raise ExpressionError(
            f"operation got {misplaced[0]!r:.80} without a name",
            expected="settings by name, in parentheses after the decorator",
            do='Write for example @ip.operation(args=["float"], result="float", sql="cbrt({0})")',
        )

    def declare(function: Callable[..., Any]) -> OwnOperation:
        own = OwnOperation(
            name=check_name(name or function.__name__, of="operation"),
            args=tuple(args),
            result=result,  # type: ignore[arg-type]
            sql=sql,
            template=python,
            function=function,
            doc=" ".join((doc or function.__doc__ or "").split()),
            values=_lists(values),
        )
        return _register(own)

    check_text(sql, "operation(sql=…)", "text", do='Write for example sql="{0} / 2"')
    _check_texts(name=name, doc=doc, python=python)
    if python is None:
        _check_types(name or "an operation", args, result)
        return declare
    _check_types(name or "an operation", args, result)
    if name is None:
        raise ExpressionError(
            f"the operation of the template {python!r:.80} has no name",
            expected="a name",
            do='Write for example ip.operation(name="half", …)',
        )
    return declare(function_of_template(name, python, len(args)))


@contextmanager
def trusting() -> Iterator[None]:
    """Register without proof inside: for who only reads features, whose digests say what was proved.

    A server has no engine to prove with. It compares digests.
    """
    token = _trusts.set(True)
    try:
        yield
    finally:
        _trusts.reset(token)


def when_missing(place: str, imports: Callable[[], None]) -> None:
    """Say how the operations of a project are imported, once stored features name one of them.

    Args:
        place: the project's folder.
        imports: imports the modules that declare them.
    """
    _SOURCES[place] = imports


def _import_missing() -> None:
    """Import what projects said, each once. Who reads compares digests, and needs no proof."""
    while _SOURCES:
        _, imports = _SOURCES.popitem()
        with trusting():
            imports()


def find_own(op: str) -> Operation:
    """Return the row of an operation of somebody's own by its name in the JSON form.

    Raises:
        ExpressionError: if it is not registered.
    """
    name = op.removeprefix(PREFIX)
    if name not in _REGISTERED:
        _import_missing()
    if name not in _REGISTERED:
        raise ExpressionError(
            f"the operation {name!r} is not registered here. "
            f"Registered: {', '.join(sorted(_REGISTERED)) or 'none'}",
            expected="the module that declares it, imported before features are read",
            do=f"{did_you_mean(name, _REGISTERED)}Name the module in the project file: "
            'operations = ["module"]',
            own=name,
        )
    return _REGISTERED[name].row


def known_own() -> dict[str, OwnOperation]:
    """Return the operations that are registered, by name."""
    return dict(_REGISTERED)


def other_definition(op: str, wanted: object) -> ExpressionError | None:
    """Return the error of features that were made with another definition, if these were."""
    own = _REGISTERED[op.removeprefix(PREFIX)]
    if wanted == own.digest or not isinstance(wanted, str) or not is_digest(wanted):
        return None
    return ExpressionError(
        f"the operation {own.name!r} that is registered here is another one: {short(own.digest)}, "
        f"and the features were made with {short(wanted)}",
        expected="the definition that the features were fitted and proved with",
        do="Go back to that version of the code, or fit and publish the features again",
        own=own.name,
    )


def _register(own: OwnOperation) -> OwnOperation:
    _check_sql(own)
    there = _REGISTERED.get(own.name)
    if there is not None and there.digest != own.digest and not _is_same_place(there, own):
        raise ExpressionError(
            f"there is another operation {own.name!r} already, declared in "
            f"{there.function.__module__ or 'a template'}",
            expected="one name for one operation",
            do="Rename one of them",
        )
    _prove_once(own)
    _REGISTERED[own.name] = own
    return own


def _prove_once(own: OwnOperation) -> None:
    if not _trusts.get() and own.digest not in _PROVED:
        from interplane.expressions.own_proof import prove

        prove(own)
        _PROVED.add(own.digest)


def _is_same_place(one: OwnOperation, other: OwnOperation) -> bool:
    """Whether both are the same line of code, written anew, as in a notebook."""
    places = [(each.function.__module__, each.function.__qualname__) for each in (one, other)]
    return None not in places[0] and places[0] == places[1]


def _lists(values: Any) -> tuple[tuple[Constant, ...], ...]:
    if isinstance(values, (list, tuple)) and all(isinstance(v, (list, tuple)) for v in values):
        return tuple(map(tuple, values))
    raise ExpressionError(
        f"an operation got values={values!r:.100}",
        expected="a list of values for each argument",
        do="Write for example values=[[0, 1], []] for two arguments",
    )


def _check_texts(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            check_text(value, f"operation({name}=…)", "text", do=f'Write for example {name}="half"')


def _check_types(name: str, args: Sequence[Type], result: Type | None) -> None:
    is_list = isinstance(args, (list, tuple)) and len(args) > 0
    kinds = [*args, result] if is_list else []
    if not is_list or not all(isinstance(kind, str) and kind in TYPES for kind in kinds):
        raise ExpressionError(
            f"{name} takes {args!r:.80} and gives {result!r:.40}",
            expected=f"args, a list of types, and result, one of {', '.join(TYPES)}",
            do='Write for example args=["str", "int"], result="float"',
        )


def _check_sql(own: OwnOperation) -> None:
    try:
        fields = [field for _, field, *_ in Formatter().parse(own.sql) if field is not None]
    except ValueError as error:
        fields = [f"? ({error})"]
    places = [str(index) for index in range(len(own.args))]
    if not own.sql.strip() or ";" in own.sql or set(fields) != set(places):
        raise ExpressionError(
            f"the SQL of the operation {own.name!r} is {own.sql!r:.200}",
            expected=f"one expression with the places {', '.join(f'{{{p}}}' for p in places)}",
            do="Mend it; a literal brace is written twice",
        )
    if len(own.values) not in {0, len(own.args)}:
        raise ExpressionError(
            f"the operation {own.name!r} has {len(own.values)} lists of values",
            expected=f"one for each of its {len(own.args)} arguments",
            do="Give an empty list for an argument without special values",
        )
    if not own.doc:
        raise ExpressionError(
            f"the operation {own.name!r} has no documentation",
            expected="a sentence that says what it gives, and when that is null",
            do="Give its function a docstring, or doc=",
        )
