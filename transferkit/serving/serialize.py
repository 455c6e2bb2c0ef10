"""Rows of predictions as CSV, as JSON lines, and as Parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from transferkit.runtime.printing import csv_text, shown

FIGURES = "%.6g"  # of a probability: what float32 holds
ROW_GROUP = 50_000  # rows of a Parquet file that are in memory at once


def csv_rows(frame: pd.DataFrame, *, header: bool) -> str:
    """Return `frame` as CSV, with its column names first if `header`; a set is a JSON array."""
    rows = [[_cell(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    return csv_text(frame.columns if header else None, rows, line_end="\n")


def json_lines(frame: pd.DataFrame) -> str:
    """Return `frame` as one JSON object per line."""
    lines = []
    for row in frame.to_dict(orient="records"):
        plain = {name: _plain(value) for name, value in row.items()}
        lines.append(escaped(json.dumps(plain, ensure_ascii=False)) + "\n")
    return "".join(lines)


def write_parquet(lines: Path, path: Path) -> None:
    """Write the rows of the file `lines`, which `json_lines` wrote, as the Parquet file `path`.

    Bytes of a file name that are not UTF-8, which Parquet cannot hold, are escaped.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetWriter  # type: ignore[import-untyped]

    writer = None
    with open(lines, encoding="utf-8", errors="surrogateescape") as file:
        for rows in _parsed(file):
            columns = {_utf8(name): [_utf8(row[name]) for row in rows] for name in rows[0]}
            schema = pa.schema([(name, _parquet_type(name)) for name in columns])
            writer = writer or ParquetWriter(path, schema)
            writer.write_table(pa.table(columns, schema=schema))
    if writer is not None:
        writer.close()


def _parsed(file: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    lines = iter(file)
    while rows := [json.loads(line) for line in islice(lines, ROW_GROUP)]:
        yield rows


def _parquet_type(name: str) -> Any:
    import pyarrow as pa

    if name == "prediction_set":
        return pa.list_(pa.string())
    is_number = name == "probability" or name.startswith(("p(", "p_"))
    return pa.float64() if is_number else pa.string()


def _utf8(value: Any) -> Any:
    if isinstance(value, list):
        return [_utf8(item) for item in value]
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def escaped(text: str) -> str:
    """Return the JSON `text` with control characters escaped.

    `json` leaves those from 127 on as they are, and terminals interpret some of them.
    """
    if text.isprintable():
        return text
    return "".join(
        character if shown(character) == character else json.dumps(character)[1:-1]
        for character in text
    )


def _cell(value: object) -> object:
    """Return `value` for a .csv: numbers to six figures, empty if unknown."""
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else FIGURES % value


def _plain(value: Any) -> Any:
    """Return `value` for JSON: text unchanged, numbers to six figures, null if unknown."""
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else float(FIGURES % value)
