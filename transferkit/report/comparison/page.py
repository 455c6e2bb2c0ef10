"""The report as one HTML file without external resources.

Each section is made by itself: one that fails says so in its place, and the others stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from markupsafe import Markup

from transferkit.report.comparison import page_sections, statistics_sections
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.exports_section import exports
from transferkit.report.comparison.verdict import verdict_of
from transferkit.report.html.formatting import percent
from transferkit.report.html.render import standalone, templates

STYLES = ("page.css", "enlarge.css", "explanation.css", "feature_map.css")
SCRIPTS = ("page.js", "enlarge.js", "feature_map.js")


class Section(NamedTuple):
    """One section of the page.

    Attributes:
        name: of its macro in page_sections.html.
        title: as its heading where it could not be made.
        values: the arguments of the macro; None where there is nothing to show, or a sentence
            on what is missing for it.
    """

    name: str
    title: str
    values: Callable[[Comparison], dict[str, Any] | str | None]


SECTIONS = (
    Section("results", "Results", page_sections.results),
    Section("choice", "Which to choose", statistics_sections.choice),
    Section("differences", "Differences", statistics_sections.differences),
    Section("repeats", "Repeats", statistics_sections.repeats),
    Section("leaks", "Leaks", statistics_sections.leaks),
    Section("confidence", "Confidence", statistics_sections.confidence),
    Section("groups", "Groups", statistics_sections.groups),
    Section("curves", "Training", page_sections.curves),
    Section("confusion", "Confusion", page_sections.confusion),
    Section("images", "Test images", page_sections.images),
    Section("explanation", "Where the network looked", page_sections.explanation),
    Section("map", "Map of the test images", page_sections.feature_map),
    Section("pixels", "Pixel importance of the baselines", page_sections.pixels),
    Section("exports", "Exports", exports),
    Section("data", "Data", page_sections.data),
    Section("lost", "Left out", page_sections.lost),
    Section("details", "Details", page_sections.details),
    Section("settings", "Settings", page_sections.settings),
    Section("environment", "Environment", page_sections.environment),
)
"""The sections of the page, in order: another one is a row here, the function of its values, and a
macro of its name in page_sections.html. The function goes into `statistics_sections` if report.md
shows the same values, else into `page_sections`; what it needs a classifier for, into `visuals`.

report.md and model_card.md have their own sections: `markdown_report` and `model_card`.
"""


def page(comparison: Comparison, *, sections: Sequence[Section] = SECTIONS) -> str:
    """Return the whole page; all names from the user are escaped."""
    macros = templates().get_template("page_sections.html").module
    entry = comparison.entries[0]
    numbers: list[tuple[str, str, str]] = []
    return standalone(
        "page.html",
        styles=STYLES,
        scripts=SCRIPTS,
        made=comparison.created,
        title=PurePath(comparison.manifest.source.rstrip("/\\")).name or "Images",
        subtitle=f"{entry['name']} {percent(entry['accuracy'])}",
        verdict=verdict_of(comparison),
        headlines=comparison.faults.attempt(
            "the headline numbers", lambda: page_sections.headlines(comparison), numbers
        ),
        sections=[_rendered(section, comparison, macros) for section in sections],
    )


def _rendered(section: Section, comparison: Comparison, macros: Any) -> Markup:
    """Return the HTML of `section`, or of its error; empty if there is nothing to show."""
    part = f"the section {section.title!r}"

    def make() -> Markup:
        values = section.values(comparison)
        if values is None:
            return Markup()
        if isinstance(values, str):
            return Markup(macros.missing(section.name, section.title, values))
        return Markup(getattr(macros, section.name)(**values))

    made = comparison.faults.attempt(part, make, None)
    if made is None:
        return Markup(macros.failed(section.name, section.title, comparison.faults.of(part)))
    return made
