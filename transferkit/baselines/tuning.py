"""Grid search of a baseline's parameters, and its temperature, by cross-validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import joblib
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterGrid

from transferkit.baselines.temperature_scaling import (
    fit_weighted,
    gives_probabilities,
    logits_of,
    takes_weights,
)
from transferkit.data.folds import Fold, search_folds
from transferkit.evaluation.temperature import (
    MIN_LOG_TEMPERATURE,
    fit_temperature,
    loss_at,
    reason_for_none,
    tempered_loss,
)

MAX_RATIO = 1_000.0  # of the temperature to the spread of the decisions, or the reverse


class TunedEstimator(NamedTuple):
    """An estimator, and the values of its parameters to choose from.

    `lighter` are its parameters during the search. With `together`, the fits on one fold share work
    and run in turn. With `only_weighed`, there is a search only with sample weights; else the
    estimator keeps its own values. `likelihood`: its probabilities maximise the likelihood, and are
    scored as they are, as those of the network's head; any other's at their best temperature.
    """

    estimator: BaseEstimator
    grid: dict[str, list[Any]]
    lighter: dict[str, Any] = {}  # noqa: RUF012  # never changed
    together: bool = False
    only_weighed: bool = False
    likelihood: bool = False


class TunedClassifier(NamedTuple):
    """The chosen parameters, and the temperature of the probabilities under them."""

    parameters: dict[str, Any]
    temperature: float


class _Candidate(NamedTuple):
    parameters: dict[str, Any]
    logits: np.ndarray


def tune(
    choice: TunedEstimator,
    values: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None,
    groups: Sequence[str],
    seed: int,
) -> TunedClassifier:
    """Return the parameters with the lowest log loss on held-out folds, and the temperature there.

    The loss has the `weights` `(images,)` that the fits have. The temperature has not: it
    calibrates probabilities on images as they come, as the network's does. An estimator that cannot
    take weights is scored without them as well.
    """
    weights = weights if takes_weights(choice.estimator) else None
    rows, folds = search_folds(labels, groups, seed)
    parts = [(rows[train], rows[validation]) for train, validation in folds]
    held_out = np.concatenate([validation for _, validation in parts])
    fewest = min(len(train) for train, _ in parts)
    _, right = np.unique(labels, return_inverse=True)
    heavy = np.ones(len(labels)) if weights is None else weights
    candidates = list(_candidates(choice, values, labels, weights, parts, fewest))
    losses = [
        _loss(choice, candidate.logits, right[held_out], heavy[held_out])
        for candidate in candidates
    ]
    best = candidates[int(np.argmin(losses))]
    return TunedClassifier(
        best.parameters, _temperature(choice.estimator, best.logits, right[held_out])
    )


def _candidates(
    choice: TunedEstimator,
    values: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None,
    parts: Sequence[Fold],
    fewest: int,
) -> Iterator[_Candidate]:
    """Yield the grid's candidates with their logits for the held-out images of all `parts`."""
    grid = {} if choice.only_weighed and weights is None else choice.grid
    options = [
        parameters
        for parameters in ParameterGrid(grid)
        # There are no more neighbours than images.
        if all(not key.endswith("n_neighbors") or n <= fewest for key, n in parameters.items())
    ]
    batches = [options] if choice.together else [[option] for option in options]
    estimator = clone(choice.estimator).set_params(**choice.lighter)
    held_out = joblib.Parallel()(
        joblib.delayed(_held_out)(estimator, values, labels, weights, part, batch)
        for batch in batches
        for part in parts
    )
    for number, batch in enumerate(batches):
        of_parts = held_out[number * len(parts) : (number + 1) * len(parts)]
        for parameters, logits in zip(batch, zip(*of_parts, strict=True), strict=True):
            yield _Candidate(parameters, np.concatenate(logits))


def _held_out(
    estimator: Any,
    values: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None,
    part: Fold,
    options: Sequence[dict[str, Any]],
) -> list[np.ndarray]:
    """Fit `estimator` on the first rows of `part`; return the logits of the second by each option.

    One estimator takes the `options` in turn, so that a warm start has an effect.
    """
    train, validation = part
    fitted, logits = clone(estimator), []
    heavy = None if weights is None else weights[train]
    for parameters in options:
        fit_weighted(fitted.set_params(**parameters), values[train], labels[train], heavy)
        logits.append(logits_of(fitted, values[validation]))
    return logits


def _loss(
    choice: TunedEstimator, logits: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> float:
    """Return the log loss by which candidates are compared."""
    if choice.likelihood:
        return loss_at(1.0, logits, labels, weights)
    spread = float(logits.std(axis=1).mean()) or 1.0  # decisions have any scale
    return tempered_loss(logits / spread, labels, weights)


def _temperature(estimator: Any, logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature: of probabilities by the network's rules, of decisions always one."""
    if not gives_probabilities(estimator):
        return decisive_temperature(logits, labels)
    if reason_for_none(logits, labels, len(labels)):
        return 1.0
    temperature = fit_temperature(logits, labels, len(labels))
    return temperature if abs(np.log(temperature)) >= MIN_LOG_TEMPERATURE else 1.0


def decisive_temperature(decisions: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature at which `labels` `(images,)` is likeliest, given `decisions`.

    As in Platt's paper, the targets are a little less than certain: as if of two images more one
    were of another class. Else a few images that are all right would mean a temperature of 0.
    """
    spread = float(decisions.std(axis=1).mean())
    if not spread:
        return 1.0
    doubt = 1 / (len(labels) + 2)
    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        logs = log_softmax(decisions / (spread * np.exp(logarithm)), axis=1)
        right = logs[rows, labels]
        wrong = (logs.sum(axis=1) - right) / (logs.shape[1] - 1)
        return float(-((1 - doubt) * right + doubt * wrong).mean())

    bounds = np.log([1 / MAX_RATIO, MAX_RATIO])
    optimum = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(spread * np.exp(optimum.x))
