"""Mutation testing: which wrong lines the tests notice.

    python benchmarks/mutants.py
    python benchmarks/mutants.py --only holm,folds

Each mutant changes one line that decides a number of the report, or what is trusted, in a copy of
the checkout, and runs the tests that are to notice it there; mutants.yaml lists them. A mutant that
no test fails with has survived. One whose line is no longer there is named: write it anew for the
line of today.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parent.parent
COPIED = ("transferkit", "tests", "recipes", "benchmarks", "docs", "notebooks")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "Makefile", "constraints.txt", "CHANGELOG.md")
LIMIT = 900  # seconds for the tests of one mutant


class Mutant(NamedTuple):
    """One wrong line: `old` becomes `new` in the file, and `tests` are to fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = tuple(
    Mutant(**row)
    for row in yaml.safe_load((ROOT / "benchmarks" / "mutants.yaml").read_text("utf-8"))
)


def main() -> None:
    """Print one line per mutant, and exit with 1 where one has survived or does not apply."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="parts of names, with commas between them")
    wanted = [part for part in parser.parse_args().only.split(",") if part]
    mutants = [m for m in MUTANTS if not wanted or any(part in m.name for part in wanted)]
    counts = {"killed": 0, "survived": 0, "not there": 0}
    with tempfile.TemporaryDirectory() as scratch:
        copy = copy_checkout(Path(scratch) / "checkout")
        for mutant in mutants:
            started = time.perf_counter()
            outcome = try_mutant(mutant, copy)
            counts[outcome] += 1
            seconds = time.perf_counter() - started
            print(f"{outcome:<10}{seconds:>6.0f} s  {mutant.name} ({mutant.file})", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(counts["survived"] + counts["not there"] > 0)


def copy_checkout(target: Path) -> Path:
    """Copy of the checkout in `target`, without what git ignores."""
    ignored = shutil.ignore_patterns("__pycache__", "runs", "looks", "curves")
    for name in COPIED:
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    for name in FILES:
        shutil.copy2(ROOT / name, target / name)
    return target


def try_mutant(mutant: Mutant, copy: Path) -> str:
    """Run the tests of `mutant` in `copy`: killed, survived, or its line is not there."""
    path = copy / "transferkit" / mutant.file
    text = path.read_text("utf-8")
    if text.count(mutant.old) != 1:
        return "not there"
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *mutant.tests.split()],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=LIMIT,
        )
        if done.returncode not in (0, 1):  # pytest's own: no tests, or a misused command line
            raise SystemExit(f"{mutant.name}: {done.stdout.decode()}{done.stderr.decode()}")
        return "killed" if done.returncode else "survived"
    except subprocess.TimeoutExpired:
        return "killed"  # an endless loop is noticed too
    finally:
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
