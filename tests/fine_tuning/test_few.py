"""Accuracy by the number of pictures of a class, in learning, panel and page."""

import re

import numpy as np
import pytest
from learners import measured, same, weights
from panels import SHOWN, click, done

from widgets.fine_tuning.data.events import Stopped, Worked
from widgets.fine_tuning.learning import few as few_room
from widgets.fine_tuning.learning.few import drawn, enough


def test_a_draw_has_so_many_of_each_class_and_a_larger_one_has_them_too():
    labels = np.array([0] * 30 + [1] * 4 + [2] * 10)
    small, large = (drawn(labels, each, 0) for each in (3, 6))
    assert np.bincount(labels[small]).tolist() == [3, 3, 3] and set(small) < set(large)
    assert np.bincount(labels[large]).tolist() == [6, 4, 6]  # all four there are
    assert small != drawn(labels, 3, 1) and len(set(large)) == 16


@pytest.mark.parametrize("pictures, epochs", [(2, 150), (40, 30), (145, 15), (10_000, 1)])
def test_few_pictures_are_learnt_in_as_many_steps(pictures, epochs):
    assert enough(pictures) == epochs


def test_more_pictures_help_and_the_learner_is_as_before(learner, tmp_path, monkeypatch):
    monkeypatch.setattr(few_room, "DRAWS", 2)
    ours, heard = learner(), []
    ours.fit_frozen(1)
    ours.fit_unfrozen(1, 1e-2)  # what the network learnt from all pictures must not be seen
    before, history = weights(ours), measured(ours)
    found = ours.by_count(heard.append)
    assert [one.each for one in found] == [1, 2, 5, 10, 20]
    assert found[0].mean < 0.9 < found[-1].mean and found[-1].mean > found[0].mean + 0.1
    # all pictures, learnt in another order from another start: nearly the same
    assert abs(found[-1].accuracies[0] - found[-1].accuracies[1]) < 0.1
    assert same(before, weights(ours)) and measured(ours) == history
    told = [event for event in heard if isinstance(event, Worked) and "fewer" in event.what]
    assert [event.done for event in told] == list(range(1, 11)) and told[-1].total == 10
    with pytest.raises(Stopped):
        ours.by_count(stop=lambda: True)


def test_the_panel_says_draws_and_keeps_it(panel, page, monkeypatch):
    monkeypatch.setattr(few_room, "DRAWS", 2)
    monkeypatch.setattr(few_room, "SIZES", (1,))
    p = panel()
    said = done(p, "few")
    least, most = (float(x) for x in re.findall(r"([\d.]+)%", said)[:2])
    assert p.few["each"] == [1, 20]
    assert [least, most] == pytest.approx([100 * mean for mean in p.few["means"]], abs=0.05)
    assert "With 1 picture of each class" in said and "commonest class gets 51.9%" in said
    assert p.session.place.kept("few") == p.few
    page.set_content("<body></body>")
    page.evaluate(SHOWN, [str(p._esm), p.get_state()])
    rows = page.get_by_role("table", name="Accuracy by pictures").locator("tbody tr")
    assert rows.nth(0).inner_text().split("\t")[:2] == ["1", f"{least:.1f}%"]
    page.evaluate("window.model.send = (told) => { window.asked = told; }")
    click(page, "Learn from fewer pictures")
    assert page.evaluate("window.asked.step") == "few"
