"""The figures of exports in the page, the report and the model card."""

from __future__ import annotations

import dataclasses

import pytest

from transferkit.report.comparison.markdown import markdown_report, model_card
from transferkit.report.comparison.page import page

PIXELS = {"images": 24, "max_difference": 4.2e-7, "same_top1": 1.0, "accuracy": 0.875}
PARITY = {
    "pixels": PIXELS | {"network_accuracy": 0.875},
    "milliseconds": 3.14,
    "network_milliseconds": 6.28,
}
EXPORTS = (
    {"format": "onnx", "megabytes": 13.53, "parity": PARITY},
    {
        "format": "litert-int8",
        "megabytes": 4.0,
        "parity": PARITY
        | {"pixels": PIXELS | {"network_accuracy": None, "accuracy": None, "same_top1": 0.98}},
    },
)
MAKERS = (page, markdown_report, model_card)


@pytest.fixture(scope="module")
def exported(report):
    return dataclasses.replace(report, exports=EXPORTS)


@pytest.mark.parametrize("make", MAKERS)
def test_there_is_no_section_without_an_export(make, report):
    assert "Exports" not in make(report)


@pytest.mark.parametrize("make", [markdown_report, model_card])
def test_each_export_is_a_row(make, exported):
    text = make(exported).replace("\\", "")
    assert "compared with the network on 24 test images" in text
    assert "| the network |  | 6.3 |  |  | 87.5 % |\n" in text
    assert "| onnx | 13.5 | 3.1 | 4e-07 | 100.0 % | 87.5 % |\n" in text
    assert "| litert-int8 | 4.0 | 3.1 | 4e-07 | 98.0 % |  |\n" in text


def test_the_page_has_them_too(exported):
    html = page(exported)
    assert 'id="exports"' in html
    assert "<td>13.5</td><td>3.1</td><td>4e-07</td><td>100.0 %</td><td>87.5 %</td>" in html
