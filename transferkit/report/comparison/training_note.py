"""The sentence beside the table on what each kind of classifier learned from."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.evaluation.results import Result
from transferkit.evaluation.summary import BaselineSummary
from transferkit.report.html.formatting import listed


def training_note(results: Sequence[Result]) -> str:
    """Say who learned from the validation images, and who took no class weights; or nothing.

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
