"""ImageNet's thousand classes rolled up into a person's few."""

import numpy as np
import pytest

from widgets.fine_tuning.data.photographs import FOLDER
from widgets.fine_tuning.data.pictures import Picture, Pictures
from widgets.fine_tuning.learning.efficientnet_lite import class_names
from widgets.fine_tuning.learning.rolling_up import RolledUp, groups, members, rolled_up
from widgets.fine_tuning.panel import saying


def named(name: str) -> list[str]:
    return [class_names()[k] for k in members(name, class_names())]


@pytest.mark.parametrize(
    "word, first, last, count",
    [
        ("dog", "Chihuahua", "Mexican hairless", 118),
        ("cat", "tabby", "Egyptian cat", 5),
        ("bird", "cock", "albatross", 59),
        ("snake", "thunder snake", "sidewinder", 17),
        ("butterfly", "admiral", "lycaenid", 6),
        ("fruit", "Granny Smith", "pomegranate", 10),
        ("vegetable", "head cabbage", "cardoon", 11),
        ("monkey", "guenon", "squirrel monkey", 13),
    ],
)
def test_a_word_means_those_from_here_to_there(word, first, last, count):
    found = named(word)
    assert (found[0], found[-1], len(found)) == (first, last, count)


def test_every_group_is_of_imagenet_s_numbers_each_once():
    for word, numbers in groups().items():
        assert numbers and len(set(numbers)) == len(numbers), word
        assert min(numbers) >= 0 and max(numbers) < 1000, word


@pytest.mark.parametrize(
    "name, like", [("cats", "cat"), ("animals-birds", "bird"), ("Foxes!", "fox"), ("Bus", "bus")]
)
def test_a_class_is_meant_by_a_word_of_its_name(name, like):
    assert set(named(like)) <= set(named(name)) and named(like)


def test_other_words_are_looked_for_in_the_names():
    assert named("espresso") == ["espresso maker", "espresso"]
    assert named("xyz") == [] and named("3") == []
    assert members("tabby cats", ["dog", "a tabby", "house cat"]) == [1, 2]  # another body's labels


def test_each_way_of_rolling_up():
    probabilities = np.array([[0.3, 0.2, 0.1, 0.4], [0.0, 0.1, 0.9, 0.0]])
    found = rolled_up(probabilities, [[0, 1, 2], [3]])
    np.testing.assert_allclose(found["largest"], [[0.3, 0.4], [0.9, 0]])
    np.testing.assert_allclose(found["mean"], [[0.2, 0.4], [1 / 3, 0]])
    np.testing.assert_allclose(found["sum"], [[0.6, 0.4], [1.0, 0]])
    right = RolledUp.of([[0, 1, 2], [3]], probabilities, np.array([0, 0]))
    assert right == RolledUp((3, 1), {"largest": 0.5, "mean": 0.5, "sum": 1.0})


def test_the_learner_rolls_up_its_body_s_own_predictions(learner):
    from widgets.fine_tuning.learning.bodies import load_body

    cat, coffee = (
        Picture(name, k, FOLDER / f"{name}.jpg") for k, name in enumerate(("cat", "coffee"))
    )
    pictures = Pictures("two", ("cats", "espresso"), (cat, coffee), (cat, coffee))
    found = learner(pictures, load_body("efficientnet-lite0")).rolled_up()
    assert found == RolledUp((5, 2), {"largest": 1.0, "mean": 1.0, "sum": 1.0})
    assert saying.rolled(found, pictures.classes) == (
        " Rolled up by their names alone (5 for cats, 2 for espresso), without learning, they get,"
        " by what is taken of them: largest 100.0%, mean 100.0%, sum 100.0%."
    )


def test_names_that_say_nothing_are_not_rolled_up(learner):
    assert learner().rolled_up() is None  # 3 and 7 stand in no label of the digits' body
    assert saying.rolled(None, ("3", "7")) == ""
