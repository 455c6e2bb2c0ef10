"""What a piece of work takes of the machine: time, memory and, where it is counted, energy."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATUS = Path("/proc/self/status")  # of this process, on Linux
CLEAR = Path("/proc/self/clear_refs")
CLEAR_PEAK = "5"  # what sets the peak of the resident size back to what it is now, says proc(5)
POWERCAP = Path("/sys/class/powercap")  # on Linux; AMD's counters have Intel's name there too
KILOBYTE = 1024  # bytes in what /proc calls kB


@dataclasses.dataclass
class ResourceUsage:
    """What a piece of work took; None stands for what this system does not tell.

    Attributes:
        seconds: wall time.
        processor_seconds: of all cores together.
        peak_megabytes: the most that the process held in memory meanwhile, 10**6 bytes.
        joules: what the processors used meanwhile, for whatever else ran on them too.
    """

    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_megabytes: float | None = None
    joules: float | None = None


@contextmanager
def measure_usage() -> Iterator[ResourceUsage]:
    """Meter what happens within; the `ResourceUsage` is filled in at the end.

    One within another hides what was the most before it from the outer one.
    """
    taken, whole = ResourceUsage(), _clear_peak()
    wall, processor, energy = time.perf_counter(), time.process_time(), _energies()
    try:
        yield taken
    finally:
        taken.seconds = time.perf_counter() - wall
        taken.processor_seconds = time.process_time() - processor
        taken.peak_megabytes = _peak_megabytes() if whole else None
        taken.joules = _joules(energy, _energies())


def _clear_peak() -> bool:
    """Whether the peak of the resident size counts from now on."""
    try:
        CLEAR.write_text(CLEAR_PEAK)
    except OSError:  # not Linux, or a container that forbids it
        return False
    return True


def _peak_megabytes() -> float | None:
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("VmHWM:")), None)
    return int(found.split()[1]) * KILOBYTE / 1e6 if found else None


def _energies() -> dict[Path, int]:
    """Microjoules that each processor has counted; nothing where none can be read."""
    found = {}
    for zone in sorted(POWERCAP.glob("intel-rapl:*")) if POWERCAP.is_dir() else ():
        try:
            if zone.joinpath("name").read_text().startswith("package"):
                found[zone] = int(zone.joinpath("energy_uj").read_text())
        except (OSError, ValueError):  # since 2020 only the administrator may read them, mostly
            continue
    return found


def _joules(before: dict[Path, int], after: dict[Path, int]) -> float | None:
    """What was counted between the two; a counter that ran over starts from nothing again."""
    if not before or before.keys() != after.keys():
        return None
    used = 0
    for zone, start in before.items():
        used += after[zone] - start
        if after[zone] < start:
            try:
                used += int(zone.joinpath("max_energy_range_uj").read_text())
            except (OSError, ValueError):
                return None
    return used / 1e6
