import dataclasses
import math
from typing import Annotated, Literal

import pytest

from transferkit.config.validation import Between, check_settings
from transferkit.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Cake:
    """Settings of every kind."""

    eggs: Annotated[int, Between(1, 12)] = 3
    sugar: Annotated[float, Between(0)] = 0.5
    name: str = "sponge"
    shape: Literal["round", "square"] = "round"
    minutes: Annotated[int | None, Between(10, 90)] = None
    iced: bool = False

    def __post_init__(self) -> None:
        check_settings(self)


GOOD = (
    {"eggs": 1},
    {"eggs": 12},
    {"sugar": 0},
    {"sugar": 10**400},
    {"sugar": 1e300},
    {"minutes": 10},
    {"minutes": None},
    {"shape": "square"},
    {"iced": True},
    {"name": ""},
)


@pytest.mark.parametrize("values", GOOD)
def test_a_value_of_its_type_within_its_range_is_taken(values):
    cake = Cake(**values)
    assert {name: getattr(cake, name) for name in values} == values


BAD = (
    ({"eggs": 0}, "The setting 'eggs' is 0: it should be between 1 and 12."),
    ({"eggs": 13}, "The setting 'eggs' is 13: it should be between 1 and 12."),
    ({"eggs": 2.0}, "The setting 'eggs' is 2.0: it should be a whole number."),
    ({"eggs": True}, "The setting 'eggs' is True: it should be a whole number."),
    ({"eggs": "3"}, "The setting 'eggs' is '3': it should be a whole number."),
    ({"eggs": None}, "The setting 'eggs' is None: it should be a whole number."),
    ({"sugar": -1}, "The setting 'sugar' is -1: it should be 0 or more."),
    ({"sugar": math.nan}, "The setting 'sugar' is nan: it should be a finite number."),
    ({"sugar": math.inf}, "The setting 'sugar' is inf: it should be a finite number."),
    ({"sugar": False}, "The setting 'sugar' is False: it should be a finite number."),
    ({"name": 3}, "The setting 'name' is 3: it should be text."),
    ({"iced": 1}, "The setting 'iced' is 1: it should be true or false."),
    ({"minutes": 5}, "The setting 'minutes' is 5: it should be between 10 and 90."),
    ({"minutes": "5"}, "The setting 'minutes' is '5': it should be a whole number or null."),
    ({"shape": "sqare"}, "No choice of 'shape' is called 'sqare': did you mean 'square'?"),
    ({"shape": None}, "No choice of 'shape' is called None: there are round, square."),
)


@pytest.mark.parametrize(("values", "sentence"), BAD)
def test_another_value_is_a_sentence(values, sentence):
    with pytest.raises(ConfigError) as caught:
        Cake(**values)
    assert str(caught.value) == sentence
