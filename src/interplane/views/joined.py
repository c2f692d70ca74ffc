"""What every feature view is as it is written, whatever its values come from, and how it is joined."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.errors import NotFreezable, UsageError

if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.record import Type
    from interplane.views.derived import AnyUse

__all__ = [
    "Joined",
    "WrittenView",
    "column_of",
    "distinct",
    "joined_by",
    "named_features",
    "names_of",
]


def column_of(parameter: str, feature: str) -> str:
    """Return the column that a view's feature is, beside the columns of the row.

    >>> column_of("carrier", "late_rate_7d")
    'carrier.late_rate_7d'
    """
    return f"{parameter}.{feature}"


def _is_name(given: object) -> bool:
    return isinstance(given, str) and bool(given)


class WrittenView(ABC):
    """A feature view as written; ``by`` joins it to the rows of features, or to another view.

    Attributes:
        name: its name.
        entity: the columns that name the entity.
        sources: the names of all tables that its values come from.
    """

    name: str
    entity: tuple[str, ...]
    sources: tuple[str, ...]

    def by(self, *columns: str) -> Joined:
        """Join the view by these columns of the row, one for each that names the entity.

        Without any, by columns of the entity's own names.

        Raises:
            UsageError: if one is no name, or their number is not that of the entity's columns.
        """
        names = columns or self.entity
        unnamed = [column for column in names if not _is_name(column)]
        if unnamed:
            raise UsageError(
                f"{self.name}.by got {unnamed[0]!r:.80}",
                expected="the name of a column of the row, a text",
                do=f'Write for example {self.name}.by("{self.entity[0]}"); several names one after '
                "the other, not in a list",
            )
        if len(names) != len(self.entity):
            raise UsageError(
                f"{self.name}.by({', '.join(map(repr, columns))}) names {len(names)} column{'s' * (len(names) != 1)}",
                expected=f"one for each of {', '.join(self.entity)}",
                do="Name the row's column for each of them, in this order",
            )
        return Joined(self, names)

    @abstractmethod
    def use(self, types: Mapping[str, Mapping[str, Type]], by: tuple[str, ...]) -> AnyUse:
        """Return the view over its sources, joined by columns.

        Args:
            types: the types of the columns of each source, by its name.
            by: the columns that it is joined by.
        """

    def _check_entity(self) -> None:
        if not self.entity or len(set(self.entity)) != len(self.entity):
            raise UsageError(
                f"the feature view {self.name!r} has the entity {list(self.entity)}",
                expected="at least one column, each once",
                do='Write for example entity="carrier"',
            )


@dataclass(frozen=True)
class Joined:
    """A view as written, and the columns that it is joined by."""

    view: WrittenView
    by: tuple[str, ...]

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that uses this depends on."""
        return {"view": self.view, "by": self.by}


def names_of(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return one name, or several, as several.

    >>> names_of("carrier"), names_of(["origin", "carrier"])
    (('carrier',), ('origin', 'carrier'))
    """
    return (given,) if isinstance(given, str) else tuple(given)


def named_features(returned: Mapping[Any, Any], within: str) -> dict[str, Any]:
    """Return what a view's function returned, if its names can be those of features.

    Raises:
        NotFreezable: if one is no Python name, or is another one but for upper and lower case: the
            engine does not tell such columns apart.
    """
    found = {_name(name, within): value for name, value in returned.items()}
    alike = _alike(found)
    if alike is not None:
        raise NotFreezable(
            f"features of {within} are named {alike[0]!r} and {alike[1]!r}",
            expected="names that differ, also in lower case",
            do="Rename one of them",
            feature=alike[1],
        )
    return found


def _alike(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two names that differ by upper and lower case alone."""
    lower: dict[str, str] = {}
    for name in names:
        if lower.setdefault(name.lower(), name) != name:
            return lower[name.lower()], name
    return None


def _name(name: object, within: str) -> str:
    if isinstance(name, str) and name.isidentifier():
        return name
    raise NotFreezable(
        f"a feature of {within} is named {name!r}",
        expected="a Python name, as it is read by it: here.wind",
        do="Rename it",
    )


def distinct(joins: dict[str, Joined], within: str) -> dict[str, Joined]:
    """Return the views that the parameters of a written function are, if their columns can be told apart.

    Raises:
        NotFreezable: if two parameters differ by upper and lower case alone: the engine does not tell
            their columns apart.
    """
    alike = _alike(joins)
    if alike is not None:
        raise NotFreezable(
            f"parameters of {within} are named {alike[0]!r} and {alike[1]!r}",
            expected="names that differ, also in lower case",
            do="Rename one of them",
        )
    return joins


def joined_by(parameter: inspect.Parameter, within: str, *, expected: str, do: str) -> Joined:
    """Return the view that a parameter of a written function is, by its default.

    Args:
        parameter: the parameter.
        within: what it is a parameter of.
        expected: what a message says that it has to be.
        do: what a message says to do.

    Raises:
        NotFreezable: if its default is no view.
    """
    default = parameter.default
    if isinstance(default, Joined):
        return default
    if isinstance(default, WrittenView):
        return default.by()
    shown = "no default" if default is parameter.empty else f"the default {default!r:.80}"
    raise NotFreezable(
        f"the parameter {parameter.name!r} of {within} has {shown}", expected=expected, do=do
    )
