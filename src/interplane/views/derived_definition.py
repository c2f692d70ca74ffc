"""Where feature views of other views are written: a function from their features to named features."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interplane.errors import DataError, NotFreezable, UnknownName, UsageError
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Reduce
from interplane.expressions.places import called
from interplane.expressions.trees import parts_of
from interplane.expressions.windows import Windowed
from interplane.record import check_name
from interplane.views.derived import DEEPEST, LARGEST, Derived, DerivedUse, size_of
from interplane.views.joined import (
    Joined,
    WrittenView,
    column_of,
    distinct,
    joined_by,
    named_features,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.record import Type
    from interplane.views.derived import AnyUse

__all__ = ["DerivedFeatureView"]


class DerivedFeatureView(WrittenView):
    """A feature view of other views as written; ``by`` joins it like any other.

    Its parameters are the views, joined by columns that name its entity or, as in
    ``carrier_7d.by("latest.carrier")``, by a feature of a parameter before. The function itself stays
    callable as ``function``.
    """

    def __init__(
        self, function: Callable[..., Mapping[str, Any]], *, entity: tuple[str, ...]
    ) -> None:
        self.function = function
        self.name = check_name(getattr(function, "__name__", "view"), of="feature view")
        self.entity = entity
        self.__doc__ = function.__doc__
        self.parents = _parents(function, self.name)
        self.sources = tuple(
            dict.fromkeys(name for joined in self.parents.values() for name in joined.view.sources)
        )
        self._check_entity()

    def __repr__(self) -> str:
        views = ", ".join(joined.view.name for joined in self.parents.values())
        return f"<FeatureView {self.name} of {', '.join(self.entity)}, from the views {views}>"

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that uses this view depends on: the function, its views and settings."""
        return {"function": self.function, "entity": self.entity, "parents": self.parents}

    def use(self, types: Mapping[str, Mapping[str, Type]], by: tuple[str, ...]) -> AnyUse:
        """Return the view over its sources, joined by columns."""
        return DerivedUse(self.define(types), by)

    def define(self, types: Mapping[str, Mapping[str, Type]]) -> Derived:
        """Return the view over sources with columns of these types, by the source's name.

        Raises:
            UnknownName: if a parent is joined by something that is neither a column of the entity nor
                a feature of a parent before it, or a feature is read that a parent has not.
            DataError: if what a parent is joined by is of another type than the parent's entity.
            UsageError: if nothing is joined by a column of the entity.
            NotFreezable: if the function returns something that is no feature.
        """
        parents = {
            parameter: joined.view.use(types, joined.by)
            for parameter, joined in self.parents.items()
        }
        entity_types = self._entity_types(parents)
        rows = {
            parameter: Row(use.view.types, name=parameter, prefix=column_of(parameter, ""))
            for parameter, use in parents.items()
        }
        returned: Any = called(self.function, of=self.name, views=rows)
        if not isinstance(returned, Mapping) or not returned:
            first, name = next((p, n) for p, use in parents.items() for n in use.view.types)
            raise NotFreezable(
                f"{self.name} returned {returned!r:.80}",
                expected="a dict from feature names to expressions, with at least one",
                do=f'Return for example {{"{name}": {first}.{name}}}',
            )
        view = Derived(
            name=self.name,
            entity=self.entity,
            entity_types=entity_types,
            parents=parents,
            features={
                name: self._expression(name, value).node
                for name, value in named_features(returned, self.name).items()
            },
        )
        _check_size(view)
        return view

    def _entity_types(self, parents: Mapping[str, AnyUse]) -> tuple[Type, ...]:
        """Return the types of the entity's columns: those of what the parents are joined by."""
        there: dict[str, Type] = {}
        features: set[str] = set()
        for parameter, use in parents.items():
            for name, kind in zip(use.by, use.view.entity_types, strict=True):
                if name not in features and name not in self.entity:
                    raise UnknownName.of(
                        *("column", name, [*self.entity, *features]),
                        where=f"the entity of {self.name}",
                        do=f"{use.view.name} is joined by it: name a column of the entity, or a feature "
                        'of a parameter before it, as in by("latest.carrier")',
                    )
                if there.setdefault(name, kind) != kind:
                    raise DataError(
                        f"{name!r} is {there[name]}, and {parameter!r} of {self.name} is joined by it",
                        expected=f"{kind}, as it is in {use.view.name}",
                        do="Cast one of them in the step that makes the source",
                        column=name,
                    )
            for name, kind in use.view.types.items():
                features.add(column_of(parameter, name))
                there[column_of(parameter, name)] = kind
        if clashing := features & {*self.entity}:
            raise UsageError(
                f"the entity of {self.name} has the column {min(clashing)!r}",
                expected="another name than that of a parameter's feature",
                do="Rename the parameter, or the column",
            )
        for name in self.entity:
            if name not in there:
                raise UsageError(
                    f"no view that {self.name} stands on is joined by {name!r}, which names its entity",
                    expected="at least one",
                    do=f"Join one by it, or leave {name!r} out of entity=",
                )
        return tuple(there[name] for name in self.entity)

    def _expression(self, name: str, value: object) -> Expr:
        if isinstance(value, Windowed):
            raise NotFreezable(
                f"the feature {name!r} of {self.name} is {value!r:.200}, over a window of events that it "
                "has none of",
                expected="an expression of the views that it stands on",
                do="Make it a feature of a view with a source=, and take that as a parameter",
                feature=name,
            )
        if not isinstance(value, Expr):
            raise NotFreezable(
                f"the feature {name!r} of {self.name} is {value!r:.80}, of type "
                f"{type(value).__name__}",
                expected="an expression of the views that it stands on",
                do="Build it from the parameters; windows and statistics belong in a view of a source",
                feature=name,
            )
        for part in parts_of(value.node):
            if isinstance(part, Reduce):
                raise NotFreezable(
                    f"the feature {name!r} of {self.name} takes the {part.function} of the training rows",
                    expected="an expression of what is known of the entity",
                    do="Take statistics of training rows in the features of the model",
                    feature=name,
                )
        return value


def _parents(function: Callable[..., object], name: str) -> dict[str, Joined]:
    """Return the views that the parameters are."""
    parameters = inspect.signature(function).parameters.values()
    if not parameters:
        raise NotFreezable(
            f"the feature view {name} has no source, and takes no view",
            expected="source=, where its events come from, or parameters that are other views",
            do=f'Write for example def {name}(week=carrier_7d.by("carrier"))',
        )
    return distinct({each.name: _parent(each, name) for each in parameters}, name)


def _parent(parameter: inspect.Parameter, within: str) -> Joined:
    return joined_by(
        parameter,
        within,
        expected="another feature view: the view has no source, so each parameter is a view",
        do=f'Write for example {parameter.name}=carrier_7d.by("carrier"), or declare source=',
    )


def _check_size(view: Derived) -> None:
    if view.depth > DEEPEST or size_of(view) > LARGEST:
        raise UsageError(
            f"{view.depth} views stand on one another in {view.name}, with {size_of(view):,} look-ups",
            expected=f"at most {DEEPEST}, with {LARGEST} look-ups",
            do="Join views of sources directly",
        )
