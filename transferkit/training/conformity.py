"""Conformity scores of a trained network, from held-out images."""

from __future__ import annotations

from scipy.special import softmax

from transferkit.evaluation.conformal import FOLDS, ConformityScores, conformity_scores
from transferkit.evaluation.summary import HEAD_STAGE, REFIT_STAGE
from transferkit.training.state import TrainingState
from transferkit.training.temperature_scaling import validation_logits


def held_out_scores(state: TrainingState) -> ConformityScores | None:
    """Return the scores of `state.held_out`, or else of the validation images; None without any.

    The logits are divided by the final temperature, which was fitted on the same images. Augmented
    views have no scores.
    """
    held_out, temperature = state.held_out, state.summary.temperature
    divisor = temperature.value if temperature else 1.0
    if held_out is None:
        if not len(state.validation) or REFIT_STAGE in state.summary.stages:
            return None
        held_out, divisor = validation_logits(state), 1.0  # the weights include the temperature
    if held_out.source == FOLDS and state.summary.kept_stage != HEAD_STAGE:
        return None  # scores of the head, before fine-tuning; the final network has none
    if not len(held_out.plain):
        return None
    probabilities = softmax(held_out.logits[held_out.plain] / divisor, axis=1)
    return conformity_scores(
        probabilities, held_out.labels[held_out.plain], held_out.groups, held_out.source
    )
