"""How long the commands take that should answer at once, beside an interpreter that does nothing.

    python benchmarks/start.py

Prints, for each, the minimum, median and maximum wall time over the runs, in milliseconds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 11
COMMAND = str(Path(sys.executable).with_name("transferkit"))
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import transferkit": [sys.executable, "-c", "import transferkit"],
    "transferkit --help": [COMMAND, "--help"],
    "transferkit train --help": [COMMAND, "train", "--help"],
    "transferkit backbones": [COMMAND, "backbones"],
    "transferkit baselines": [COMMAND, "baselines"],
    "a misspelt backbone": [COMMAND, "train", ".", "--backbone", "resnet5"],
}


def main() -> None:
    """Run the cases in turn, one warm-up round first."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for number in range(RUNS + 1):
        for name, command in CASES.items():
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=False)
            if number:
                times[name].append(1000 * (time.perf_counter() - started))
    print(f"{'milliseconds':<28}{'minimum':>9}{'median':>9}{'maximum':>9}")
    for name, found in times.items():
        print(f"{name:<28}{min(found):>9.0f}{statistics.median(found):>9.0f}{max(found):>9.0f}")


if __name__ == "__main__":
    main()
