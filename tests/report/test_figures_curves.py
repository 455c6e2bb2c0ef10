import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from transferkit.evaluation.summary import EpochRecord
from transferkit.report.figures.confusion_matrix import confusion_matrix
from transferkit.report.figures.curves import cost, training_curve
from transferkit.report.figures.per_class import class_counts, recalls

HISTORY = [
    EpochRecord("head", loss=1.2345, val_loss=1.1, accuracy=0.5),
    EpochRecord("fine-tune", loss=0.9, val_loss=0.8, accuracy=0.7),
]
NAMES = ("<b>", "a$x$ & b", "漢字")
COUNTS = np.array([[5, 1, 0], [0, 4, 0], [2, 0, 9]])


def entry(name, kind, accuracy):
    return {
        "name": name,
        "kind": kind,
        "accuracy": accuracy,
        "fit_seconds": 100 * accuracy,
        "per_class": {each: {"recall": accuracy} for each in NAMES} | {NAMES[2]: {"recall": None}},
    }


ENTRIES = [entry("lenet", "network", 0.9), entry("svm", "baseline", 0.6)]
FIGURES = {
    "loss": training_curve(HISTORY, "loss", "lenet"),
    "accuracy": training_curve(HISTORY, "accuracy", "lenet"),
    "cost": cost(ENTRIES),
    "recalls": recalls(ENTRIES, NAMES),
    "counts": class_counts(pd.DataFrame({"train": 9, "validation": 0, "test": 3}, index=NAMES)),
    "confusion": confusion_matrix(COUNTS, NAMES, name="lenet", kind="network"),
}
each_figure = pytest.mark.parametrize("svg", FIGURES.values(), ids=FIGURES.keys())


@each_figure
def test_a_figure_is_xml_that_says_what_it_shows(svg):
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label", "").endswith(".")


@each_figure
def test_a_figure_takes_its_colours_from_the_page(svg):
    assert "currentColor" in svg
    assert not re.findall(r"(?:fill|stroke):\s*(?:#|rgb|black|white)", svg)


@each_figure
def test_a_figure_is_small(svg):
    assert len(svg) < 25_000


@each_figure
def test_a_figure_brings_no_style_sheet_and_no_document(svg):
    assert svg.startswith("<svg")
    assert not re.search(r"<style|<metadata|<!DOCTYPE|font-family", svg)


def test_the_stages_are_named_in_the_learning_curve():
    assert ">head<" in FIGURES["loss"]
    assert ">fine-tune<" in FIGURES["loss"]


def test_a_curve_that_was_not_recorded_is_not_drawn():
    assert ">validation<" in FIGURES["loss"]
    assert ">validation<" not in FIGURES["accuracy"]


def test_the_numbers_that_are_read_out_are_whole():
    assert "at the end 0.9 in training and 0.8 in validation." in FIGURES["loss"]


def test_names_are_written_as_they_are():
    assert all(name in FIGURES["confusion"] for name in ("&lt;b&gt;", "a$x$ &amp; b", "漢字"))


def test_the_commonest_mistake_is_said():
    label = ElementTree.fromstring(FIGURES["confusion"]).get("aria-label")
    assert label == (
        "Confusion matrix of lenet: the commonest mistake, 2 times, is '<b>' where '漢字' is true."
    )


def test_a_hundred_classes_stay_readable_and_small():
    counts = np.random.default_rng(0).integers(0, 2, (100, 100))
    svg = confusion_matrix(counts, [f"class {k}" for k in range(100)], name="n", kind="baseline")
    assert svg.count(">class ") == 200
    assert len(svg) < 500_000


def test_of_many_classes_the_hardest_are_drawn():
    names = [f"class {k:02}" for k in range(30)]
    scores = {name: {"recall": k / 30} for k, name in enumerate(names)}
    svg = recalls([{"name": "n", "kind": "network", "per_class": scores}], names)
    assert ">class 23<" in svg
    assert ">class 24<" not in svg
