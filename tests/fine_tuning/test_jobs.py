"""A long job: in its own thread, watched, stopped, failing in a sentence, one at a time."""

import threading

import pytest
from panels import batch

from sheets import InputError
from widgets.fine_tuning.data.events import Worked
from widgets.fine_tuning.panel.jobs import FAILED, FINISHED, RUNNING, STOPPED, Jobs


class Heard:
    """A listener to a Jobs: what it was told, in order."""

    def __init__(self):
        self.events, self.states = [], []
        self.jobs = Jobs(self.events.append, self.states.append)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_job_runs_elsewhere_says_how_far_it_is_and_how_it_ended(heard):
    threads = []

    def work(listen, stop):
        threads.append(threading.current_thread())
        listen(batch(2, 1))
        return "Done."

    heard.jobs.start("A job", work)
    assert heard.jobs.wait(30).state == FINISHED
    assert threads[0] is not threading.current_thread() and heard.events == [batch(2, 1)]
    under_way = heard.states[1]
    assert (under_way.share, under_way.seconds_left) == (
        (1 + 1 / 4) / 3,
        5.0,
    ) and "epoch 2 of 3, batch 1 of 4" in under_way.doing
    assert [status.state for status in heard.states] == [RUNNING, RUNNING, FINISHED]
    assert heard.states[-1].said == "Done." and heard.states[-1].seconds_left is None


def test_the_time_left_of_a_preparation_is_by_its_pace():
    seen, clock = [], iter([10.0, 12.0])
    jobs = Jobs(lambda _: None, seen.append, clock=lambda: next(clock))

    def work(listen, stop):
        listen(Worked("Pictures", 1, 5))
        listen(Worked("Pictures", 3, 5))
        return ""

    jobs.start("A job", work)
    jobs.wait(30)
    assert [status.seconds_left for status in seen[1:3]] == [None, 2.0] and seen[2].share == 0.6


def test_a_second_job_is_refused_and_the_first_goes_on(heard):
    go = threading.Event()
    heard.jobs.start("The first", lambda listen, stop: "Done." if go.wait(30) else "too late")
    with pytest.raises(InputError, match="The first is still under way"):
        heard.jobs.start("The second", lambda listen, stop: "never")
    go.set()
    assert heard.jobs.wait(30).said == "Done." and heard.jobs.status.title == "The first"


def test_stop_reaches_the_work_and_nothing_where_none_runs(heard):
    heard.jobs.stop()
    assert heard.states == []
    begun = threading.Event()

    def work(listen, stop):
        begun.set()
        while not stop():
            threading.Event().wait(0.001)
        listen(batch(1, 1))
        return "Stopped."

    heard.jobs.start("A job", work)
    begun.wait(30)
    heard.jobs.stop()
    assert heard.jobs.wait(30).state == STOPPED
    assert [status.doing for status in heard.states] == [
        "Beginning",
        "Stopping",
        "",
    ]  # the batch that was under way says nothing more
    heard.jobs.start("The next", lambda listen, stop: f"stopped: {stop()}")
    assert heard.jobs.wait(30) == heard.jobs.status and (
        heard.jobs.status.state,
        heard.jobs.status.said,
    ) == (FINISHED, "stopped: False")


@pytest.mark.parametrize(
    "error, said",
    [
        (InputError("the rate is 0; it must be above"), "the rate is 0; it must be above."),
        (InputError("'..' cannot be a name ..."), "'..' cannot be a name ..."),
        (
            ZeroDivisionError("division by zero"),
            "A job broke off: ZeroDivisionError, division by zero. The last checkpoint is kept.",
        ),
        (
            RuntimeError("first line\nTraceback"),
            "A job broke off: RuntimeError, first line. The last checkpoint is kept.",
        ),
        (MemoryError(), "A job broke off: MemoryError. The last checkpoint is kept."),
    ],
)
def test_a_job_that_fails_says_a_sentence_and_the_next_one_runs(heard, error, said):
    def work(listen, stop):
        raise error

    heard.jobs.start("A job", work)
    assert (
        heard.jobs.wait(30).state == FAILED
        and heard.jobs.status.said == said
        and heard.jobs.error is error
    )
    heard.jobs.start("The next", lambda listen, stop: "Done.")
    assert heard.jobs.wait(30).state == FINISHED and heard.jobs.error is None
