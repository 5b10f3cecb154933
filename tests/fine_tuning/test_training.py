"""Training: against bare PyTorch, torch-lr-finder and itself interrupted; what goes wrong ends in a
sentence and good weights.
"""

import math
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from learners import measured, same, weights
from torch.nn import functional

from sheets import InputError
from widgets.fine_tuning.data.digits import RECIPE, digits
from widgets.fine_tuning.data.events import BatchEnded, EpochEnded, Notice, Stopped, Worked
from widgets.fine_tuning.data.pictures import fewer, pictures_in
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning import checkpoints
from widgets.fine_tuning.learning.augmentation import DRAWS, Augmentation
from widgets.fine_tuning.learning.bodies import at_size, fresh, load_body
from widgets.fine_tuning.learning.learner import CHECKPOINT, DIVERGED, FINISHED, STOPPED
from widgets.fine_tuning.learning.lr_find import lr_find
from widgets.fine_tuning.learning.network import Network
from widgets.fine_tuning.learning.offered import LITE
from widgets.fine_tuning.learning.pixels import Pixels
from widgets.fine_tuning.learning.schedules import Stage, rates, stages_of, unfrozen_rates
from widgets.fine_tuning.learning.sources import FeatureSource
from widgets.fine_tuning.learning.training import Settings, Trainee, Training, stage_of, stage_words

BATCHES = 6  # of 40 pictures by seven
EVERY = 40 + 54  # pictures


class StopAfter:
    """A stop that comes once so many events of a kind were heard; what was heard is in `events`."""

    def __init__(self, count: int, kind: type = BatchEnded):
        self.count, self.kind, self.events = count, kind, []

    def hear(self, event) -> None:
        self.events.append(event)

    def __call__(self) -> bool:
        return sum(isinstance(event, self.kind) for event in self.events) >= self.count

    @property
    def both(self) -> dict:
        return {"listener": self.hear, "stop": self}


# --- schedules, by PyTorch's own OneCycleLR


@pytest.mark.parametrize(
    "stage", [Stage("frozen", 5, 0.01), *stages_of(Recipe(4, 2, 0.02))], ids=str
)
def test_one_cycle_is_pytorchs(stage):
    """PyTorch counts both ends among its steps and we, as fastai, start of the first and end of the
    last: so one step more there.
    """
    steps = stage.epochs * BATCHES
    lrs = rates(stage.lr, 3)
    optimiser = torch.optim.AdamW([{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in lrs])
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        lrs,
        total_steps=steps + 1,
        pct_start=(stage.pct_start * steps + 1) / (steps + 1),
        div_factor=stage.div,
        final_div_factor=stage.div_final / stage.div,
        base_momentum=stage.momenta[1],
        max_momentum=stage.momenta[0],
    )
    for step in range(steps):
        ours, momentum = stage.at(step / steps, 3)
        assert ours == pytest.approx([group["lr"] for group in optimiser.param_groups], rel=1e-9)
        assert momentum == pytest.approx(optimiser.param_groups[0]["betas"][0], rel=1e-9)
        optimiser.step()
        theirs.step()


def test_slices():
    assert rates(1e-3, 4) == [1e-3] * 4
    assert rates(slice(1e-3), 3) == [1e-4, 1e-4, 1e-3]
    for groups, halves in ((1, []), (2, [1e-6]), (3, [1e-6, 1e-5])):
        assert rates(slice(1e-6, 1e-4), groups) == pytest.approx([*halves, 1e-4], rel=1e-12)
    # fastai's _resnet_split: stem and two stages, two stages, head
    assert rates(slice(1e-6, 1e-4), 6) == pytest.approx([*[1e-6] * 3, *[1e-5] * 2, 1e-4], rel=1e-12)
    for bad in (0, -1, 1e38, math.inf, math.nan, slice(None), slice(0, 1e-3), "fast"):
        with pytest.raises(InputError, match="learning rate"):
            rates(bad, 3)


def test_the_course_s_recipe():
    frozen, unfrozen = stages_of(Recipe(3))
    assert (frozen.name, frozen.epochs, frozen.lr, frozen.pct_start) == (
        "frozen",
        1,
        slice(2e-3),
        0.99,
    )
    assert (unfrozen.name, unfrozen.epochs, unfrozen.lr, unfrozen.pct_start, unfrozen.div) == (
        "unfrozen",
        3,
        slice(1e-5, 1e-3),
        0.3,
        5,
    )
    assert [stage_of(stage_words(stage)) for stage in stages_of(Recipe(3))] == [frozen, unfrozen]
    assert stages_of(Recipe(3, 1, 2e-3, 0.02)) == [replace(frozen, lr=slice(0.02)), unfrozen]


def test_a_stage_starts_from_fastai_s_numbers_and_refuses_what_cannot_be():
    """fit_one_cycle(n_epoch, lr_max=None, div=25.0, div_final=100000.0, pct_start=0.25, moms=(0.95,
    0.85, 0.95)) of fastai 2.8.
    """
    stage = Stage("frozen", 0, 1e-3)
    assert (stage.div, stage.div_final, stage.pct_start, stage.momenta) == (
        25,
        1e5,
        0.25,
        (0.95, 0.85, 0.95),
    )
    for name, epochs, lr in (
        ("melted", 1, 1e-3),
        ("frozen", -1, 1e-3),
        ("frozen", 100_001, 1e-3),
        ("frozen", 1, slice(1e-3, -1.0)),
    ):
        with pytest.raises(InputError, match=r"is no stage|cannot be"):
            Stage(name, epochs, lr)


# --- the loop, by a bare one


@pytest.mark.parametrize("name", ["frozen", "unfrozen"])
def test_it_is_a_bare_loops_training(learner, name):
    """The same batches through the same network with PyTorch's AdamW give the same weights to the
    last digit.
    """
    ours = learner(augmentation=Augmentation(zoom=1, flip=False))
    stage = Stage(name, 2, slice(1e-3, 1e-2))
    bare = Network(ours.body, ours.pictures.classes)
    training = ours._training(stage, 0)
    orders = [training.order(epoch) for epoch in range(stage.epochs)]
    pixels = ours.body.normalised(
        ours.body.pixels([picture.open() for picture in ours.pictures.train]).float()
    )
    labels = torch.tensor([picture.label for picture in ours.pictures.train])
    groups = bare.groups() if name == "unfrozen" else bare.groups()[-1:]
    optimiser = torch.optim.AdamW(
        [{"params": parameters} for _, parameters in groups], eps=1e-5, weight_decay=0.01
    )
    frozen = bare.eval().features(pixels).detach()
    for step, index in enumerate(batch for order in orders for batch in order):
        lrs, momentum = stage.at(step / (2 * BATCHES), len(groups))
        for group, lr in zip(optimiser.param_groups, lrs, strict=True):
            group["lr"], group["betas"] = lr, (momentum, 0.99)
        optimiser.zero_grad()
        logits = bare.train()(pixels[index]) if name == "unfrozen" else bare.head(frozen[index])
        functional.cross_entropy(logits, labels[index]).backward()
        optimiser.step()
    assert ours.fit([stage]) == FINISHED
    for (path, mine), theirs in zip(
        ours.network.state_dict().items(), bare.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6, msg=path)


def test_every_picture_is_seen_once_an_epoch(learner):
    training = learner()._training(Stage("frozen", 3, 1e-3), 0)
    orders = [torch.cat(training.order(epoch)).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert orders[0] != orders[1] != orders[2]


def test_no_batch_norm_is_given_one_number(learner, few):
    """A network from scratch takes its statistics from the batch; the last one here would have one
    picture.
    """

    def sizes(**options) -> list[int]:
        ours = learner(replace(few, train=few.train[2:38]), fresh(load_body()), **options)
        return [len(index) for index in ours._training(Stage("unfrozen", 1, 1e-3), 0).order(0)]

    assert (
        sizes() == [7, 7, 7, 7, 8]
        and sizes(batch_size=35) == [36]
        and sizes(batch_size=1) == [1] * 36
    )


def test_events_say_where_it_is(learner):
    heard = []
    ours = learner()
    ours.fine_tune(Recipe(1, 2), listener=heard.append)
    batches = [event for event in heard if isinstance(event, BatchEnded)]
    assert [(b.stage, b.epoch, b.batch) for b in batches] == [
        (stage, epoch, batch)
        for stage, epoch in (("frozen", 1), ("frozen", 2), ("unfrozen", 1))
        for batch in range(1, BATCHES + 1)
    ]
    assert all(b.seconds_left >= 0 for b in batches) and batches[-1].seconds_left == 0
    assert [event for event in heard if isinstance(event, EpochEnded)] == ours.history
    assert {event.what for event in heard if isinstance(event, Worked)} == {
        "Pictures decoded",
        "Pictures through the body",
    }


# --- the same numbers again


def test_the_same_seed_gives_the_same_numbers(learner, tmp_path):
    runs = [learner(seed=seed, folder=tmp_path / str(k)) for k, seed in enumerate((3, 3, 4))]
    for run in runs:
        torch.rand(3)  # somebody else draws in between
        run.fine_tune(Recipe(2))
    assert measured(runs[0]) == measured(runs[1]) != measured(runs[2])
    assert same(weights(runs[0]), weights(runs[1]))


def test_training_draws_on_nobodys_random_state(learner):
    ours = learner()
    before = torch.get_rng_state()
    ours.fine_tune(Recipe(1))
    ours.show_batch()
    ours.predictions()
    assert torch.get_rng_state().equal(before)


@pytest.mark.parametrize(
    "batches", [0, 3, BATCHES, BATCHES + 2, 2 * BATCHES, 2 * BATCHES + 1, 4 * BATCHES - 1]
)
def test_stopped_and_resumed_equals_uninterrupted(learner, trained, batches):
    """Stopped after some batches, and gone on with by another learner on the same folder."""
    first, after = learner(), StopAfter(batches)
    first.trainees.of("frozen")  # its features are there, so that it begins
    assert first.fine_tune(Recipe(2, 2), **after.both) == STOPPED
    assert (
        sum(isinstance(event, BatchEnded) for event in after.events) == batches
    )  # not one batch more
    second = learner()
    assert second.unfinished == stages_of(Recipe(2, 2))
    assert second.resume() == FINISHED
    assert measured(second) == measured(trained) and same(weights(second), weights(trained))
    assert not second.unfinished and second.resume() == FINISHED  # nothing is left to do


def test_a_stop_keeps_what_was_learnt_and_the_same_learner_goes_on(learner):
    ours = learner()
    before = weights(ours)
    ours.fit_unfrozen(2, **StopAfter(4).both)
    stopped = weights(ours)
    assert not same(before, stopped)
    assert ours.resume() == FINISHED and not same(stopped, weights(ours))


class StopIn:
    """A stop that comes in the validation of an epoch, or while pictures are decoded for the
    unfrozen stage.
    """

    def __init__(self, where: str):
        self.where, self.now = where, False

    def hear(self, event) -> None:
        if self.where == "validation":  # after the last batch of the first unfrozen epoch
            self.now = self.now or (
                isinstance(event, BatchEnded)
                and (event.stage, event.batch) == ("unfrozen", BATCHES)
            )
        else:
            self.now = self.now or (
                isinstance(event, EpochEnded) and (event.stage, event.epoch) == ("frozen", 2)
            )

    def __call__(self) -> bool:
        return self.now


@pytest.mark.parametrize("where", ["validation", "between the stages"])
def test_stopped_elsewhere_and_resumed_equals_uninterrupted_too(learner, trained, where):
    first, stop = learner(), StopIn(where)
    assert first.fine_tune(Recipe(2, 2), listener=stop.hear, stop=stop) == STOPPED
    assert len(first.history) == 2  # the epoch whose validation was broken off is not over
    stopped, second = weights(first), learner()
    second.take_up()
    assert same(weights(second), stopped)  # without a step more
    assert second.resume() == FINISHED
    assert measured(second) == measured(trained) and same(weights(second), weights(trained))
    third = learner()
    third.take_up()
    assert same(weights(third), weights(trained))


def test_a_stop_before_it_begins_changes_nothing(learner):
    ours = learner()
    before = weights(ours)
    for stage in ("frozen", "unfrozen"):
        assert ours.fit([Stage(stage, 1, 1e-3)], stop=lambda: True) == STOPPED
    with pytest.raises(Stopped):
        ours.predictions(stop=lambda: True)
    assert same(before, weights(ours)) and not ours.unfinished and ours.fit_frozen(1) == FINISHED


class Crash(Exception):
    pass


def test_after_a_crash_the_last_checkpoint_is_gone_on_from(learner, trained):
    def crash(event) -> None:
        if isinstance(event, BatchEnded) and (event.stage, event.epoch, event.batch) == (
            "unfrozen",
            2,
            3,
        ):
            raise Crash

    with pytest.raises(Crash):
        learner().fine_tune(Recipe(2, 2), listener=crash)
    after = learner()
    assert after.resume() == FINISHED
    assert measured(after) == measured(trained) and same(weights(after), weights(trained))


def test_a_checkpoint_of_other_settings_is_refused(learner):
    learner().fit_frozen(1, **StopAfter(2).both)
    for other, words in (
        ({"batch_size": 8}, "batch size"),
        ({"seed": 1}, "seed"),
        ({"pictures": digits(10)}, "pictures"),
    ):
        with pytest.raises(InputError, match=words):
            learner(**other).resume()
        assert not learner(**other).unfinished


def test_a_damaged_checkpoint_is_a_sentence(learner):
    ours = learner()
    with pytest.raises(InputError, match="cannot be read"):
        ours.resume()
    ours.fit_frozen(1)
    (ours.folder / CHECKPOINT).write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(InputError, match="cannot be read"):
        ours.resume()


def test_one_run_at_a_time(learner):
    ours, began, go_on = learner(), threading.Event(), threading.Event()

    def listen(_) -> None:
        began.set()
        assert go_on.wait(60)

    worker = threading.Thread(target=ours.fit_frozen, args=(1,), kwargs={"listener": listen})
    worker.start()
    assert began.wait(60)
    with pytest.raises(InputError, match="under way"):
        ours.fit_frozen(1)
    go_on.set()
    worker.join(60)
    assert len(ours.history) == 1


# --- what goes wrong


@pytest.mark.parametrize("name", ["frozen", "unfrozen"])
def test_a_loss_that_is_not_finite_restores_the_last_good_weights(learner, name):
    ours, heard = learner(), []
    ours.fit([Stage(name, 1, 1e-3)])
    good = weights(ours)
    assert ours.fit([Stage(name, 2, 1e30, div=1.0)], listener=heard.append) == DIVERGED
    assert same(weights(ours), good) and len(ours.history) == 1
    said = [event.text for event in heard if isinstance(event, Notice)]
    assert (
        len(said) == 1
        and "at a learning rate of 1e+30" in said[0]
        and "the start of this stage" in said[0]
    )
    assert ours.fit([Stage(name, 1, 1e-3)]) == FINISHED and not ours.unfinished


def test_divergence_in_a_later_epoch_goes_back_to_the_epoch_before(learner):
    ours = learner(augmentation=Augmentation(zoom=1, flip=False))
    kept = []

    def poison(event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 1:
            kept.append(weights(ours))
        if isinstance(event, BatchEnded) and (event.epoch, event.batch) == (2, 2):
            with torch.no_grad():
                ours.network.head.weight.fill_(math.nan)

    assert ours.fit_unfrozen(3, 1e-4, listener=poison) == DIVERGED
    assert same(weights(ours), kept[0])


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"batch_size": -3}])
def test_settings_that_cannot_be(learner, options):
    with pytest.raises(InputError, match="cannot be"):
        learner(**options)


# --- features


def counted(ours, monkeypatch) -> list[int]:
    calls, forward = [], Network.forward

    def counting(self, pixels):
        calls.append(len(pixels))
        return forward(self, pixels)

    monkeypatch.setattr(Network, "forward", counting)
    return calls


def test_a_frozen_body_sees_each_picture_once_ever(learner, tmp_path, monkeypatch):
    ours = learner()
    calls = counted(ours, monkeypatch)
    ours.fit_frozen(3)
    assert sum(calls) == EVERY
    ours.fit_frozen(2)
    assert sum(calls) == EVERY
    learner(folder=tmp_path / "another").fit_frozen(1)  # from disk
    assert sum(calls) == EVERY
    learner(
        folder=tmp_path / "other pictures",
        pictures=replace(ours.pictures, train=ours.pictures.train[1:]),
    ).fit_frozen(1)
    assert sum(calls) == 2 * EVERY - 55  # those of the validation are known
    for path in (tmp_path / "features").iterdir():
        path.write_bytes(path.read_bytes()[:100])  # damaged: made again
    learner(folder=tmp_path / "a third").fit_frozen(1)
    assert sum(calls) == 3 * EVERY - 55


def test_features_are_the_frozen_bodys_of_now(learner):
    """After unfrozen training the features are those of the body as it is then."""
    ours = learner()
    ours.fine_tune(Recipe(1))
    ours.fit_frozen(1, 1e-12)
    accuracy, valid_loss = ours.history[-1].accuracy, ours.history[-1].valid_loss
    seen = ours.predictions()
    assert (accuracy, valid_loss) == (
        seen.accuracy,
        pytest.approx(float(seen.losses.mean()), rel=1e-5),
    )


def test_the_bodys_own_predictions_teach_a_linear_model(learner):
    ours = learner()
    assert ours.fit_predictions(15, 0.1) == FINISHED
    assert ours.history[-1].accuracy > 0.85
    assert ours.predictions("predictions").accuracy == ours.history[-1].accuracy


def test_without_a_head_there_are_no_predictions_to_learn_from(learner):
    body = load_body()
    object.__setattr__(body, "has_head", False)
    with pytest.raises(InputError, match="without a head"):
        learner(body=body).fit_predictions(1)


# --- what the network sees


@pytest.mark.parametrize("learn", [True, False])
def test_show_batch_is_what_the_network_sees(learner, monkeypatch, learn):
    ours, seen = (
        learner(
            augmentation=Augmentation(zoom=1.3, flip=True) if learn else Augmentation(1, False)
        ),
        [],
    )
    shown = ours.show_batch(5, learn)
    forward = Network.forward

    def watching(self, pixels):
        seen.append(pixels.clone())
        return forward(self, pixels)

    monkeypatch.setattr(Network, "forward", watching)
    ours.fit_unfrozen(1, **StopAfter(1).both)
    pictures, names = zip(*shown, strict=True)
    np.testing.assert_array_equal(np.stack(pictures), ours.body.shown(seen[0])[:5])
    first = ours._training(Stage("unfrozen", 1, 1e-3), 0).order(0)[0][:5]
    assert list(names) == [ours.pictures.classes[ours.pictures.train[k].label] for k in first]


def test_augmentation_crops_inside_and_flips():
    pixels = torch.arange(32.0).expand(200, 1, 32, 32)  # brighter to the right
    chance = torch.rand(200, DRAWS, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(Augmentation(zoom=1, flip=False)(pixels, chance), pixels, atol=1e-3)
    seen = Augmentation(zoom=1.5, flip=True)(pixels, chance)
    assert seen.min() >= 0 and seen.max() <= 31 + 1e-4  # nothing from outside the picture
    rising = (seen[..., -1] > seen[..., 0]).all(dim=(1, 2))
    assert 60 < rising.sum() < 140
    assert (seen[..., -1] - seen[..., 0]).abs().min() > 31 / 1.5 - 1.1


def test_pictures_that_do_not_fit_memory_are_decoded_as_needed(photos):
    train, body = pictures_in(photos).train, load_body()
    kept, decoded = Pixels(train, body), Pixels(train, body, most_kept=0)
    assert kept.kept is not None and decoded.kept is None
    chosen = list(torch.randperm(len(train)).split(2))
    for first, second in zip(kept.batches(chosen), decoded.batches(chosen), strict=True):
        assert first.equal(second)
    next(decoded.batches(chosen))  # a reader may stop early


# --- around the stages


def test_lr_find_leaves_everything_as_it_was(learner):
    ours = learner()
    ours.fit_unfrozen(1)
    training = ours._training(Stage("unfrozen", 3, 1e-3), 1)
    training._learn()  # an optimiser with a past
    tensors, numbers = training.state()
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    groups = [{**group, "params": None} for group in training.optimiser.param_groups]
    chance = torch.get_rng_state()
    found = lr_find(training)
    after, positions = training.state()
    assert same(before, after) and positions == numbers
    assert [{**group, "params": None} for group in training.optimiser.param_groups] == groups
    assert torch.get_rng_state().equal(chance)
    assert len(found.losses) > 50 and set(found.suggestions) == {
        "valley",
        "steep",
        "minimum",
        "slide",
    }


def test_lr_find_of_a_learner_changes_nothing_that_follows(learner, tmp_path):
    plain, looked = learner(folder=tmp_path / "plain"), learner(folder=tmp_path / "looked")
    for stage in ("frozen", "unfrozen"):
        looked.lr_find(stage)
    for run in (plain, looked):
        run.fine_tune(Recipe(1))
    assert measured(plain) == measured(looked) and same(weights(plain), weights(looked))


@pytest.mark.filterwarnings("ignore")  # torch-lr-finder's and tqdm's own
def test_the_curve_is_torch_lr_finders(learner):
    """The same batches, the same rates: its raw losses (smooth_f=0)."""
    from torch_lr_finder import LRFinder, TrainDataLoaderIter

    ours, rounds = learner(augmentation=Augmentation(1, False)), 60
    found = ours.lr_find("unfrozen", num_it=rounds, start_lr=1e-6, end_lr=1e-1)
    training = ours._training(Stage("unfrozen", 1, 1e-3), 0)
    batches = [index for epoch in range(rounds) for index in training.order(epoch)][:rounds]
    pixels = ours.body.normalised(ours.trainees.train.kept.float())
    labels = ours.trainees.train.labels

    class Batches(TrainDataLoaderIter):
        def __init__(self):
            self.left = iter(batches)

        def __next__(self):
            index = next(self.left)
            return pixels[index], labels[index]

    network = Network(ours.body, ours.pictures.classes)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=1e-6, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01, fused=True
    )
    finder = LRFinder(network, optimiser, torch.nn.CrossEntropyLoss())
    ratio = (1e-1 / 1e-6) ** (1 / rounds)  # it ends at the last rate, we one step after it
    finder.range_test(
        Batches(), end_lr=1e-1 / ratio, num_iter=rounds, smooth_f=0, diverge_th=math.inf
    )
    count = len(found.losses)
    assert count > 30
    np.testing.assert_allclose(found.losses, finder.history["loss"][:count], rtol=1e-5)
    np.testing.assert_allclose(found.lrs, finder.history["lr"][:count], rtol=1e-9)


def test_lr_find_stops_where_the_loss_runs_away_and_when_asked(learner):
    ours = learner()
    assert len(ours.lr_find("frozen", end_lr=1e5).lrs) < 100
    assert (
        len(ours.lr_find("frozen", **StopAfter(7, Worked).both).lrs) == 7
    )  # its features are there


def test_save_and_load(learner):
    ours = learner()
    ours.fit_frozen(2)
    kept = weights(ours)
    ours.save("stage 1")
    ours.fit_unfrozen(1)
    assert not same(kept, weights(ours))
    ours.load("stage 1")
    assert same(kept, weights(ours))
    with pytest.raises(InputError, match="there are: stage 1"):
        ours.load("stage 2")
    for bad in ("", "../x", "a/b", ".hidden"):
        with pytest.raises(InputError, match="cannot be a file's name"):
            ours.save(bad)


def test_rates_are_shown_layer_by_layer(learner):
    ours = learner()
    shown = ours.group_rates(slice(1e-6, 1e-3))
    assert [name for name, _, _ in shown] == [name for name, _ in ours.network.groups()]
    assert len(shown) == 5 and [lr for _, _, lr in shown] == rates(slice(1e-6, 1e-3), 5)
    assert sum(count for _, count, _ in shown) == sum(p.numel() for p in ours.network.parameters())


# --- the bars


def test_pretrained_beats_from_scratch_at_twenty_pictures_a_class(learner, tmp_path):
    """As the panel shows it, by the mean of three draws: the head and then all layers, beside all
    layers from new weights.
    """
    frozen, epochs, lr = RECIPE.frozen_epochs, RECIPE.epochs, RECIPE.lr
    head_first = Stage("frozen", frozen, RECIPE.frozen_lr)
    plans = {
        load_body: [head_first, Stage("unfrozen", epochs, unfrozen_rates(lr))],
        lambda: fresh(load_body()): [Stage("unfrozen", frozen + epochs, lr / 4)],
    }
    curves = []
    for k, (body, plan) in enumerate(plans.items()):
        for seed in range(3):
            run = learner(
                digits(seed=seed),
                body(),
                batch_size=RECIPE.batch_size,
                seed=seed,
                folder=tmp_path / f"{k} {seed}",
            )
            assert run.fit(plan) == FINISHED
            curves.append([(epoch.accuracy, epoch.valid_loss) for epoch in run.history])
    pretrained, scratch = (
        np.array(curves).reshape(2, 3, frozen + epochs, 2).mean(axis=1).transpose(0, 2, 1)
    )  # (accuracy or loss, epochs)
    assert (pretrained[0, :3] - scratch[0, :3]).mean() > 0.1 and (pretrained[1] < scratch[1]).all()
    assert pretrained[0, -1] >= 0.97


@pytest.mark.thorough
def test_from_scratch_is_clearly_beaten_on_the_digits_by_imagenet_s_body(learner, tmp_path):
    """As the lesson says: at least 25 points at twenty pictures a class, mean of three seeds.
    The new head alone, beside all layers from new weights at the panel's rate.
    """
    epochs, found = 4, []
    for seed in range(3):
        pictures = digits(seed=seed)
        pictures = replace(pictures, valid=pictures.valid[::6])
        pretrained = at_size(load_body(LITE), 64)
        for body, stage in (
            (pretrained, Stage("frozen", epochs, RECIPE.frozen_lr)),
            (fresh(pretrained, seed), Stage("unfrozen", epochs, RECIPE.lr / 4)),
        ):
            folder = tmp_path / f"{seed} {stage.name}"
            run = learner(pictures, body, batch_size=8, seed=seed, folder=folder)
            assert run.fit([stage]) == FINISHED
            found.append(run.history[-1].accuracy)
    pretrained, scratch = np.array(found).reshape(3, 2).mean(axis=0)
    assert pretrained - scratch >= 0.25 and scratch < 0.6, found


def test_few_enough_pictures_to_count(learner):
    ours = learner(pictures=fewer(digits(), 4))
    assert ours.fine_tune(Recipe(1)) == FINISHED  # a batch larger than all there is
    assert ours.history[-1].train_loss > 0


def test_checkpoints_hold_no_pickle(learner):
    ours = learner()
    ours.fit_frozen(1)
    tensors, numbers = checkpoints.read(ours.folder / CHECKPOINT)
    assert {path.suffix for path in ours.folder.rglob("*") if path.is_file()} == {".safetensors"}
    assert numbers["finished"] == 1 and "module.weight" in tensors


def test_a_training_needs_no_learner():
    """The loop by itself, on numbers of one's own."""
    torch.manual_seed(0)
    labels = torch.arange(60) % 3
    source = FeatureSource(functional.one_hot(labels, 3).float() + 0.1 * torch.randn(60, 3), labels)
    head = torch.nn.Linear(3, 3)
    trainee = Trainee(head, [("head", list(head.parameters()))], source, source)
    ended = []
    assert Training(trainee, Stage("frozen", 20, 0.1), Settings(10, 0, torch.device("cpu"))).run(
        ended.append
    )
    assert ended[-1].accuracy == 1
