"""Going on with LightGBM's trees: in the features that they were grown in, and in no others.

A tree's thresholds are values of its features as they were frozen. Under features of the same names
and another fit (another mean, another encoding) the old trees would answer another question, and
nothing would look wrong. So what `Model.warm_start` gave out is remembered in this process, and a model
that begins with those trees is taken with those features alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["check_continued", "warm_booster"]

_FILE: Final = "model.txt"
_MOST: Final = 32
_SHAPE: Final = (
    *("num_leaves", "split_feature", "threshold", "decision_type", "left_child", "right_child"),
    *("cat_boundaries", "cat_threshold"),
)
"""What of a tree stays as it is when others are added; some kinds of boosting rescale the leaves."""

_Trees = tuple[tuple[str, ...], ...]
_GIVEN: Final[dict[_Trees, str]] = {}
"""The trees that were given out, and the digest of their features; the oldest go."""


def warm_booster(files: Mapping[str, bytes], *, flavor: str, features: str) -> Any:
    """Return the booster of a LightGBM model, for ``lightgbm.train(init_model=…)``.

    Args:
        files: the model's files, verified.
        flavor: its flavor.
        features: the digest of its frozen features.

    Raises:
        UsageError: if it is of another flavor.
        MissingExtra: if LightGBM is not installed.
    """
    if flavor != "lightgbm":
        raise UsageError(
            f"a model of the flavor {flavor!r} has no trees to go on with",
            expected="a LightGBM model",
            do="A learner goes on with Model.learner(); train other models anew",
        )
    try:
        import lightgbm
    except ImportError as error:
        raise MissingExtra.of("lightgbm", "a warm start") from error
    text = files[_FILE].decode()
    trees = tuple(_trees(text))
    if trees:
        _GIVEN.pop(trees, None)
        _GIVEN[trees] = features
        while len(_GIVEN) > _MOST:
            _GIVEN.pop(next(iter(_GIVEN)))
    return lightgbm.Booster(model_str=text)


def check_continued(files: Mapping[str, bytes], *, features: str) -> None:
    """Refuse a model that goes on with trees that were given out, under other features.

    Raises:
        UsageError: if its first trees are those of a warm start, grown in other features.
    """
    if not _GIVEN or _FILE not in files:
        return
    found = tuple(_trees(files[_FILE].decode()))
    for trees, grown_in in _GIVEN.items():
        if found[: len(trees)] != trees:
            continue
        if grown_in == features:
            return
        raise UsageError(
            f"the model goes on with {len(trees)} trees that were grown in the features "
            f"{grown_in[:12]}, and is given the features {features[:12]}",
            expected="the frozen features of the model that it goes on with: thresholds are values of "
            "those",
            do="Make the matrix with champion.features.matrix(…) and pass features=champion.features; "
            "to fit features anew, train without init_model",
        )


def _trees(text: str) -> Iterator[tuple[str, ...]]:
    """Yield what stays of each tree."""
    for block in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        fields = dict(line.partition("=")[::2] for line in block.splitlines())
        yield tuple(fields.get(name, "") for name in _SHAPE)
