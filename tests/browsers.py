"""The real browser that tests and pictures drive, and what a lesson's page must not do in it."""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

# The first draws as the second does, without the windows that nobody sees: a third faster.
SYSTEM_BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# Of the browser itself, not of pages. The first two draw a page of their own beside each of ours,
# which takes a quarter of the time; the others are those of Playwright's that matter here, whose
# switch this one takes the place of.
UNWANTED = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
BROWSER_OPTIONS = [
    f"--disable-features={','.join(UNWANTED)}",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # No name but this computer's leads anywhere, so that a page which asks the internet is caught
    # without asking it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
THIS_COMPUTER = ("127.0.0.1", "localhost")


# Somebody is at the page, who pauses: for nobody, plotly's charts would come later.
SOMEBODY = """const hand = setInterval(() => {
    dispatchEvent(new Event("pointermove"));
    if (document.querySelector(".js-plotly-plot")) clearInterval(hand);
}, 200);"""


def launch(playwright):
    """The system's Chromium or Chrome, else the one that playwright has downloaded, else None."""
    from playwright.sync_api import Error

    system = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), None)
    for choice in (
        {"executable_path": system} if system else {},
        {"channel": "chrome"},
        {"channel": "msedge"},
    ):
        try:
            return playwright.chromium.launch(args=BROWSER_OPTIONS, **choice)
        except Error:
            continue
    return None


def watch(page, complaints: list[str], somebody: bool = True) -> None:
    """Note in `complaints` what a lesson's page must not do. somebody: whether a hand is there."""
    if somebody:
        page.add_init_script(SOMEBODY)

    def hear(message) -> None:
        if message.type == "error":
            complaints.append(f"console error: {message.text} ({message.location.get('url', '')})")

    def see(address: str) -> None:
        if (
            urlsplit(address).scheme in ("http", "https", "ws", "wss")
            and urlsplit(address).hostname not in THIS_COMPUTER
        ):
            complaints.append(f"a request that leaves the machine: {address}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"error in the page: {error}"))
    page.on("request", lambda request: see(request.url))
    page.on("websocket", lambda connection: see(connection.url))
