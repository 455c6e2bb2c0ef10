"""Mutation testing: which wrong lines the tests notice.

    python benchmarks/mutants.py
    python benchmarks/mutants.py --only holm,folds

Each mutant changes one line that decides a number of the report, or what is trusted, in a copy of
the checkout, and runs the tests that are to notice it there. A mutant that no test fails with has
survived. One whose line is no longer there is named: write it anew for the line of today.
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


MUTANTS = (
    Mutant(
        "safe_mode off when a network is loaded",
        "training/loading.py",
        "compile=False, safe_mode=True",
        "compile=False, safe_mode=False",
        "tests/training/test_network_loading.py tests/training/test_network.py",
    ),
    Mutant(
        "raw p in place of Holm's in the verdict",
        "report/verdict.py",
        "if difference.adjusted < LEVEL:",
        "if difference.p_value < LEVEL:",
        "tests/report/test_verdict.py",
    ),
    Mutant(
        "raw p printed by the verdict",
        "report/verdict.py",
        "{chance(difference.adjusted)}",
        "{chance(difference.p_value)}",
        "tests/report/test_verdict.py",
    ),
    Mutant(
        "raw p in the choice by budget",
        "report/choice.py",
        ".adjusted < LEVEL",
        ".p_value < LEVEL",
        "tests/report/test_choice.py",
    ),
    Mutant(
        "baselines' folds without groups",
        "baselines/tuning.py",
        "drawn_folds(truth, groups, seed)",
        'drawn_folds(truth, [""] * len(truth), seed)',
        "tests/baselines/test_tuning.py",
    ),
    Mutant(
        "baselines' groups misaligned",
        "baselines/fitting.py",
        'groups=list(rows["group"]),',
        'groups=list(rows["group"])[::-1],',
        "tests/baselines/test_baseline_fitting.py",
    ),
    Mutant(
        "judged fold scaled by itself",
        "training/probe.py",
        "scale.transform(features[judge])",
        "EvenScaler().fit_transform(features[judge])",
        "tests/training/test_probe.py",
    ),
    Mutant(
        "views of one image parted over folds",
        "training/material.py",
        "groups=self.groups * number,",
        "groups=[f'{name} {turn}' for turn in range(number) for name in self.groups],",
        "tests/training/test_material.py",
    ),
    Mutant(
        "class weights dropped from the solved head",
        "training/probe.py",
        "solved.fit(scale.transform(features), truth, sample_weight=weights)",
        "solved.fit(scale.transform(features), truth)",
        "tests/training/test_probe.py",
    ),
    Mutant(
        "class weights not handed to the head",
        "training/head.py",
        "weights=images.weights,",
        "weights=np.ones(len(images)),",
        "tests/training/test_fitting.py",
    ),
    Mutant(
        "class weights not handed to the baselines",
        "baselines/fitting.py",
        "weights=None if by_class is None else by_class[truth],",
        "weights=None,",
        "tests/baselines/test_baseline_fitting.py",
    ),
    Mutant(
        "predict time without cached features",
        "report/answers.py",
        " + saved_seconds() - saved",
        "",
        "tests/report/test_report.py",
    ),
    Mutant(
        "baseline's fit time without its features",
        "baselines/fitting.py",
        " + sum(seconds for _, seconds in read)",
        "",
        "tests/baselines/test_baseline_fitting.py",
    ),
    Mutant(
        "network's fit time without cached features",
        "training/train.py",
        " + fit.borrowed_seconds",
        "",
        "tests/training/test_network.py",
    ),
    Mutant(
        "bins of the calibration error closed at the wrong end",
        "evidence/calibration.py",
        "confidence.round(DIGITS))\n    counts",
        'confidence.round(DIGITS), side="right")\n    counts',
        "tests/evidence/test_calibration.py",
    ),
    Mutant(
        "mirror kept always",
        "training/mirroring.py",
        "helps = losses[1] < losses[0]",
        "helps = True",
        "tests/training/test_mirroring.py",
    ),
    Mutant(
        "fine-tuning kept though it did harm",
        "training/fitting.py",
        "min(fit.best(FINE_TUNE_STAGE), fit.averaged) < fit.best(HEAD_STAGE)",
        "True",
        "tests/training/test_fitting.py tests/training/test_best_epochs.py",
    ),
    Mutant(
        "strength of the probe chosen by the highest loss",
        "training/probe.py",
        ".argmin())]",
        ".argmax())]",
        "tests/training/test_probe.py",
    ),
    Mutant(
        "fold's loss without the weights",
        "training/probe.py",
        "labels=solving.classes_, sample_weight=weights[judge])",
        "labels=solving.classes_)",
        "tests/training/test_probe.py",
    ),
    Mutant(
        "temperature multiplied in place of divided",
        "training/tempering.py",
        "[values / temperature for values in last.get_weights()]",
        "[values * temperature for values in last.get_weights()]",
        "tests/training/test_tempering.py",
    ),
    Mutant(
        "temperature without its prior",
        "training/temperature.py",
        " + abs(logarithm) / SPREAD",
        "",
        "tests/training/test_tempering.py",
    ),
    Mutant(
        "baselines tuned by the highest loss",
        "baselines/tuning.py",
        "int(np.argmin(losses))",
        "int(np.argmax(losses))",
        "tests/baselines/test_tuning.py",
    ),
    Mutant(
        "baseline's temperature from the images that it learnt",
        "baselines/tuning.py",
        "logits.append(logits_of(fitted, values[judge]))",
        "logits.append(logits_of(fitted, values[learn][: len(judge)]))",
        "tests/baselines/test_tuning.py",
    ),
    Mutant(
        "Holm's steps in the wrong order",
        "evidence/comparison.py",
        "np.arange(len(values), 0, -1)",
        "np.arange(1, len(values) + 1)",
        "tests/evidence/test_comparison.py",
    ),
    Mutant(
        "Holm's p-values not monotone",
        "evidence/comparison.py",
        "np.maximum.accumulate(steps)",
        "steps",
        "tests/evidence/test_comparison.py",
    ),
    Mutant(
        "difference the other way round",
        "evidence/comparison.py",
        "difference=float(shares[one] - shares[other]),",
        "difference=float(shares[other] - shares[one]),",
        "tests/evidence/test_comparison.py",
    ),
    Mutant(
        "sign-flip test with one side",
        "evidence/sign_flips.py",
        "away = np.abs(2 * np.arange(total + 1) - total) >= seen",
        "away = 2 * np.arange(total + 1) - total >= seen",
        "tests/evidence/test_sign_flips.py tests/evidence/test_comparison.py",
    ),
    Mutant(
        "drawn exchanges without the one that was seen",
        "evidence/sign_flips.py",
        "as_far = np.ones(differences.shape[1])",
        "as_far = np.zeros(differences.shape[1])",
        "tests/evidence/test_sign_flips.py",
    ),
    Mutant(
        "group intervals as if all images were alone",
        "evidence/intervals.py",
        "    if count == images:\n        return float(images)\n",
        "    return float(images)\n",
        "tests/evidence/test_intervals.py",
    ),
    Mutant(
        "macro F1's interval not corrected for its bias",
        "evidence/intervals.py",
        "centre -= float(drawn.mean()) - own if biased else 0.0",
        "centre -= 0.0",
        "tests/evidence/test_intervals.py",
    ),
    Mutant(
        "worst slice as if it were the only one",
        "evidence/slices.py",
        "1 - (1 - LEVEL) / len(known)",
        "LEVEL",
        "tests/evidence/test_slices.py",
    ),
    Mutant(
        "slices without the groups' design effect",
        "evidence/slices.py",
        "return max(float(sums @ sums) / squares, 1.0) if squares > 0 else 1.0",
        "return 1.0",
        "tests/evidence/test_slices.py",
    ),
    Mutant(
        "leaked test images counted as fair",
        "report/judgement.py",
        "fair = ~self.leaked",
        "fair = np.ones(len(self.leaked), bool)",
        "tests/report/test_judgement.py tests/report/test_report.py",
    ),
    Mutant(
        "ranking by the cost first",
        "report/verdict.py",
        "key=lambda each: (-value(correct(each, truth)), each.fit_seconds)",
        "key=lambda each: (each.fit_seconds, -value(correct(each, truth)))",
        "tests/report/test_verdict.py",
    ),
    Mutant(
        "copies on both sides of a split that is made here",
        "data/splits.py",
        'keys = [("group", group) if group else ("image", i) for i, group in enumerate(groups)]',
        'keys = [("image", i) for i, group in enumerate(groups)]',
        "tests/data/test_splits.py",
    ),
    Mutant(
        "near copies not joined into groups",
        "data/grouping.py",
        "sets = joined(len(frame), [*_given(frame), *exact, *near])\n    like",
        "sets = joined(len(frame), [*_given(frame), *exact])\n    like",
        "tests/data/test_grouping.py tests/data/test_checking.py",
    ),
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
