"""Formatting of numbers: shares in per cent, times in a suitable unit."""

from __future__ import annotations

import math

MIN_PROBABILITY = 0.0001  # a smaller chance is not worth its digits
PARTS = ("", "", "half the", "a third of the", "a quarter of the", "a fifth of the")
TENTHS = {6: "a sixth of the", 7: "a seventh of the", 8: "an eighth of the", 9: "a ninth of the"}
FRACTIONS = dict(enumerate(PARTS)) | TENTHS | {10: "a tenth of the"}


def counted(number: int, what: str) -> str:
    """Return a number with its noun: `1 test image`, `1000 test images`, `2 classes`."""
    plural = "" if number == 1 else "es" if what.endswith("s") else "s"
    return f"{number} {what}{plural}"


def percent(share: float) -> str:
    """Return a share 0..1 as `91.3 %`."""
    return f"{share * 100:.1f} %"


def points(share: float) -> str:
    """Return a difference of shares in percentage points: `25.1 points`."""
    return f"{abs(share) * 100:.1f} points"


def chance(p_value: float) -> str:
    """Return a p-value as `p = 0.0004`, `p = 0.03`, `p < 0.0001`."""
    if p_value < MIN_PROBABILITY:
        return f"p < {MIN_PROBABILITY:.4f}"
    if p_value >= 0.095:
        return f"p = {p_value:.2f}"
    # To one figure, but for those that it would move to the bound of what counts.
    return (
        f"p = {float(f'{p_value:.1g}')}" if abs(p_value - 0.05) >= 0.005 else f"p = {p_value:.4f}"
    )


def duration(seconds: float) -> str:
    """Return seconds as `0.42 s`, `41 s`, `6 min 50 s` or `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.2g} s" if seconds >= 0.01 else "0 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def energy(joules: float) -> str:
    """Return joules as `35 J`, `1.2 kJ` or `0.4 kWh`."""
    if joules < 1000:
        return f"{amount(joules)} J"
    return f"{amount(joules / 1e3)} kJ" if joules < 360_000 else f"{amount(joules / 3.6e6)} kWh"


def amount(value: float) -> str:
    """Return a positive number to two or three figures: `0.04`, `3.1`, `86`, `1200`."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def listed(names: list[str]) -> str:
    """Return names as `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def share_of(value: float, reference: float, what: str) -> str:
    """Return `value` relative to `reference`, as `a tenth of the size`; empty if one is unknown."""
    if not (value > 0 and reference > 0):
        return ""
    ratio = value / reference
    if ratio >= 1.5:
        return f"{_rounded(ratio)} times the {what}"
    if ratio > 1 / 1.5:
        return f"about the same {what}"
    parts = _rounded(1 / ratio)
    return f"{FRACTIONS.get(parts, f'1/{parts} of the')} {what}"


def _rounded(ratio: float) -> int:
    """Return the ratio to at most two figures: 2, 12, 350."""
    digits = max(0, math.floor(math.log10(ratio)) - 1)
    return int(round(ratio, -digits))


def printable(text: object) -> str:
    """Return `text` without characters that XML and terminals cannot hold."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in str(text)
    )
