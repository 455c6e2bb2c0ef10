import re

import pytest

from transferkit.backbones.catalog import find_backbone
from transferkit.report.comparison.markdown import escaped, markdown_report, model_card, start_of


@pytest.fixture(scope="module")
def text(report):
    return markdown_report(report)


@pytest.fixture(scope="module")
def card(report):
    return model_card(report)


def plain(text):
    """Markdown with its escapes taken back."""
    return re.sub(r"\\(.)", r"\1", text)


def test_the_verdict_comes_first(text, report):
    assert plain(text).splitlines()[2] == report.verdict


def test_the_table_has_a_line_a_classifier(text):
    rows = [line for line in plain(text).splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[:5]] == [
        "| classifier",
        "| ---",
        "| lenet",
        "| random_forest_hog",
        "| majority",
    ]


@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        ("lenet", "none", "random weights"),
        ("pocket", "embedded", "the weights that come with transferkit"),
        ("mobilenet_v2", "imagenet", "their licence: Apache-2.0 (tensorflow/models)"),
        ("mobilenet_v2", "imagenet", "(not verified, since Keras publishes no digest of them)"),
        ("vgg16", "imagenet", "ImageNet weights (checked against their published digest)"),
        ("vgg16", "my.h5", "the weights in my.h5, not verified: what they were trained on, "),
    ],
)
def test_what_a_network_started_from_is_said(name, weights, words):
    assert words in start_of(find_backbone(name), weights)


@pytest.mark.parametrize("kind", ["text", "card"])
def test_every_table_has_as_many_cells_in_each_line(kind, request):
    found = request.getfixturevalue(kind)
    for table in re.findall(r"(?:^\|.*\n)+", found, re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(counts) == 1, table


def test_headings_name_the_sections(text):
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Results",
        "Which to choose",
        "Differences",
        "Confidence",
        "Data",
    ]


def test_the_card_is_about_the_best_network(card):
    assert card.startswith("# Model card: lenet on ")


def test_the_card_says_where_it_fails_and_what_was_not_tested(card, report):
    entry = report.entries[0]
    worst = min(entry["per_class"], key=lambda name: entry["per_class"][name]["recall"])
    assert f"The classes with the lowest recall:\n{worst} (recall " in plain(card)
    assert "It was not tested by groups of images" in card


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<script>", "&lt;script&gt;"),
        ("[x](javascript:y)", r"\[x\]\(javascript:y\)"),
        ("two\nlines", "two\N{REPLACEMENT CHARACTER}lines"),
        ("AT&T", "AT&amp;T"),
    ],
)
def test_names_stay_what_they_are(name, shown):
    assert escaped(name) == shown


def test_a_class_called_script_stays_text(drawn, reported):
    report = reported(drawn("sets", ("<script>alert(1)<", "a|b"), images=6))
    for text in (markdown_report(report), model_card(report)):
        assert "<script>" not in text
        assert r"a\|b" in text
