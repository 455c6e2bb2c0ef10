"""The note beside the table on training data and class weights."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.evaluation.results import Result
from transferkit.evaluation.summary import BaselineSummary
from transferkit.report.html.formatting import listed


def training_note(results: Sequence[Result]) -> str:
    """Return which classifiers used validation images, and which no class weights; empty if none.

    Nothing where there are not both, networks and baselines that did.
    """
    networks = [result for result in results if result.kind == "network"]
    baselines = [
        result
        for result in results
        if isinstance(result.summary, BaselineSummary) and "validation" in result.summary.fitted_on
    ]
    if not networks or not baselines:
        return ""
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
    return note
