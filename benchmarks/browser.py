"""The browser in which both are measured, and its stopwatch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browsers import launch

STOPWATCH = (Path(__file__).parent / "stopwatch.js").read_text(encoding="utf-8")
WINDOW = {"width": 1500, "height": 1000}


@contextmanager
def chromium() -> Iterator[Any]:
    """One Chromium without a screen, in which a name that is not this computer's fails at once:
    Voila's own template asks the internet for fonts, and what that costs is not measured. (Where
    names do not fail at once, the usual way waits longer.)
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            raise FileNotFoundError("there is no Chromium, Chrome or Edge on this computer")
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, address: str) -> Iterator[Any]:
    """A page with nothing in its cache, on its way to an address.

    Left for a blank one at the end, so that its kernel ends.
    """
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.add_init_script(STOPWATCH)
    page.goto(address, wait_until="commit")
    try:
        yield page
    finally:
        page.goto("about:blank")
        context.close()
