"""What training said, as curves: behind each other, thinned out, and no batch twice."""

from dataclasses import replace

from panels import batch, ended

from widgets.fine_tuning.panel.curves import MOST_POINTS, PRETRAINED, SCRATCH, Curves


def test_curves_stand_behind_each_other_and_a_resumed_run_has_no_batch_twice():
    curves = Curves()
    for number in (1, 2, 3, 4):
        curves.hear(PRETRAINED, batch(1, number, loss=number))
    curves.hear(PRETRAINED, ended(1))
    for number in (1, 2):
        curves.hear(PRETRAINED, batch(2, number, loss=-1.0))
    curves.hear(PRETRAINED, batch(2, 1, loss=7.0))  # from the checkpoint
    (run,) = curves.runs
    assert (
        run["at"] == [0.25, 0.5, 0.75, 1, 1.25]
        and run["losses"] == [1, 2, 3, 4, 7]
        and run["epochs"][0]["at"] == 1
    )
    curves.hear(PRETRAINED, ended(2))
    curves.begin(PRETRAINED)
    curves.hear(PRETRAINED, batch(1, 4))
    assert [(run["start"], run["at"][-1]) for run in curves.runs] == [(0, 1.25), (2, 3)]


def test_where_a_network_stands_is_its_last_epoch_or_the_save_that_was_loaded():
    curves = Curves()
    assert curves.stands(PRETRAINED) is None
    curves.loaded(PRETRAINED, None)  # a save from before any training
    curves.hear(PRETRAINED, ended(1))
    first = curves.stands(PRETRAINED)
    assert (first["epoch"], first["stage"]) == (1, "frozen")
    curves.begin(PRETRAINED)
    curves.hear(PRETRAINED, ended(1))
    curves.hear(PRETRAINED, ended(2))
    curves.loaded(PRETRAINED, first)
    assert curves.stands(PRETRAINED) == first == curves.stands(PRETRAINED, back=1)
    curves.begin(PRETRAINED)
    curves.hear(PRETRAINED, batch(1, 1))  # without an epoch's end it is where it was
    assert curves.stands(PRETRAINED) == first
    curves.hear(PRETRAINED, ended(1))
    assert curves.stands(PRETRAINED)["at"] == 4 and curves.stands(PRETRAINED, back=1) == first
    curves.loaded(PRETRAINED, None)
    assert curves.stands(PRETRAINED) is None
    curves.hear(PRETRAINED, ended(2))  # the run that was stopped before was resumed
    assert curves.stands(PRETRAINED)["epoch"] == 2


def test_a_long_run_is_thinned_out_and_keeps_its_end():
    curves = Curves()
    for number in range(1, 3 * MOST_POINTS):
        curves.hear(PRETRAINED, batch(1, number, loss=number, batches=10 * MOST_POINTS))
    (run,) = curves.runs
    assert (
        len(run["at"]) <= MOST_POINTS
        and run["losses"][0] == 1
        and run["losses"][-1] >= 3 * MOST_POINTS - 8
    )
    assert run["losses"] == sorted(run["losses"])


def test_the_rate_and_the_momentum_of_each_batch_stand_beside_its_loss():
    curves = Curves()
    for number in (1, 2, 3):
        told = replace(batch(1, number), lr=number / 10, momentum=1 - number / 10)
        curves.hear(PRETRAINED, told)
    (run,) = curves.runs
    assert run["lrs"] == [0.1, 0.2, 0.3] and run["momenta"] == [0.9, 0.8, 0.7]
    curves.hear(PRETRAINED, batch(1, 2))  # a checkpoint was gone on from
    assert [len(run[name]) for name in ("at", "losses", "lrs", "momenta")] == [2, 2, 2, 2]
    for number in range(1, MOST_POINTS + 2):
        curves.hear(SCRATCH, batch(1, number, batches=MOST_POINTS + 2))
    long = curves.runs[1]
    assert {len(long[name]) for name in ("at", "losses", "lrs", "momenta")} == {len(long["at"])}
    assert len(long["at"]) <= MOST_POINTS


def test_runs_that_were_kept_without_rates_go_on():
    curves = Curves([{**Curves()._run(PRETRAINED, "frozen", 3), "at": [0.25], "losses": [1.0]}])
    for name in ("lrs", "momenta"):
        del curves.runs[0][name]
    curves.hear(PRETRAINED, batch(1, 2))
    assert curves.runs[0]["at"] == [0.25, 0.5] and len(curves.runs[0]["lrs"]) == 1
