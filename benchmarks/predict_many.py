"""Predictions of very many files: memory, speed, and whether a kill loses or repeats a row.

    python benchmarks/predict_many.py
    python benchmarks/predict_many.py 20000 --ending parquet

The patches that come with the package are linked under so many names, 100,000 if no number is
given, 1,000 to a folder, and predicted by pocket at 32 pixels with `transferkit predict --out`, as
a command of its own: first a tenth of them, then all. Prints the images per second and the most
memory that was resident. Then all again: the process is killed by SIGKILL when half of the rows are
written, and `--resume` goes on. Prints how many rows there were at the kill, how many the file has,
how many paths are in it twice and how many are missing. On Linux alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import transferkit as tk

FILES, PER_FOLDER, IMAGE_SIZE = 100_000, 1000, 32


def main() -> None:
    """Train, link, predict, kill, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="?", type=int, default=FILES)
    parser.add_argument("--ending", default="csv", choices=("csv", "jsonl", "parquet"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        run = train(scratch)
        paths = link(sorted((scratch / "patches").rglob("*.png")), scratch, asked.files)
        few, all_files = scratch / "few.csv", scratch / "all.csv"
        few.write_text("\n".join(["path", *paths[: asked.files // 10]]) + "\n")
        all_files.write_text("\n".join(["path", *paths]) + "\n")
        print(f"{'files':>10}{'seconds':>10}{'images/s':>10}{'peak, MB':>10}", flush=True)
        for source, count in ((few, asked.files // 10), (scratch / "links", asked.files)):
            seconds, megabytes = predict(run, source, scratch / f"out.{asked.ending}")
            print(f"{count:>10,}{seconds:>10.1f}{count / seconds:>10,.0f}{megabytes:>10,.0f}")
        out = scratch / f"again.{asked.ending}"
        killed_at = predict_and_kill(run, all_files, out, rows=asked.files // 2)
        seconds, megabytes = predict(run, all_files, out, "--resume")
        counts = Counter(read_paths(out))
        print(
            f"killed at {killed_at:,} rows, went on in {seconds:.1f} s with {megabytes:,.0f} MB: "
            f"{counts.total():,} rows, {sum(count > 1 for count in counts.values())} paths twice, "
            f"{len(set(paths) - counts.keys())} missing"
        )


def train(scratch: Path) -> Path:
    """Train on the patches, and return the run folder."""
    folder = tk.write_patches(scratch / "patches")
    config = tk.Config(
        data=tk.DataConfig(image_size=IMAGE_SIZE), model=tk.ModelConfig(backbone="pocket")
    )
    run = tk.Run.create(scratch / "run")
    tk.train(tk.Manifest.read(folder, config.data), config, run=run)
    return run.folder


def link(images: list[Path], scratch: Path, files: int) -> list[str]:
    """Link `images` in turn under so many names, and return these."""
    paths = []
    for number in range(files):
        path = scratch / "links" / f"{number // PER_FOLDER:04}" / f"{number:07}.png"
        if number % PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        os.link(images[number % len(images)], path)
        paths.append(str(path))
    return paths


def command(run: Path, source: Path, out: Path) -> list[str]:
    """Return the command that predicts `source` into `out`."""
    arguments = ["predict", str(run), str(source), "--out", str(out)]
    return [sys.executable, "-m", "transferkit", *arguments]


def predict(run: Path, source: Path, out: Path, *more: str) -> tuple[float, float]:
    """Return the seconds of a whole process, and the megabytes it had at most."""
    started = time.perf_counter()
    process = subprocess.Popen([*command(run, source, out), *more], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"predict ended with exit status {process.returncode}")
    return time.perf_counter() - started, megabytes_of(usage)


def megabytes_of(usage: resource.struct_rusage) -> float:
    """Return the most resident megabytes: Linux counts them by 1,024 bytes."""
    return usage.ru_maxrss * 1024 / 1e6


def predict_and_kill(run: Path, source: Path, out: Path, *, rows: int) -> int:
    """Kill the process by SIGKILL when so many rows are written; return how many there were."""
    state = out.with_name(f"{out.name}.partial.json")
    process = subprocess.Popen(command(run, source, out), stderr=subprocess.DEVNULL)
    done = 0
    while done < rows and process.poll() is None:
        time.sleep(0.01)
        done = json.loads(state.read_text())["progress"]["rows"] if state.exists() else 0
    process.kill()
    process.wait()
    return done


def read_paths(out: Path) -> list[str]:
    """Return the paths in the file `out`."""
    if out.suffix == ".parquet":
        import pandas as pd

        return list(pd.read_parquet(out, columns=["path"])["path"])
    with out.open(newline="") as file:
        if out.suffix == ".csv":
            return [row["path"] for row in csv.DictReader(file)]
        return [json.loads(line)["path"] for line in file]


if __name__ == "__main__":
    main()
