"""Facts on a fetched data set, in a file beside its images: name, licence, citation, classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

METADATA_FILE = "catalogue.json"  # in a fetched folder: its source, licence and citation
TFDS_PREFIX = "tfds:"  # of a source that is a data set of tensorflow-datasets
METADATA_KEYS: dict[str, type] = {
    "name": str,
    "licence": str,
    "citation": str,
    "classes": dict,
    "images": dict,
    "notes": list,
}


def read_about(folder: Path) -> dict[str, Any]:
    """Return the facts in `catalogue.json` of the set in `folder`; empty where there is none.

    A file of that name that `fetch` did not write is the user's own, and is ignored.
    """
    try:
        about = json.loads((folder / METADATA_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(about, dict):
        return {}
    ours = all(isinstance(about.get(name), kind) for name, kind in METADATA_KEYS.items())
    names = list(about["classes"].values()) + about["notes"] if ours else []
    return about if ours and all(isinstance(name, str) for name in names) else {}


def about_notes(about: dict[str, Any]) -> list[str]:
    """Return notes on a fetched set: its source, licence, citation, and left out images."""
    if not about:
        return []
    citation = " ".join(str(about.get("citation", "")).split())
    licence = about["licence"] or "none is named: ask before you use it"
    first = f"The images are {about.get('name')} of tensorflow-datasets; licence: {licence}."
    return [first, *([f"To cite them: {citation}"] if citation else []), *about.get("notes", [])]
