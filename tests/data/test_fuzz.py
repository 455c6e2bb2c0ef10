"""The check of a file and its decoding agree on files that are damaged at random."""

import random
import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

FUZZ = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "fuzz.py"), run_name="loaded")
CORPUS = FUZZ["corpus"]()


@pytest.mark.parametrize("name", CORPUS)
def test_a_file_that_is_whole_passes_both(name, tmp_path):
    (tmp_path / "image").write_bytes(CORPUS[name])
    assert FUZZ["compared"](tmp_path / "image") == ("", "")


@given(name=st.sampled_from(sorted(CORPUS)), seed=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_passes_both_or_neither(tmp_path_factory, name, seed):
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(FUZZ["damaged"](CORPUS[name], random.Random(seed)))
    assert FUZZ["compared"](path)[1] == ""


def test_half_of_the_damaged_files_are_refused_and_some_are_not(tmp_path):
    problems = []
    for seed, content in enumerate(CORPUS.values()):
        (tmp_path / "image").write_bytes(FUZZ["damaged"](content, random.Random(seed)))
        problems.append(FUZZ["compared"](tmp_path / "image")[0])
    assert 10 < sum(map(bool, problems)) < len(problems) - 5
