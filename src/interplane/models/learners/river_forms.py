"""River's objects to our states and back: an explicit list of classes, each attribute by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

from interplane.errors import MissingExtra, UsageError
from interplane.models.learners.states import (
    Pairs,
    RiverGlm,
    RiverOptimizer,
    RiverPassive,
    RiverRate,
    RiverScaler,
    RiverState,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["make_estimator", "read_estimator"]

_LOSSES: Final[Mapping[str, tuple[str, ...]]] = {
    "Log": ("weight_pos", "weight_neg"),
    "Squared": (),
    "Absolute": (),
    "Huber": ("epsilon",),
    "Quantile": ("alpha",),
}
"""The losses that we take, with their settings."""

_OPTIMIZERS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "SGD": ((), ()),
    "Adam": (("beta_1", "beta_2", "eps"), ("m", "v")),
    "AdaGrad": (("eps",), ("g2",)),
    "RMSProp": (("rho", "eps"), ("g2",)),
}
"""The optimizers that we take: their settings, and what they remember by feature."""

_PASSIVE: Final = {"PAClassifier", "PARegressor"}


# ---- from River's objects -----------------------------------------------------------------


def read_estimator(
    scaler: Any, model: Any, names: tuple[str, ...], *, learned: int | None
) -> RiverState:
    """Return the state of a scaler (or None) and a model.

    Args:
        scaler: the scaler.
        model: the model.
        names: the features, in the order of a row.
        learned: how many examples it has learned; what its optimizer counted if not given.

    Raises:
        UsageError: if one is set up in a way that has no form here, or knows other features.
    """
    state = RiverState(
        feature_names=names,
        learned=learned if learned is not None else _steps(scaler, model),
        scaler=None if scaler is None else _read_scaler(scaler),
        model=_read_passive(model) if type(model).__name__ in _PASSIVE else _read_glm(model),
    )
    strange = sorted({name for name, _ in state.model.weights} - set(names))
    if strange:
        raise UsageError(
            f"the {state.model.estimator} has learned the feature {strange[0]!r}",
            expected=f"only {', '.join(names)}",
            do="Pass features=, the frozen features that made its rows",
        )
    return state


def _steps(scaler: Any, model: Any) -> int:
    if scaler is not None:
        return max(scaler.counts.values(), default=0)
    optimizer = getattr(model, "optimizer", None)
    return 0 if optimizer is None else int(optimizer.n_iterations)


def _read_scaler(scaler: Any) -> RiverScaler:
    if getattr(scaler, "window_size", None) is not None:
        raise _no_form(f"StandardScaler(window_size={scaler.window_size})", "window_size=None")
    return RiverScaler(
        with_std=bool(scaler.with_std),
        counts=tuple((str(name), int(count)) for name, count in scaler.counts.items()),
        means=_pairs(scaler.means),
        variances=_pairs(scaler.vars),
    )


def _read_glm(model: Any) -> RiverGlm:
    kind = type(model).__name__
    loss = type(model.loss).__name__
    if loss not in _LOSSES or (loss == "Log") is not (kind == "LogisticRegression"):
        wanted = [n for n in _LOSSES if (n == "Log") is (kind == "LogisticRegression")]
        raise _no_form(f"{kind}(loss={loss})", f"one of {', '.join(wanted)}")
    if model.l1:
        raise _no_form(f"{kind}(l1={model.l1})", "l1=0")
    if type(model.initializer).__name__ != "Zeros":
        raise _no_form(f"{kind}(initializer={type(model.initializer).__name__})", "Zeros")
    return RiverGlm(
        estimator=cast("Literal['LogisticRegression', 'LinearRegression']", kind),
        loss=cast("Literal['Log']", loss),
        loss_settings={name: float(getattr(model.loss, name)) for name in _LOSSES[loss]},
        optimizer=_read_optimizer(model.optimizer),
        l2=float(model.l2),
        intercept_rate=_read_rate(model.intercept_lr),
        clip_gradient=float(model.clip_gradient),
        weights=_pairs(model.weights),
        intercept=float(model.intercept),
    )


def _read_optimizer(optimizer: Any) -> RiverOptimizer:
    kind = type(optimizer).__name__
    if kind not in _OPTIMIZERS:
        raise _no_form(f"the optimizer {kind}", f"one of {', '.join(_OPTIMIZERS)}")
    settings, memory = _OPTIMIZERS[kind]
    return RiverOptimizer(
        name=cast("Literal['SGD']", kind),
        rate=_read_rate(optimizer.lr),
        settings={name: float(getattr(optimizer, name)) for name in settings},
        n_iterations=int(optimizer.n_iterations),
        memory={
            name: _pairs(held) for name in memory if (held := getattr(optimizer, name)) is not None
        },
    )


def _read_rate(rate: Any) -> RiverRate:
    kind = type(rate).__name__
    if kind not in {"Constant", "InverseScaling"}:
        raise _no_form(f"the learning rate {kind}", "Constant or InverseScaling")
    power = float(rate.power) if kind == "InverseScaling" else None
    name = cast("Literal['Constant']", kind)
    return RiverRate(name=name, learning_rate=float(rate.learning_rate), power=power)


def _read_passive(model: Any) -> RiverPassive:
    return RiverPassive(
        estimator=cast("Literal['PAClassifier']", type(model).__name__),
        c=float(model.C),
        mode=model.mode,
        eps=float(getattr(model, "eps", 0.0)),
        learn_intercept=bool(model.learn_intercept),
        weights=_pairs(model.weights),
        intercept=float(model.intercept),
    )


def _pairs(held: Any) -> Pairs:
    plain = held.to_dict() if hasattr(held, "to_dict") else held
    return tuple((str(name), float(value)) for name, value in plain.items())


def _no_form(found: str, expected: str) -> UsageError:
    return UsageError(
        f"{found} has no form in a learner's state",
        expected=expected,
        do="Set the learner up in that way",
    )


# ---- to River's objects -------------------------------------------------------------------


def make_estimator(state: RiverState) -> tuple[Any, Any]:
    """Return the scaler (or None) and the model of a state.

    Raises:
        MissingExtra: if River is not installed.
    """
    try:
        from river import preprocessing
    except ImportError as error:
        raise MissingExtra.of("river", "learners of River") from error
    scaler = None
    if state.scaler is not None:
        scaler = preprocessing.StandardScaler(with_std=state.scaler.with_std)
        scaler.counts.update(dict(state.scaler.counts))
        scaler.means.update(dict(state.scaler.means))
        scaler.vars.update(dict(state.scaler.variances))
    model = state.model
    return scaler, _make_glm(model) if isinstance(model, RiverGlm) else _make_passive(model)


def _make_glm(state: RiverGlm) -> Any:
    from river import linear_model, optim, utils

    settings = _known(state.loss_settings, _LOSSES[state.loss], state.loss)
    model = getattr(linear_model, state.estimator)(
        optimizer=_make_optimizer(state.optimizer),
        loss=getattr(optim.losses, state.loss)(**settings),
        l2=state.l2,
        intercept_lr=_make_rate(state.intercept_rate),
        clip_gradient=state.clip_gradient,
        initializer=optim.initializers.Zeros(),
    )
    model._weights = utils.VectorDict(dict(state.weights))  # noqa: SLF001 - River has no other way in
    model.intercept = state.intercept
    return model


def _make_optimizer(state: RiverOptimizer) -> Any:
    from river import optim, utils

    names, memory = _OPTIMIZERS[state.name]
    settings = _known(state.settings, names, state.name)
    optimizer = getattr(optim, state.name)(lr=_make_rate(state.rate), **settings)
    optimizer.n_iterations = state.n_iterations
    for name in memory:
        if name not in state.memory:
            continue
        held = dict(state.memory[name])
        if getattr(optimizer, name) is None:  # made at the first step, and then a vector
            setattr(optimizer, name, utils.VectorDict(held))
        else:
            getattr(optimizer, name).update(held)
    return optimizer


def _make_rate(rate: RiverRate) -> Any:
    from river.optim import schedulers

    if rate.name == "Constant":
        return schedulers.Constant(rate.learning_rate)
    return schedulers.InverseScaling(rate.learning_rate, power=rate.power or 0.0)


def _make_passive(state: RiverPassive) -> Any:
    from river import linear_model

    eps = {"eps": state.eps} if state.estimator == "PARegressor" else {}
    model = getattr(linear_model, state.estimator)(
        C=state.c, mode=state.mode, learn_intercept=state.learn_intercept, **eps
    )
    model.weights.update(dict(state.weights))
    model.intercept = state.intercept
    return model


def _known(found: Mapping[str, float], names: Sequence[str], of: str) -> dict[str, float]:
    """Return settings by the names that a class has; anything else in a file is refused."""
    if set(found) != set(names):
        raise _no_form(f"{of}({', '.join(sorted(found))})", f"{of}({', '.join(names)})")
    return dict(found)
