"""How deep the body is unfrozen: what learns, what stays, and what the panel and command say."""

import pytest
import torch
from panels import ask, done

from lessons.command_line import main
from sheets import InputError
from widgets.fine_tuning.data.events import BatchEnded
from widgets.fine_tuning.learning.learner import FINISHED, STOPPED
from widgets.fine_tuning.learning.schedules import Stage, first_learning

NAMES = ["stem", "blocks.0", "blocks.1", "blocks.2", "top_conv", "head"]


@pytest.mark.parametrize(
    "depth, first", [(None, 0), (1, 3), (2, 2), (3, 0), (9, 0)]
)  # all blocks are the whole body, its stem too
def test_the_last_blocks_and_what_follows_them_learn(depth, first):
    assert first_learning(NAMES, depth) == first


def test_a_body_without_blocks_learns_whole():
    assert first_learning(["model", "head"], 1) == 0


def layers(learner) -> dict[str, list[torch.Tensor]]:
    return {
        name: [parameter.detach().clone() for parameter in parameters]
        for name, parameters in learner.network.groups()
    }


def changed(before, after) -> list[str]:
    return [
        name
        for name in before
        if not all(a.equal(b) for a, b in zip(before[name], after[name], strict=True))
    ]


@pytest.mark.parametrize("depth, count", [(1, 2), (2, 3), (None, 5)])
def test_only_those_layers_change(learner, depth, count):
    ours = learner()
    before, names = layers(ours), [name for name, _ in ours.network.groups()]
    assert len(names) == 5
    assert ours.fit([Stage("unfrozen", 1, 1e-3, depth=depth)]) == FINISHED
    assert changed(before, layers(ours)) == names[-count:]
    rates = [rate for _, _, rate in ours.group_rates(slice(1e-5, 1e-3), depth)]
    assert [rate > 0 for rate in rates] == [k >= 5 - count for k in range(5)]


def test_after_a_shallow_stage_a_deep_one_lets_all_learn(learner):
    ours = learner()
    ours.fit([Stage("unfrozen", 1, 1e-3, depth=1)])
    before = layers(ours)
    ours.fit([Stage("unfrozen", 1, 1e-3)])
    assert changed(before, layers(ours)) == list(before)


def test_stopped_and_resumed_it_is_as_deep_as_before(learner):
    ours, batches = learner(), []
    before, stage = layers(ours), Stage("unfrozen", 1, 1e-3, depth=1)

    def listen(event) -> None:
        batches.extend([event] if isinstance(event, BatchEnded) else [])

    assert ours.fit([stage], listen, lambda: len(batches) == 2) == STOPPED
    again = learner()
    assert again.unfinished == [stage] and again.resume() == FINISHED
    assert changed(before, layers(again)) == list(before)[-2:]


@pytest.mark.parametrize("depth", [0, -1, 10**9])
def test_a_depth_that_cannot_be_is_refused(depth):
    with pytest.raises(InputError, match="blocks cannot be; 1 to 1000, or all"):
        Stage("unfrozen", 1, 1e-3, depth=depth)


def test_the_panel_trains_and_shows_what_was_chosen(panel):
    p = panel()
    told = ask(p, "layers", first=1e-5, lr=1e-3, depth=1)["layers"]
    assert [rate > 0 for _, _, rate in told] == [False, False, False, True, True]
    assert all(rate > 0 for _, _, rate in ask(p, "layers", first=1e-5, lr=1e-3)["layers"])
    before = layers(p.session.learner)
    done(p, "unfrozen", epochs=1, first=1e-4, lr=1e-3, depth=2)
    assert changed(before, layers(p.session.learner)) == list(before)[-3:]


@pytest.mark.parametrize("said", ["0", "-1", "deep", "1.5"])
def test_the_command_refuses_what_is_no_depth(said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["finetune", "digits", f"--unfreeze={said}"]) == 2
    assert "how many blocks, 1 or more, or all" in capsys.readouterr().err


def test_the_command_unfreezes_as_deep_as_is_said():
    from widgets.fine_tuning.command.finetune import Request, recipe_of
    from widgets.fine_tuning.data.recipe import Recipe
    from widgets.fine_tuning.learning.schedules import stages_of

    def depths(**asked) -> list:
        return [stage.depth for stage in stages_of(recipe_of(Request("x", **asked), Recipe()))]

    assert depths(unfreeze="2") == [None, 2] and depths() == [None, None] == depths(unfreeze="all")
