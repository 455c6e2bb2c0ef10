"""Sequences that names tell of: proposed where they are alike, and no wider than they are."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.data.quality.sequences import MAX_GROUPS, MAX_OTHERS, find_sequences

WIDTH, FILMS, FRAMES = 16, 60, 3
CLASSES = ("cat", "dog")


def images(
    near: float = 0.3, persons: int = 0, count: int = FILMS
) -> tuple[np.ndarray, list[int], list[str]]:
    """Features of films, which lie `near` together, the number of each film, and its class.

    With `persons`, so many films after one another show one person, and are nearly as alike.
    """
    generator = np.random.default_rng(0)
    films = np.repeat(np.arange(count), FRAMES)
    centres = generator.normal(size=(count, WIDTH))
    if persons:
        who = np.arange(count) // persons
        centres = generator.normal(size=(count, WIDTH))[who] + 0.4 * centres
    features = centres[films] + near * generator.normal(size=(len(films), WIDTH))
    return features, films.tolist(), [CLASSES[film % 2] for film in films]


def found(features, paths, labels, groups=None):
    return find_sequences(features, paths, labels, groups or [""] * len(paths))


def names(films: list[int], labels: list[str], form: str) -> list[str]:
    return [
        form.format(label=label, film=film, person=film // 4, frame=17 * place % 1000)
        for place, (film, label) in enumerate(zip(films, labels, strict=True))
    ]


@pytest.mark.parametrize(
    "form",
    [
        "{label}/{film:05}_{frame:05}.ppm",
        "{label}/S{film:03} ({frame}).png",
        "{label}/C{film}P4thinF_original_IMG_cell_{frame}.png",
        "{label}/{frame:04}-film{film}.png",
        "{label}/{film:03}/frame{frame}.png",
        "test/{label}/take{film}.{frame}.jpg",
    ],
)
def test_frames_of_a_film_are_proposed(form) -> None:
    features, films, labels = images()
    proposal = found(features, names(films, labels, form), labels)
    assert proposal is not None
    assert proposal.count == FILMS
    by_film = dict(zip(films, proposal.groups, strict=True))
    assert [by_film[film] for film in films] == list(proposal.groups)
    assert proposal.rank > 0.95


@pytest.mark.parametrize(("persons", "count"), [(0, FILMS), (4, FILMS // 4)])
def test_the_widest_groups_are_proposed_that_are_alike(persons, count) -> None:
    features, films, labels = images(persons=persons)
    paths = names(films, labels, "{label}/S{person:03}_{film:03}_{frame:08}.png")
    assert found(features, paths, labels).count == count


def test_numbers_that_begin_anew_in_each_class_are_told_apart_by_the_folder() -> None:
    features, films, labels = images()
    paths = [
        f"{label}/{film // 2:03}_{n}.png"
        for n, (film, label) in enumerate(zip(films, labels, strict=True))
    ]
    proposal = found(features, paths, labels)
    assert proposal.count == FILMS
    assert proposal.groups[0] == "cat/000"


@pytest.mark.parametrize("seed", range(10))
def test_shuffled_names_tell_of_nothing(seed) -> None:
    features, films, labels = images()
    films = np.random.default_rng(seed).permutation(films).tolist()
    assert (
        found(features, names(films, labels, "{label}/S{person}_{film:05}_{frame}.png"), labels)
        is None
    )


@pytest.mark.parametrize("form", ["img_{:04}.jpg", "IMG_{:04}.JPG", "{:04}.jpg", "cat ({}).jpg"])
def test_running_numbers_tell_of_nothing(form) -> None:
    features, _, labels = images()
    paths = [f"{label}/{form.format(n)}" for n, label in enumerate(labels)]
    assert found(features, paths, labels) is None


def test_films_that_are_unlike_themselves_are_not_proposed() -> None:
    features, films, labels = images(near=8)
    assert found(features, names(films, labels, "{label}/{film:05}_{frame}.png"), labels) is None


def test_groups_that_are_known_are_not_proposed_again() -> None:
    features, films, labels = images()
    paths = names(films, labels, "{label}/{film:05}_{frame}.png")
    assert found(features, paths, labels, [f"film {film}" for film in films]) is None


def test_a_few_large_groups_of_each_class_are_not_proposed() -> None:
    """Sources or kinds, of which no split could hold some and miss others."""
    generator = np.random.default_rng(0)
    kinds, numbers = np.arange(240) % 12, np.arange(240)
    features = 3 * generator.normal(size=(12, WIDTH))[kinds] + generator.normal(size=(240, WIDTH))
    labels = [f"class {kind // 3}" for kind in kinds]
    paths = [
        f"{label}/web{kind % 3}_{n}.jpg"
        for label, kind, n in zip(labels, kinds, numbers, strict=True)
    ]
    assert found(features, paths, labels) is None
    of_six = [
        path.replace(f"web{k % 3}", f"web{k % 3}{n // 12 % 2}")
        for path, k, n in zip(paths, kinds, numbers, strict=True)
    ]
    assert found(features, of_six, labels).count == 24


def test_of_many_images_some_are_compared_with() -> None:
    count = max(MAX_GROUPS, MAX_OTHERS // FRAMES) + 1
    features, films, labels = images(count=count)
    proposal = found(features, names(films, labels, "{label}/{film:05}_{frame}.png"), labels)
    assert proposal.count == count
