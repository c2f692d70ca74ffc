"""A model together with the features that it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from interplane.errors import Corrupt, UsageError, did_you_mean
from interplane.models.flavors import Flavor, Predictor, flavor_of, get_flavor
from interplane.models.warm_start import check_continued, warm_booster
from interplane.record import Digest, Type, digest_bytes, digest_value
from interplane.record.arguments import checked, told
from interplane.record.base import Versioned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interplane.models.learners.ports import Learner

__all__ = ["FrozenFeatures", "Model", "ModelDescription"]


class FrozenFeatures(Protocol):
    """What a model asks of its features; `interplane.features.Frozen` has it."""

    @property
    def names(self) -> Sequence[str]:
        """The features, in the order of a row."""
        ...

    @property
    def inputs(self) -> Mapping[str, Type]:
        """The columns that they are made of."""
        ...

    @property
    def digest(self) -> str:
        """The digest of the features."""
        ...

    def matrix(
        self, table: Any, *, sources: Any = None, seen: Literal["refuse", "allow"] = "refuse"
    ) -> Any:
        """Return the float64 matrix of a table's features, NaN for null; of rows they saw, too, or not."""
        ...

    def vector(self, row: Any, **views: Any) -> Sequence[float]:
        """Return the features of one row, NaN for null."""
        ...


class ModelDescription(Versioned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is, without its files: small, and stored with every record that names it.

    Attributes:
        flavor: how its files are read.
        row_exact: whether a row's score does not depend on the rows around it, bit for bit.
        frozen: the digest of its frozen features.
        feature_names: their names, in the order of a row.
        files: the digest of each file.
    """

    flavor: str
    row_exact: bool
    frozen: str
    feature_names: tuple[str, ...]
    files: dict[str, Digest]


class Model:
    """A trained model with its frozen features: from raw columns to a score.

    The object is put into its flavor's files at once, and scores come from those files: what is
    evaluated is what is stored and served.

    Args:
        trained: a LightGBM booster, a learner (or an estimator of one), or a `FeatureScore`.
        features: the frozen features that made its training matrix.

    Raises:
        UnknownArtifact: if no flavor saves such an object.
        UsageError: if the model was trained on other features.
    """

    def __init__(self, trained: object, *, features: FrozenFeatures) -> None:
        _check_frozen(features)
        flavor = flavor_of(trained)
        files = flavor.save(trained, features.names)
        self._hold(flavor, files, features)
        check_continued(files, features=features.digest)

    @classmethod
    @checked
    def load(
        cls,
        description: ModelDescription | Mapping[str, Any],
        files: Mapping[str, bytes],
        features: FrozenFeatures,
    ) -> Self:
        """Read a model from its description, its files and its features.

        Raises:
            Corrupt: if a file, or the features, are not those of the description.
            DataError: if the description cannot be read.
        """
        _check_frozen(features)
        known = _read_description(description)
        found = {name: digest_bytes(data) for name, data in files.items()}
        if found != known.files:
            raise Corrupt(
                f"the model's files {_differences(found, known.files)} differ from its record",
                do='Find what is damaged with "interplane verify"',
            )
        if features.digest != known.frozen:
            raise Corrupt(
                f"the features {features.digest[:12]} are not those of the model",
                expected=f"the features {known.frozen[:12]}",
                do="Load the features that the model's record names",
            )
        model = cls.__new__(cls)
        model._hold(get_flavor(known.flavor), dict(files), features)  # noqa: SLF001 - our own class
        return model

    def _hold(self, flavor: Flavor, files: dict[str, bytes], features: FrozenFeatures) -> None:
        self.flavor: Flavor = flavor
        self.files: Mapping[str, bytes] = files
        self.features: FrozenFeatures = features
        self.predictor: Predictor = flavor.load(files)
        _check_features(self.predictor.feature_names, tuple(features.names))

    @cached_property
    def description(self) -> ModelDescription:
        """What the model is, without its files."""
        return ModelDescription(
            flavor=self.flavor.name,
            row_exact=self.flavor.row_exact,
            frozen=self.features.digest,
            feature_names=tuple(self.features.names),
            files={name: digest_bytes(data) for name, data in sorted(self.files.items())},
        )

    @property
    def digest(self) -> Digest:
        """The digest of the description: equal files and features, equal digest."""
        return digest_value(self.description)

    def save(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return the description as plain JSON values, and the files."""
        return self.description.to_dict(), dict(self.files)

    def predict(
        self, table: Any, *, sources: Mapping[str, Any] | None = None
    ) -> NDArray[np.float64]:
        """Return the score of each row of a table of raw columns, in its order.

        Args:
            table: the rows.
            sources: the table of each source that its feature views read, by its name.
        """
        # What a server would say of a row, it would say of one that was trained on as well.
        matrix = self.features.matrix(table, sources=sources, seen="allow")
        return self.predictor.predict_many(matrix)

    def predict_row(self, row: Mapping[str, Any], **views: Mapping[str, Any]) -> float:
        """Return the score of one row of raw columns, through the row program.

        Args:
            row: the values by column.
            views: for each of its feature views, by its parameter, the values by feature.
        """
        if not isinstance(row, Mapping):
            raise UsageError(
                f"the row is {told(row)}",
                expected="a dict from columns to values",
                do="Give each column by its name; predict takes a table",
            )
        return self.predictor.predict_one(self.features.vector(row, **views))

    # ---- going on -------------------------------------------------------------------------

    def warm_start(self) -> Any:
        """Return the trees as a ``lightgbm.Booster``, to go on with.

        What goes on with them has this model's own features: their thresholds are values of these. A
        step that takes the champion and grows it by some trees on newer rows::

            @pipeline.step
            def model(train: ip.Table, champion) -> ip.Model:
                frozen = champion.features if champion else trip_features.fit(train)
                label = np.asarray(train.column("tipped"), dtype=float)
                data = lightgbm.Dataset(frozen.matrix(train), label)
                start = champion.warm_start() if champion else None
                grown = lightgbm.train(
                    ip.lightgbm_params(objective="binary"), data, 50, init_model=start
                )
                return ip.Model(grown, features=frozen)

        Raises:
            UsageError: if it is no LightGBM model.
            MissingExtra: if LightGBM is not installed.
        """
        return warm_booster(self.files, flavor=self.flavor.name, features=self.features.digest)

    def learner(self) -> Learner:
        """Return the learner that was saved: what it learns next has the same bits.

        Raises:
            UsageError: if it is no learner.
            MissingExtra: if the library that learns is not installed.
        """
        from interplane.models.learners.making import learner_from_state
        from interplane.models.linear_flavor import state_in

        if self.flavor.name != "linear":
            raise UsageError(
                f"a model of the flavor {self.flavor.name!r} learns no further examples",
                expected="a model that was made of a learner",
                do="Make one with interplane.learner; LightGBM's trees go on with Model.warm_start()",
            )
        return learner_from_state(state_in(self.files))

    def __repr__(self) -> str:
        return (
            f"<Model {self.flavor.name}, {len(self.features.names)} features, {self.digest[:12]}>"
        )

    def _repr_html_(self) -> str:
        from interplane.models.model_card import model_html

        return model_html(self)


def _read_description(description: ModelDescription | Mapping[str, Any]) -> ModelDescription:
    if isinstance(description, ModelDescription):
        return description
    return ModelDescription.read(
        description,
        what="the model's description",
        made_by="Model.save",
        do="Train or add the model again",
    )


def _differences(found: Mapping[str, Digest], known: Mapping[str, Digest]) -> list[str]:
    names = sorted(found.keys() | known.keys())
    return [name for name in names if found.get(name) != known.get(name)]


def _check_frozen(features: object) -> None:
    if not all(hasattr(features, each) for each in ("names", "matrix", "digest")):
        raise UsageError(
            f"the features of the model are {told(features)}",
            expected="frozen features, as Features.fit returns them",
            do="Fit them first: interplane.Model(trained, features=written.fit(train))",
        )


def _check_features(trained: tuple[str, ...], given: tuple[str, ...]) -> None:
    spoken = tuple(name.replace(" ", "_") for name in given)  # as LightGBM writes names
    if trained in (given, spoken) or (len(trained) == len(given) and _are_numbered(trained)):
        return
    if len(trained) != len(given):
        what = f"the model was trained on {len(trained)} features, these are {len(given)}"
    else:
        place = next(i for i, (a, b) in enumerate(zip(trained, given, strict=True)) if a != b)
        what = f"feature {place} of the model is {trained[place]!r}, of these {given[place]!r}"
    lost = sorted(set(trained) - set(given))
    hint = did_you_mean(lost[0], set(given) - set(trained)) if lost else ""
    raise UsageError(
        what,
        expected="the frozen features that made its training matrix, in their order",
        do=f"{hint}Pass features=, the frozen features of the same fit",
        trained=list(trained),
        given=list(given),
    )


def _are_numbered(names: tuple[str, ...]) -> bool:
    """Whether LightGBM made the names up, for a matrix without any."""
    return names == tuple(f"Column_{index}" for index in range(len(names)))
