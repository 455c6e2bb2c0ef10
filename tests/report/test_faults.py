"""A fault in one part of a report: it says so in its place, and everything else is there."""

from __future__ import annotations

import dataclasses
import re
from importlib import import_module

import pytest

from transferkit.errors import RunError
from transferkit.report.comparison.page import SECTIONS, page
from transferkit.runtime.faults import Faults
from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

PARTS = (  # what computes or draws a part, and a section of the page that shows it
    ("evaluation.statistics.score_intervals", "Results"),
    ("evaluation.statistics.pairwise", "Differences"),
    ("evaluation.statistics.expected_calibration_error", "Results"),
    ("evaluation.statistics.brier", "Results"),
    ("evaluation.statistics.slice_scores", "Groups"),
    ("report.comparison.verdict.verdict", "Results"),
    ("report.comparison.statistics_sections.choices_by_budget", "Which to choose"),
    ("report.comparison.statistics_sections.reliability_diagram", "Confidence"),
    ("report.comparison.statistics_sections.coverage_figure", "Confidence"),
    ("report.comparison.statistics_sections.brier", "Confidence"),
    ("report.figures.curves.cost", "Results"),
    ("report.figures.curves.training_curve", "Training"),
    ("report.comparison.page_sections.recalls", "Results"),
    ("report.comparison.page_sections.confusion_matrix", "Confusion"),
    ("report.comparison.page_sections.gallery", "Test images"),
    ("report.comparison.visuals.pixel_maps", "Pixel importance of the baselines"),
    ("report.comparison.page_sections.class_counts", "Data"),
)
FILES = {
    "explanations.json",
    "model_card.md",
    "predictions.csv",
    "report.html",
    "report.md",
    "results.json",
}
MISSING = "This section could not be made: IndexError: index -1 is out of bounds."


def fail(*given, **named):
    raise IndexError("index -1 is out of bounds")


def headings(html):
    return re.findall(r'<h2 id="[\w-]+">(.*?)</h2>', html)


@pytest.fixture
def fresh(report):
    """The report with nothing computed yet."""
    return dataclasses.replace(report, faults=Faults(), visuals={})


@pytest.fixture(scope="module")
def whole(report):
    """The headings of the page where nothing fails."""
    return headings(page(dataclasses.replace(report, faults=Faults())))


@pytest.fixture(scope="module")
def sections(report):
    """The sections with their values computed once."""
    values = {each.name: each.values(report) for each in SECTIONS}
    return [each._replace(values=lambda _, name=each.name: values[name]) for each in SECTIONS]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_that_fails_says_so_and_leaves_the_others(section, sections, whole, fresh):
    broken = [
        each._replace(values=fail) if each.name == section.name else each for each in sections
    ]
    html = page(fresh, sections=broken)
    assert html.count(MISSING) == 1
    assert set(headings(html)) == {*whole, section.title}
    assert fresh.faults.parts == [f"the section {section.title!r}"]


@pytest.mark.parametrize(("broken", "shown_in"), PARTS)
def test_a_fault_in_what_a_report_computes_leaves_all_other_files_and_sections(
    broken, shown_in, whole, fresh, monkeypatch, tmp_path
):
    module, name = broken.rsplit(".", 1)
    monkeypatch.setattr(import_module(f"transferkit.{module}"), name, fail)
    if broken == "evaluation.statistics.slice_scores":  # which no image of this manifest asks for
        monkeypatch.setattr(type(fresh.statistics), "slices", property(fail))
    fresh.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"scores.json", "errors.txt"}
    html = (tmp_path / "report.html").read_text("utf-8")
    assert set(whole) <= set(headings(html)), "a section is lost"
    assert "IndexError: index -1 is out of bounds" in html + (tmp_path / "errors.txt").read_text()
    assert shown_in in headings(html)
    assert "Traceback (most recent call last)" in (tmp_path / "errors.txt").read_text("utf-8")
    assert [each["name"] for each in Run(tmp_path).json("scores.json")["classifiers"]] == [
        *("lenet", "random_forest_hog", "majority"),
    ]


def test_a_report_without_a_fault_has_no_errors_file(fresh, tmp_path):
    (tmp_path / "errors.txt").write_text("of the last time")
    fresh.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"scores.json"}


def test_the_verdict_that_cannot_be_made_is_said_in_its_place(fresh, monkeypatch):
    monkeypatch.setattr("transferkit.report.comparison.verdict.verdict", fail)
    sentence = "The verdict could not be made: IndexError: index -1 is out of bounds."
    assert fresh.verdict == sentence
    assert str(fresh).endswith(sentence)


@pytest.mark.parametrize("name", ["page", "markdown_report", "model_card"])
def test_a_form_that_fails_as_a_whole_leaves_the_others(fresh, monkeypatch, tmp_path, name):
    monkeypatch.setattr(f"transferkit.report.comparison.saving.{name}", fail)
    fresh.save(tmp_path)
    lost = {"page": "report.html", "markdown_report": "report.md", "model_card": "model_card.md"}
    assert {path.name for path in tmp_path.iterdir()} == (
        (FILES | {"scores.json", "errors.txt"}) - {lost[name]}
    )


@pytest.mark.parametrize("name", ["report.html", "report.md", "scores.json", "predictions.csv"])
def test_a_file_that_cannot_be_written_is_a_sentence_and_leaves_the_others(fresh, tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(RunError) as caught:
        fresh.save(tmp_path)
    assert str(caught.value).startswith(f"{str(tmp_path / name)!r} is not a regular file")
    written = {path.name for path in tmp_path.iterdir() if path.is_file()}
    expected = (FILES | {"scores.json"}) - {name}
    # results.json says what is in predictions.csv, so it comes after that or not at all.
    assert written == (expected - {"results.json"} if name == "predictions.csv" else expected)


def test_the_sentence_names_the_parts_and_the_next_command(fresh, monkeypatch, capsys):
    monkeypatch.setattr("transferkit.report.comparison.page_sections.gallery", fail)
    page(fresh)
    assert capsys.readouterr().err == (
        "Report: the section 'Test images' could not be made: "
        "IndexError: index -1 is out of bounds\n"
    )
    with pytest.raises(RunError) as caught:
        fresh.faults.require_none("runs/a")
    assert str(caught.value) == (
        "These parts of the report could not be made: the section 'Test images'. Everything else "
        "is in 'runs/a', with the tracebacks in errors.txt; `transferkit report runs/a` makes the "
        "report again."
    )
