"""The note beside the table on training data and class weights."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.evaluation.results import Result
from transferkit.evaluation.summary import (
    FINE_TUNE_STAGE,
    HEAD_STAGE,
    BaselineSummary,
    TrainingSummary,
)
from transferkit.report.html.formatting import listed


def training_note(results: Sequence[Result]) -> str:
    """Return which classifiers used validation images, and which no class weights; empty if none.

    Nothing where there are not both, networks and baselines.
    """
    networks = [result for result in results if result.kind == "network"]
    baselines = [
        result
        for result in results
        if isinstance(result.summary, BaselineSummary) and "validation" in result.summary.fitted_on
    ]
    if not networks or not baselines:
        return ""
    alone = [result for result in networks if "validation" not in result.summary.fitted_on]
    note = "All classifiers are fitted on the training and the validation images."
    if alone:
        note = (
            "The baselines are fitted on the training and the validation images; the network is "
            "fitted on the training images, with the validation images for early stopping and "
            "calibration."
        )
    unweighted = [
        result.name
        for result in baselines
        if result.summary.class_weights == "unsupported" and result.name != "majority"
    ]
    if unweighted:
        note += (
            f" Rarer classes weigh more for all but {listed(unweighted)}, which takes no sample "
            "weights."
        )
    return f"{note} {' '.join(_trained(result) for result in networks)}".strip()


def _trained(result: Result) -> str:
    """Say how a network was trained; nothing of one that is not transferkit's."""
    summary = result.summary
    if not isinstance(summary, TrainingSummary) or HEAD_STAGE not in summary.stages:
        return ""
    text = f"{result.name} is a {'linear' if summary.stages[HEAD_STAGE].solved else 'hidden'} head"
    if summary.kept_stage == FINE_TUNE_STAGE:
        tuned = summary.stages[FINE_TUNE_STAGE]
        return f"{text} and {tuned.unfrozen_blocks} blocks of its backbone, fine-tuned."
    text += " on frozen features"
    if FINE_TUNE_STAGE in summary.stages:
        return f"{text}; fine-tuning did not lower the validation loss beyond noise."
    return f"{text}; fine-tuning was not tried."
