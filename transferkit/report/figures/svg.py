"""A matplotlib figure as a small inline SVG that takes its colours from the page around it.

A drawing uses the colours below, which stand for others: the text becomes the page's
`currentColor`, the rest its CSS variables, so that one drawing reads in light and in dark.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from io import StringIO
from typing import Any
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, NETWORK, BASELINE, PAPER = "#010203", "#010204", "#010205", "#010206"
COLOURS = {
    INK: "currentColor",
    NETWORK: "var(--network)",
    BASELINE: "var(--baseline)",
    PAPER: "var(--paper)",
}
BACKGROUND: Any = {"facecolor": PAPER + "99", "edgecolor": "none", "pad": 1}
"""The box of words that a line may cross."""
QUIET = INK + "a6"  # axes and ticks, at 65 % of the ink
POINTS = 72  # units of the SVG in matplotlib's inch; one is a CSS pixel on the page
STYLE: Any = {
    "font.size": 11,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called $x$
    "axes.edgecolor": QUIET,
    "axes.labelcolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "lines.solid_capstyle": "round",
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "svg.fonttype": "none",  # text stays text, in the page's own font
    "svg.hashsalt": "transferkit",
}
styled = rc_context(STYLE)  # decorates every function that draws
SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


def panel(
    title: str, width: float, height: float, margins: tuple[float, float, float, float]
) -> Axes:
    """Return axes in a figure of `width` × `height` pixels; `margins` are top, right, bottom, left.

    The title is at the figure's upper left corner.
    """
    top, right, bottom, left = margins
    figure = Figure(figsize=(width / POINTS, height / POINTS), dpi=POINTS)
    box = (left / width, bottom / height)
    size = ((width - left - right) / width, (height - top - bottom) / height)
    figure.text(0, 1 - 12 / height, title, fontsize=12)
    return figure.add_axes((*box, *size))


def svg_text(axes: Axes, label: str) -> str:
    """Return the figure of `axes` as an `<svg>` element with the ARIA label `label`."""
    figure, drawing = axes.get_figure(root=True), StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():
        # matplotlib's own font lacks many scripts; the reader's browser, which draws, does not.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        FigureCanvasSVG(figure).print_svg(drawing, metadata=nothing)
    root = ElementTree.fromstring(drawing.getvalue())
    _tidy(root, prefix=hashlib.sha256(label.encode("utf-8", "replace")).hexdigest()[:6])
    width = float(root.get("viewBox", "0 0 0 0").split()[2])
    root.attrib = {
        "viewBox": root.get("viewBox", ""),
        "width": f"{width:g}",
        "role": "img",
        "aria-label": label,
    }
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(root: ElementTree.Element, *, prefix: str) -> None:
    """Remove metadata, style sheet and unused names from the SVG, in place."""
    parents = {child: parent for parent in root.iter() for child in parent}
    for child, parent in parents.items():
        if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
            parent.remove(child)
    values = [value for element in root.iter() for value in element.attrib.values()]
    used = {name for value in values for name in re.findall(r"#([\w-]+)", value)}
    for element in root.iter():
        name = element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            element.set(key, _tidied(key, value, prefix))
        if name in used:
            element.set("id", f"{prefix}-{name}")


def _tidied(key: str, value: str, prefix: str) -> str:
    if key == f"{{{LINK}}}href" or value.startswith("url(#"):
        return value.replace("#", f"#{prefix}-")
    if key == "style":
        value = re.sub(r"font-family:[^;]*;? *", "", value)
        value = re.sub(r"font:[^;]*?([\d.]+px)[^;]*", r"font-size: \1", value)
        for sentinel, colour in COLOURS.items():
            value = value.replace(sentinel, colour)
    return re.sub(r"(\.\d\d)\d+", r"\1", value)  # a hundredth of a pixel is enough
