"""The last step of training: the chosen network, fitted on the validation images too."""

from __future__ import annotations

import time
from dataclasses import replace

from transferkit.evaluation.summary import FINE_TUNE_STAGE, HEAD_STAGE, REFIT_STAGE
from transferkit.runtime.progress import log
from transferkit.training.activation_cache import cache_activations
from transferkit.training.head import fit_head
from transferkit.training.stages import fit_blocks
from transferkit.training.start import FITTED_ON
from transferkit.training.state import TrainingState
from transferkit.training.temperature_scaling import validation_logits


def refit(state: TrainingState) -> None:
    """Fit the chosen network again, on the training and the validation images together.

    A linear head is solved anew, with a regularisation chosen anew; a fine-tuned network is
    fine-tuned again from there, for the epochs that were best before. Its temperature stays that of
    the validation images, which it had not learnt from then; a head's is that of the folds. Other
    networks stay as they are, and so does one without validation images.
    """
    head = state.summary.stages.get(HEAD_STAGE)
    if state.everything is None or head is None or not head.solved:
        return
    tuned = state.summary.kept_stage == FINE_TUNE_STAGE
    started, before = time.perf_counter(), state.classifier.get_weights()
    log(f"Refitting on the {len(state.everything):,} training and validation images together.")
    again = replace(
        state,
        train=state.everything,
        validation=state.validation.none,
        history=[],
        activations=None,
        held_out=None,
    )
    try:
        if tuned:
            _fine_tune_again(state, again)
        else:
            fit_head(again)
            state.held_out = again.held_out
    except BaseException:
        state.classifier.set_weights(before)
        raise
    last = list(again.summary.stages.values())[-1]
    stage = replace(last, seconds=round(time.perf_counter() - started, 2))
    state.summary = replace(
        state.summary,
        kept_stage=again.summary.kept_stage,
        stages={**state.summary.stages, REFIT_STAGE: stage},
        fitted_on=" and ".join(FITTED_ON),
    )


def _fine_tune_again(state: TrainingState, again: TrainingState) -> None:
    """Fine-tune `again` for the epochs that were best in `state`."""
    if state.held_out is None:
        state.held_out = validation_logits(state)
    assert state.head_weights is not None
    state.classifier.set_weights(state.head_weights)
    again.activations = cache_activations(again)
    fit_head(again)
    fine_tuning = [row for row in state.history if row.stage == FINE_TUNE_STAGE]
    best = min(fine_tuning, key=state.monitored_loss).epoch
    fit_blocks(again, None, epochs=state.summary.averaged_checkpoints or (best,))
