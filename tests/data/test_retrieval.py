import numpy as np
import pytest
from drawn_scenes import scene
from PIL import Image

from transferkit.data.quality.image_alignment import ORIENTATIONS
from transferkit.data.quality.retrieval import (
    MAX_EXHAUSTIVE,
    WINDOWS,
    candidates,
    descriptors,
    rank,
)

SCENES = 24
COPIED = MAX_EXHAUSTIVE // 2 + 10  # with their copies, too many for all against all


def thumbnail(image):
    return np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX))


@pytest.fixture(scope="module")
def thumbnails():
    return np.stack([thumbnail(scene(number)) for number in range(SCENES)])


def best(pairs, part):
    """The row of the candidate most like `part`."""
    rows = np.flatnonzero(pairs.part == part)
    return rows[pairs.correlation[rows].argmax()]


@pytest.mark.parametrize("orientation", range(len(ORIENTATIONS)))
def test_a_turned_copy_is_the_best_candidate_and_its_orientation_is_told(thumbnails, orientation):
    exchanged, flipped, mirrored = ORIENTATIONS[orientation]
    copy = thumbnails[5][:: -1 if flipped else 1, :: -1 if mirrored else 1]
    copy = copy.T if exchanged else copy  # undone in the other order
    pairs = candidates(np.concatenate([thumbnails, copy[None]]), min_correlation=0.75, max_pairs=8)
    row = best(pairs, SCENES)
    assert (pairs.whole[row], pairs.orientation[row]) == (5, orientation)
    assert pairs.correlation[row] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("window", range(len(WINDOWS)))
def test_a_part_is_a_candidate_by_the_window_that_it_shows(thumbnails, window):
    x, y, share = WINDOWS[window]
    image = scene(5)
    box = x * 320, y * 240, (x + share) * 320, (y + share) * 240
    part = thumbnail(image.resize((320, 240), Image.Resampling.BICUBIC, box=box))
    pairs = candidates(np.concatenate([thumbnails, part[None]]), min_correlation=0.75, max_pairs=8)
    row = best(pairs, SCENES)
    assert (pairs.whole[row], pairs.window[row]) == (5, window)


def test_candidates_are_as_alike_as_is_asked_and_no_more_than_most(thumbnails):
    pairs = candidates(thumbnails, min_correlation=0.3, max_pairs=3)
    assert pairs.correlation.min() >= 0.3
    assert np.bincount(pairs.part).max() == 3


def test_no_picture_is_its_own_candidate_and_each_other_is_one_once(thumbnails):
    pairs = candidates(thumbnails, min_correlation=0.2, max_pairs=8)
    assert (pairs.part != pairs.whole).all()
    both = list(zip(pairs.part.tolist(), pairs.whole.tolist(), strict=True))
    assert len(set(both)) == len(both)


def test_cells_and_chunks_find_the_copies_that_all_against_all_finds():
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (2 * COPIED, 6, 6), dtype=np.uint8)
    pictures = np.stack([thumbnail(Image.fromarray(cells).resize((64, 64), 3)) for cells in noise])
    pictures[COPIED:] = pictures[:COPIED, ::-1]
    pairs = candidates(pictures, min_correlation=0.98, max_pairs=8, chunk_size=128)
    copies = {(part, whole) for part, whole in zip(pairs.part, pairs.whole, strict=True)}
    assert {(number, number + COPIED) for number in range(COPIED)} <= copies


def test_a_window_without_contrast_is_like_nothing():
    assert not descriptors(np.full((1, 32, 32), 90, np.uint8), WINDOWS).any()


def test_two_pictures_without_a_likeness_are_no_candidates(thumbnails):
    assert len(candidates(thumbnails[:2], min_correlation=0.9, max_pairs=8).part) == 0


def test_no_picture_has_no_candidates():
    assert (
        len(candidates(np.empty((0, 32, 32), np.uint8), min_correlation=0.7, max_pairs=8).part) == 0
    )


def test_the_rank_counts_the_pairs_of_the_same_part_that_are_more_alike():
    part = np.array([1, 0, 1, 1])
    alike = np.array([0.7, 0.1, 0.9, 0.8])
    assert rank(part, alike).tolist() == [2, 0, 0, 1]
