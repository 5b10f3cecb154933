"""The browser in which both are measured, and its stopwatch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A name that is not this computer's fails at once: Voila's own template asks the internet for fonts, and what that costs is not
    # measured. Where names do not fail at once, the usual way waits longer.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
STOPWATCH = (Path(__file__).parent / "stopwatch.js").read_text(encoding="utf-8")
WINDOW = {"width": 1500, "height": 1000}


@contextmanager
def chromium() -> Iterator[Any]:
    """One Chromium without a screen, the system's where there is one, else the one that playwright has fetched."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=OPTIONS, executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, address: str) -> Iterator[Any]:
    """A page with nothing in its cache, on its way to an address. Left for a blank one at the end, so that its kernel ends."""
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
