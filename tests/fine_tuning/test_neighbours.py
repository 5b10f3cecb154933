"""The training pictures most like a validation picture, in the features that the head is given."""

import numpy as np
import pytest
from panels import ask, done

from widgets.fine_tuning.learning.neighbours import nearest
from widgets.fine_tuning.panel.jobs import FAILED


def by_hand(learner, number: int, count: int) -> tuple[list[int], list[float]]:
    """Picture by picture through the network, and the cosine as it is written in books."""
    import torch

    def features(picture) -> np.ndarray:
        pixels = learner.body.normalised(learner.body.pixels([picture.open()]).float())
        with torch.inference_mode():
            return learner.network.eval().features(pixels)[0].double().numpy()

    own = features(learner.pictures.valid[number])
    found = []
    for picture in learner.pictures.train:
        other = features(picture)
        found.append(float((own * other).sum() / np.sqrt((own**2).sum() * (other**2).sum())))
    order = sorted(range(len(found)), key=lambda k: -found[k])[:count]
    return order, [found[k] for k in order]


@pytest.mark.parametrize("number", [0, 17, 53])
def test_they_are_those_of_plain_numpy(trained, number):
    """After all layers have learnt: by the network as it is now, and not by the body as it came."""
    numbers, cosines = trained.nearest(number)
    order, expected = by_hand(trained, number, 5)
    assert numbers.tolist() == order
    np.testing.assert_allclose(cosines, expected, atol=1e-6)


def test_a_picture_is_most_like_itself_whatever_its_length_and_nothing_is_like_0():
    among = np.array([[0.0, 0.0], [1.0, 1.0], [-3.0, 0.0], [2.0, 2.0], [5.0, 0.0]])
    numbers, cosines = nearest(np.array([3.0, 3.0]), among, 5)
    assert numbers.tolist() == [1, 3, 4, 0, 2]
    np.testing.assert_allclose(cosines, [1, 1, np.sqrt(0.5), 0, -np.sqrt(0.5)], atol=1e-15)
    assert nearest(np.zeros(2), among, 3)[1].tolist() == [0, 0, 0]


def test_the_panel_shows_them_with_their_labels(panel):
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    k = p.results["topLosses"][0]["number"]
    said = done(p, "near", number=k)
    pictures, numbers = p.session.pictures, p.session.learner.nearest(k)[0]
    assert said == f"Shown are the 5 training pictures most like {pictures.valid[k].id}."
    own, *shown = p.near["pictures"]
    assert own == p.results["topLosses"][0]
    assert [one["title"] for one in shown] == [pictures.train[n].id for n in numbers]
    labels = [pictures.classes[pictures.train[n].label] for n in numbers]
    assert [one["caption"].split(" / ")[0] for one in shown] == labels
    for name in set(labels):
        count = labels.count(name)
        assert f"{count} {'is' if count == 1 else 'are'} {name}" in p.near["sentence"]
    done(p, "look")
    assert p.near == {}  # they may be others now
    p.start("near", number=len(pictures.valid))
    assert p.wait(60).state == FAILED and "a whole number from 0 to 53" in p.job["said"]
    assert ask(p, "cell", actual=0, predicted=0)["pictures"][0]["number"] >= 0
