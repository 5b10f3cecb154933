"""The README's pictures, taken again from the living pages: `.venv/bin/python tests/pictures.py
[NAME ...]`. All take about two minutes.

Each lesson's sheet from its static page, the fine-tuning panel and two notebooks where their kernel
runs, and the line while it learns.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import nbformat
from browsers import launch
from notebook_servers import jupyterlab_server, marimo_server
from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from lessons.site import write_site

PICTURES = ROOT / "lessons" / "pictures"
VIEW = {"width": 1280, "height": 960}
WIDTH, FILM_WIDTH = 880, 720  # pixels across of a picture as it is kept
QUALITY = 72
# What each lesson shows: the part of its address that leads there.
SHOWN = {
    "log_loss": "preset=1",
    "softmax": "preset=1",
    "descent": "preset=7&step=30",
    "line_fit": "preset=1&step=60",
    "linear_model": "preset=1&step=300",
    "matmul_stack": "preset=2&step=60",
    "depth_lab": "preset=1",
    "relu_layers": "preset=2",
    "relu_function": "preset=4&step=300",
    "convolution": "preset=3",
    "overfitting": "preset=1&step=300",
    "optimisers": "optimisers.preset=1&optimisers.step=145",
    "lr_finder": "preset=2&step=100",
}
PLAYED = [0, *range(1, 16), *range(16, 64, 4), *range(70, 401, 30)]  # steps of the animated picture
CELL = """from sheets.library.log_loss import log_loss
from widgets import SheetWidget

w = SheetWidget(log_loss(), clip=0.02)
w"""
AFTER = 'w.values["loss_mean"]'
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
FRAME, LAST = 110, 2500  # milliseconds


def main(wanted: list[str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder)
        list(write_site(site))
        page = launch(playwright).new_page(viewport=VIEW)
        makers = {
            name: partial(lesson, page, site / f"{name}.html", state)
            for name, state in SHOWN.items()
        }
        makers["line_fit_plays"] = partial(play, page, site / "line_fit.html")
        makers["fine_tuning"] = partial(fine_tuning, page)
        makers["jupyterlab"] = partial(in_jupyterlab, page, site)
        makers["marimo"] = partial(in_marimo, page, site)
        for name in wanted or makers:
            keep(name, makers[name]())


def lesson(page: Page, file: Path, state: str) -> list[Image.Image]:
    show(page, file, state)
    return [taken(page)]


def show(page: Page, file: Path, state: str) -> None:
    """The lesson's first sheet at the top of the window, its charts drawn, its formula bar out of
    their way.
    """
    page.goto(f"{file.as_uri()}#{state}")
    page.wait_for_selector(".js-plotly-plot")
    page.add_style_tag(content=".gs-formulabar { visibility: hidden; }")
    page.locator("article.gradsheet").first.evaluate("(sheet) => sheet.scrollIntoView()")
    page.wait_for_timeout(1000)


def play(page: Page, file: Path) -> list[Image.Image]:
    """The charts of a run, one picture for each of its steps in PLAYED, all with the speed and the
    look of the page.
    """
    show(page, file, "preset=1")
    page.set_viewport_size({"width": 1280, "height": 760})
    page.locator(".gs-transport").evaluate("(row) => row.scrollIntoView()")
    frames = []
    for step in PLAYED:
        page.evaluate("(step) => { location.hash = `preset=1&step=${step}`; }", step)
        page.wait_for_timeout(120)
        frames.append(taken(page, FILM_WIDTH))
    return frames


def fine_tuning(page: Page) -> list[Image.Image]:
    """The panel in Voila, when it has trained its head."""
    command = [sys.executable, "-m", "lessons.command_line", "serve", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            page.set_viewport_size(VIEW)
            page.goto(f"{server.stdout.readline().split()[4]}lesson/fine_tuning")
            page.get_by_role("button", name="Train the head").click(timeout=120_000)
            page.wait_for_selector(".ft-live .js-plotly-plot >> nth=1", timeout=120_000)
            page.wait_for_selector(
                ".ft-job:not([data-state='running']) .ft-said:not(:empty)", timeout=120_000
            )
            page.locator(".ft-live").evaluate(
                "(live) => { live.scrollIntoView(); scrollBy(0, -200); }"
            )
            page.wait_for_timeout(1000)
            return [taken(page)]
        finally:
            page.goto("about:blank")
            server.terminate()


def in_jupyterlab(page: Page, folder: Path) -> list[Image.Image]:
    """The README's cells, run."""
    cell = nbformat.v4.new_code_cell(CELL)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell(AFTER)], metadata=KERNEL),
        folder / "my_notebook.ipynb",
    )
    (folder / "settings").mkdir()
    with jupyterlab_server(folder, folder / "settings") as address:
        page.set_viewport_size({"width": 1400, "height": 900})
        page.goto(f"{address}/lab/tree/my_notebook.ipynb")
        page.get_by_text("| Idle").wait_for(timeout=60_000)
        page.keyboard.press("Control+b")  # the files' list away
        page.get_by_role("menuitem", name="Run").first.click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.wait_for_selector(".js-plotly-plot >> nth=1", timeout=60_000)
        page.get_by_role("button", name="No", exact=True).click()  # news
        page.mouse.move(1390, 5)
        page.wait_for_timeout(1500)
        page.locator(".jp-Notebook").evaluate("(notebook) => { notebook.scrollTop = 0; }")
        return [taken(page)]


def in_marimo(page: Page, folder: Path) -> list[Image.Image]:
    (folder / "marimo").mkdir()
    with marimo_server(folder / "marimo", "edit") as address:
        page.set_viewport_size({"width": 1400, "height": 1050})
        page.goto(address)
        charts = page.locator(".js-plotly-plot")
        while charts.count() < 2:
            page.keyboard.press("Control+Shift+R")  # run all, which marimo hears when it is ready
            page.wait_for_timeout(5000)
        page.wait_for_timeout(1500)
        picture = taken(page)
        return [
            picture.crop((50, 52, picture.width, picture.height - 20))
        ]  # without the app's address and marimo's edges


def taken(page: Page, width: int = WIDTH) -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize(
        (width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS
    )


def keep(name: str, frames: list[Image.Image]) -> None:
    """One frame is a picture, several a film."""
    times = [FRAME] * (len(frames) - 1) + [LAST]
    film = (
        {"save_all": True, "append_images": frames[1:], "duration": times, "loop": 0}
        if len(frames) > 1
        else {}
    )
    file = PICTURES / f"{name}.webp"
    frames[0].save(file, quality=QUALITY, method=4, **film)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
