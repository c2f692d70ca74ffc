"""Where features are written: one function from a row to named expressions, used everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MethodType
from typing import TYPE_CHECKING, Any, overload

from interplane.errors import NotFreezable, UnknownName, UsageError
from interplane.expressions.expr import Expr, Row
from interplane.expressions.places import called
from interplane.expressions.windows import Windowed
from interplane.features.encodings import OneHot
from interplane.features.joining import column_of
from interplane.features.spark.sessions import on_spark
from interplane.record.arguments import checked_methods, told
from interplane.views.joined import Joined, distinct, joined_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from pyspark.sql import DataFrame

    from interplane.data.table import Table
    from interplane.features.frozen import Frozen
    from interplane.record import Type
    from interplane.views.derived import AnyUse

__all__ = ["Features", "features"]


def features(
    *misplaced: object,
    label: str | None = None,
    time: str | None = None,
    key: Sequence[str] = (),
    context: Sequence[str] = (),
    known_at: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Mapping[str, Any]]], Features]:
    """Declare the features of a model; decorates a function from a row to named expressions.

    Further parameters of the function are feature views, joined by columns of the row:
    ``def flight_features(flight, carrier=carrier_history.by("carrier"))``.

    Args:
        label: the column to learn. Only `target_encode` may read it, out of fold.
        time: the column that holds the prediction time; views are looked up as of it.
        key: the columns that name a row; folds are drawn by it, and a fit remembers by it which rows
            it saw.
        context: columns that are logged and sliced by.
        known_at: for columns that are known only later, the column that says when:
            ``{"arr_delay": "landed_at"}``. A feature that reads one of them is refused at the fit
            where that is after the prediction time.
        misplaced: nothing; it catches ``@features`` without parentheses.

    >>> @features(label="late", key=["flight_id"])
    ... def flight_features(flight):
    ...     return {"distance": flight.distance.ln()}
    >>> flight_features
    <Features flight_features: label late>
    >>> flight_features.expressions({"flight_id": "int", "late": "bool", "distance": "float"})
    {'distance': distance.ln()}
    """
    if misplaced:
        raise UsageError(
            f"features got {misplaced[0]!r:.80} without a name",
            expected="settings by name, in parentheses after the decorator",
            do='Write for example @ip.features(label="late", key=["flight_id"])',
        )
    for name, value in (("key", key), ("context", context)):
        if isinstance(value, str):
            raise UsageError(
                f"{name}={value!r} is one string",
                expected="a list of column names",
                do=f"Write {name}=[{value!r}]",
            )

    def decorate(function: Callable[..., Mapping[str, Any]]) -> Features:
        return Features(
            function, label=label, time=time, key=key, context=context, known_at=known_at
        )

    return decorate


@checked_methods()
class Features:
    """Features as written: a function of one row, and which columns play which part.

    ``fit`` and ``fit_transform`` replace every statistic in them by its value on the training
    rows. The function itself stays callable as ``function``.
    """

    def __init__(
        self,
        function: Callable[..., Mapping[str, Any]],
        *,
        label: str | None = None,
        time: str | None = None,
        key: Sequence[str] = (),
        context: Sequence[str] = (),
        known_at: Mapping[str, str] | None = None,
    ) -> None:
        self.function = function
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self.label = label
        self.time = time
        self.key = tuple(key)
        self.context = tuple(context)
        self.known_at = dict(known_at or {})
        self.row_name, self.joins = _parameters(function, self.name)
        self._check_label()
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"<Features {self.name}: label {self.label or 'none'}>"

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that uses these features depends on: the function and settings."""
        return {
            "function": self.function,
            "label": self.label,
            "time": self.time,
            "key": self.key,
            "context": self.context,
            # Without it, features depend on what they always did.
            **({"known_at": self.known_at} if self.known_at else {}),
        }

    def expressions(
        self, types: Mapping[str, Type], uses: Mapping[str, AnyUse] | None = None
    ) -> dict[str, Expr | OneHot]:
        """Call the function with a row of these columns; return its features by their full names.

        A feature that is itself a mapping (`cyclic`) is spread out: ``hour`` with ``sin`` and
        ``cos`` becomes ``hour_sin`` and ``hour_cos``.

        Args:
            types: the columns of the row.
            uses: the views that its further parameters are.

        Raises:
            UnknownName: if a column that plays a part, or that a feature reads, is not there.
            NotFreezable: if the function returns something that is not a feature.
        """
        self._check_columns(types)
        for name, use in (uses or {}).items():
            if not hasattr(use, "view"):
                raise UsageError(
                    f"the view {name!r} is {told(use)}",
                    expected="a view over its source, with what it is joined by",
                    do="Call fit, which makes them of the sources",
                )
        views = {
            name: Row(use.view.types, name=name, prefix=column_of(name, ""))
            for name, use in (uses or {}).items()
        }
        row = Row(types, name=self.row_name)
        returned: Any = called(self.function, row, of=self.name, views=views)
        if not isinstance(returned, Mapping) or not returned:
            raise NotFreezable(
                f"{self.name} returned {returned!r:.80}",
                expected="a dict from feature names to expressions, with at least one",
                do=f'Return for example {{"distance": {self.row_name}.distance}}',
            )
        return dict(_flat(returned, within=self.name))

    @overload
    def fit(
        self, table: Table, *, sources: Mapping[str, Table] | None = None, fast: bool = False
    ) -> Frozen: ...

    @overload
    def fit(
        self, table: DataFrame, *, sources: Mapping[str, DataFrame] | None = None
    ) -> Frozen: ...

    def fit(
        self,
        table: Any,
        *,
        sources: Mapping[str, Any] | None = None,
        fast: bool = False,
    ) -> Frozen:
        """Compute every statistic on the rows of ``table`` and freeze the features.

        Args:
            table: the training rows; a Spark DataFrame is fitted on Spark (extra ``spark``), where
                docs/operations.md says how far each statistic agrees.
            sources: the table of each source that feature views read, by its name; all on Spark where
                ``table`` is.
            fast: use all threads: quicker on many rows, but two fits may differ in the last bit
                of a float. Recorded. A fit on Spark always does.
        """
        if on_spark(table, sources):
            from interplane.features.spark.fit import fit as fit_on_spark

            return fit_on_spark(self, table, sources=sources)
        from interplane.features.fit import fit

        return fit(self, table, sources=sources, fast=fast)

    @overload
    def fit_transform(
        self, table: Table, *, sources: Mapping[str, Table] | None = None, fast: bool = False
    ) -> tuple[Frozen, Table, np.ndarray[Any, Any]]: ...

    @overload
    def fit_transform(
        self, table: DataFrame, *, sources: Mapping[str, DataFrame] | None = None
    ) -> tuple[Frozen, DataFrame, str]: ...

    def fit_transform(
        self, table: Any, *, sources: Mapping[str, Any] | None = None, fast: bool = False
    ) -> tuple[Frozen, Any, Any]:
        """Fit, and return the frozen features with the training rows: features, and label.

        Only here are target encodings out of fold: a row's own label never reaches its features.
        Rows without a label are left out of both and counted in ``frozen.training``. The frozen
        features carry the proof that engine and row program agree on them.

        Of a Spark DataFrame the training rows are one, too: with the columns of the key, the label and
        the features of each row. The third thing returned is then the name of the label's column.
        """
        if on_spark(table, sources):
            from interplane.features.spark.fit import fit_transform as fitted

            return fitted(self, table, sources=sources)
        from interplane.features.fit import fit_transform

        return fit_transform(self, table, sources=sources, fast=fast)

    def _check_label(self) -> None:
        """Refuse a label that names the row or tells its time: folds are drawn by the key."""
        part: dict[str | None, str] = {self.time: "the prediction time"}
        part |= dict.fromkeys(self.key, "part of the key")
        if self.label is not None and self.label in part:
            raise UsageError(
                f"the label {self.label!r} of {self.name} is {part[self.label]}, too",
                expected="a key and a time that are known before the label: folds that are drawn by the "
                "label would hand training rows their own label",
                do="Leave the label out of them; the key is what names a row, for example an id",
            )
        for parameter, joined in self.joins.items():
            if self.label is not None and self.label in joined.by:
                raise UsageError(
                    f"the view {parameter!r} of {self.name} is joined by the label {self.label!r}",
                    expected="columns that are known at prediction time, when there is no label yet",
                    do="Join it by what names an entity of the row",
                )

    def _check_columns(self, types: Mapping[str, Type]) -> None:
        parts = {"label": (self.label,), "time": (self.time,)}
        for part, names in {**parts, "key": self.key, "context": self.context}.items():
            for name in names:
                if name is not None and name not in types:
                    raise UnknownName.of(
                        "column",
                        name,
                        types,
                        where="the table",
                        do=f"It is the {part} of {self.name}: name a column of the training table",
                    )


def _parameters(function: Callable[..., object], name: str) -> tuple[str, dict[str, Joined]]:
    """Return the name of the row, and the views that the further parameters are."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # some of C have none
        parameters = []
    if not parameters:
        raise NotFreezable(
            f"{name} takes no parameter",
            expected="one, the row, and one for each feature view",
            do=f"Write for example def {name}(flight)",
        )
    row, *views = parameters
    return row.name, distinct({each.name: _joined(each, name) for each in views}, name)


def _joined(parameter: inspect.Parameter, within: str) -> Joined:
    return joined_by(
        parameter,
        within,
        expected="a feature view: the first parameter is the row, each further one a view",
        do=f'Write for example {parameter.name}=carrier_history.by("carrier"), or join what it is '
        "into the training table in a data step",
    )


def _flat(mapping: Mapping[Any, Any], *, within: str) -> list[tuple[str, Expr | OneHot]]:
    found: dict[str, Expr | OneHot] = {}
    seen: set[str] = set()
    for name, value in mapping.items():
        if not isinstance(name, str) or not name or any(letter < " " for letter in name):
            raise NotFreezable(
                f"a feature of {within} is named {name!r}",
                expected="a text that is not empty, without control characters",
                do="Name it with a string",
            )
        spread = value.items() if isinstance(value, Mapping) else [("", value)]
        for suffix, item in spread:
            full = f"{name}_{suffix}" if suffix else name
            if full.lower() in seen:
                raise _twice(full, within)
            seen.add(full.lower())
            found[full] = _feature(full, item, within)
    return list(found.items())


def _feature(name: str, value: object, within: str) -> Expr | OneHot:
    if isinstance(value, (Expr, OneHot)):
        return value
    if isinstance(value, Windowed):
        raise NotFreezable(
            f"the feature {name!r} of {within} is a statistic over a window, "
            "which reads other rows than its own",
            expected="an expression of the row's columns",
            do="Make it a feature of a view (@ip.feature_view), and join that as a parameter",
            feature=name,
        )
    if isinstance(value, (list, tuple)):
        raise NotFreezable(
            f"the feature {name!r} of {within} is {len(value)} values in a {type(value).__name__}",
            expected="one expression, or a dict of them by suffix",
            do='Name each: low, high = x.quantile([0.1, 0.9]); {"low": x - low, "high": high - x}',
            feature=name,
        )
    if isinstance(value, MethodType):
        raise NotFreezable(
            f"the feature {name!r} of {within} is the method {value.__name__!r}, which is not called",
            expected="an expression of the row's columns",
            do=f"Write {value.__name__}() with its arguments; a column of this name is "
            f'row["{value.__name__}"]',
            feature=name,
        )
    raise NotFreezable(
        f"the feature {name!r} of {within} is {value!r:.80}, of type {type(value).__name__}",
        expected="an expression of the row's columns",
        do="Build it from the row, for example with its operators, ip.if_else or ip.standardize; "
        "what expressions cannot say belongs in a data step",
    )


def _twice(name: str, within: str) -> NotFreezable:
    return NotFreezable(
        f"{within} has two features named {name!r}",
        expected="names that differ, also in lower case and after a mapping has been spread out",
        do="Rename one of them",
    )
