"""Resource usage of a piece of work: time, memory and, where it is metered, energy."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATUS = Path("/proc/self/status")  # of this process, on Linux
CLEAR = Path("/proc/self/clear_refs")
CLEAR_PEAK = "5"  # resets the peak of the resident size to its present value: proc(5)
POWERCAP = Path("/sys/class/powercap")  # on Linux; AMD's counters have Intel's name there too
KILOBYTE = 1024  # bytes in a kB of /proc


@dataclasses.dataclass
class ResourceUsage:
    """Resource usage of a piece of work; None where this system does not report it.

    Attributes:
        seconds: wall time.
        processor_seconds: of all cores together.
        peak_megabytes: peak memory of the process meanwhile, 10**6 bytes.
        joules: energy of the processors meanwhile, that of other processes included.
    """

    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_megabytes: float | None = None
    joules: float | None = None


@contextmanager
def measure_usage(*, powercap: Path = POWERCAP) -> Iterator[ResourceUsage]:
    """Measure the usage of the `with` block; the `ResourceUsage` is filled in at its end.

    A nested one hides the peak before it from the outer one. `powercap` is the kernel's folder of
    energy counters.
    """
    usage, whole = ResourceUsage(), _clear_peak()
    wall, processor, energy = time.perf_counter(), time.process_time(), _energies(powercap)
    try:
        yield usage
    finally:
        usage.seconds = time.perf_counter() - wall
        usage.processor_seconds = time.process_time() - processor
        usage.peak_megabytes = _peak_megabytes() if whole else None
        usage.joules = _joules(energy, _energies(powercap))


def _clear_peak() -> bool:
    """Reset the peak of the resident size; return if that is possible."""
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
    peak = next((line for line in lines if line.startswith("VmHWM:")), None)
    return int(peak.split()[1]) * KILOBYTE / 1e6 if peak else None


def _energies(powercap: Path) -> dict[Path, int]:
    """Return the counter of each processor, in microjoules; empty where none is readable."""
    counters = {}
    for zone in sorted(powercap.glob("intel-rapl:*")) if powercap.is_dir() else ():
        try:
            if zone.joinpath("name").read_text().startswith("package"):
                counters[zone] = int(zone.joinpath("energy_uj").read_text())
        except (OSError, ValueError):  # since 2020 only the administrator may read them, mostly
            continue
    return counters


def _joules(before: dict[Path, int], after: dict[Path, int]) -> float | None:
    """Return the energy between two readings of the counters, which may have run over."""
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
