import subprocess
import sys

import pytest

from transferkit.runtime import profiling
from transferkit.runtime.profiling import measure_usage

needs_linux = pytest.mark.skipif(not profiling.CLEAR.exists(), reason="needs Linux's /proc")


def test_time_is_counted_and_sleep_is_not_the_processors():
    # In a process of its own: in another, threads that earlier tests left behind go on computing.
    code = """
import time
from transferkit.runtime.profiling import measure_usage
with measure_usage() as taken:
    time.sleep(0.05)
print(taken.seconds, taken.processor_seconds)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, processor_seconds = map(float, done.stdout.split())
    assert 0.05 <= seconds < 1
    assert processor_seconds < 0.04


@needs_linux
def test_the_peak_is_that_of_the_work_and_not_of_what_was_before():
    # In a process of its own: in a large one, what was freed before is still resident, and used.
    code = """
import numpy as np
from transferkit.runtime.profiling import measure_usage
with measure_usage() as large:
    np.ones(40_000_000).sum()
with measure_usage() as small:
    np.ones(1_000).sum()
print(large.peak_megabytes - small.peak_megabytes)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert float(printed.stdout) == pytest.approx(320, abs=20)


@pytest.fixture
def counter(tmp_path):
    """The folder of a processor's counter, as the kernel shows it, at 900 of 1,000 joules."""
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (zone / "name").write_text("package-0\n")
    (zone / "energy_uj").write_text("900000000\n")
    (zone / "max_energy_range_uj").write_text("1000000000\n")
    part = tmp_path / "intel-rapl:0:0"
    part.mkdir()
    (part / "name").write_text("core\n")
    (part / "energy_uj").write_text("5\n")
    return zone / "energy_uj"


@pytest.mark.parametrize(("end", "joules"), [(912_500_000, 12.5), (50_000_000, 150.0)])
def test_energy_is_the_packages_counters_difference_over_the_wrap_too(counter, end, joules):
    with measure_usage(powercap=counter.parents[1]) as taken:
        counter.write_text(f"{end}\n")
    assert taken.joules == joules


def test_energy_is_unknown_where_nobody_says_how_far_the_counter_counts(counter):
    with measure_usage(powercap=counter.parents[1]) as taken:
        counter.write_text("5\n")
        counter.with_name("max_energy_range_uj").unlink()
    assert taken.joules is None


def test_energy_is_unknown_where_no_counter_can_be_read(counter):
    counter.unlink()
    with measure_usage(powercap=counter.parents[1]) as taken:
        pass
    assert taken.joules is None


def test_work_that_fails_is_metered_too():
    with pytest.raises(ValueError, match="enough"), measure_usage() as taken:
        raise ValueError("enough")
    assert taken.seconds > 0
