"""What the tests of the panel say to it, in Python and on its page."""

from widgets.fine_tuning.data.events import BatchEnded, EpochEnded
from widgets.fine_tuning.panel.jobs import FINISHED


def batch(
    epoch: int, number: int, loss: float = 1.0, epochs: int = 3, batches: int = 4
) -> BatchEnded:
    return BatchEnded("frozen", epoch, epochs, number, batches, loss, 0.1, 5.0)


def ended(epoch: int, epochs: int = 3) -> EpochEnded:
    return EpochEnded("frozen", epoch, epochs, 0.5, 0.4, 0.9, 0.1)


def done(panel, step: str, **options) -> str:
    """What the step said at its end."""
    panel.start(step, **options)
    status = panel.wait(120)
    assert status.state == FINISHED, status.said
    return status.said


def ask(panel, kind: str, sent=(), **content) -> dict:
    """What the page gets for an answer. sent: the buffers it sends."""
    answers = []
    panel.send = lambda told, buffers=None: answers.append((told, buffers))
    panel._answer(None, {"kind": kind, "number": "1", **content}, list(sent))
    del panel.send
    ((told, buffers),) = answers
    return {**told, "buffers": buffers}


def at_rest(page) -> str:
    """What the job that has ended says."""
    page.wait_for_selector(
        ".ft-job:not([data-state='running']) .ft-said:not(:empty)", timeout=120_000
    )
    return page.locator(".ft-job .ft-said").inner_text()


def goes_on_after_a_reload(page, epochs: int) -> None:
    """What ran for 900 epochs, of which so many were shown at least, is found, resumed, and stopped
    again.
    """
    said = at_rest(page)
    assert (
        "came a new Python. The training that ran has ended" in said
        and "of 900 of the stage 'All layers'" in said
    )
    assert page.get_by_role("table", name="Epochs").locator("tbody tr").count() >= epochs
    click(page, "Resume")
    page.wait_for_selector(".ft-job[data-state='running']")
    click(page, "Stop")
    assert "Stopped. What was learnt is kept" in at_rest(page)


def click(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


# Shows a panel in a page without Python, given its script and its state.
SHOWN = """([source, state]) => import(
    URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
).then(({ default: widget }) => {
    const heard = [];
    window.model = {
        get: (name) => state[name],
        on: (event, listener) => heard.push([event, listener]),
        off: () => {},
        send: () => {},
        answer: (content) => heard
            .filter(([event]) => event === "msg:custom")
            .forEach(([, listener]) => listener(content, [])),
        tell: (name, value) => {
            state[name] = value;
            for (const [event, listener] of heard) if (event === `change:${name}`) listener();
        },
    };
    widget.render({ model: window.model, el: document.body });
})"""
