"""The photographs that come with other packages, and the crops of them."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from transferkit.data.samples.photographs import CROPS, PHOTOGRAPHS, photograph, varied_crops

SIDE = 32


@pytest.fixture(scope="module")
def crops():
    return varied_crops(SIDE)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_large_and_of_many_values(name):
    picture = photograph(name)
    assert min(picture.size) >= 300
    assert len(np.unique(np.asarray(picture.convert("L")))) > 100


def test_crops_are_as_many_squares_as_promised(crops):
    assert crops.shape == (CROPS, SIDE, SIDE, 3)
    assert crops.dtype == np.uint8


def test_every_crop_has_the_whole_range_of_values(crops):
    assert (crops.min(axis=(1, 2, 3)) == 0).all()
    assert (crops.max(axis=(1, 2, 3)) == 255).all()


def test_every_crop_shows_something_of_its_own(crops):
    assert len({crop.tobytes() for crop in crops}) == CROPS
    assert (crops.std(axis=(1, 2, 3)) > 20).all()


def test_crops_are_of_one_place_whatever_their_side(crops):
    larger = varied_crops(2 * SIDE).reshape(CROPS, SIDE, 2, SIDE, 2, 3).mean(axis=(2, 4))
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(crops, larger, strict=True)]
    assert np.median(alike) > 0.95


def test_crops_are_the_same_each_time_and_need_no_network(crops, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network is off")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert (varied_crops(SIDE) == crops).all()
