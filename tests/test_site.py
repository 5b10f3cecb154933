"""The static site: whole, linked, shared where it is alike, and alive from disk and from a plain
file server under any path.
"""

import re
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import openpyxl
import pytest
from pages import FEW_CELLS, violations
from quick import few_when_quick

from lessons.course import lessons, sheet_lessons, title
from lessons.site import write_site
from sheets import InputError, values
from sheets.library.catalogue import sheet_named
from sheets.library.log_loss import log_loss
from sheets.targets.excel import read_inputs


class Links(HTMLParser):
    """The addresses that a page's elements name, by element, and the names that its parts have."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found += [
            (tag, value) for name, value in attributes if name in ("href", "src") and value
        ]
        self.ids |= {value for name, value in attributes if name == "id"}


@pytest.fixture(scope="module")
def site(tmp_path_factory, few_sizes) -> Path:
    folder = tmp_path_factory.mktemp("a host") / "of mine" / "deep learning"
    with few_sizes():
        names = {path.name for path in write_site(folder)}
    assert names == {path.name for path in folder.iterdir()}
    return folder


class Told(HTMLParser):
    """What a page tells a search engine or a chat."""

    def __init__(self, page: str):
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        if tag == "meta" and about.get("content"):
            self.found[about.get("property") or about.get("name") or ""] = about["content"]


def test_a_lesson_sent_as_a_link_shows_its_own_sentence_and_picture(site):
    about = {
        name: Told((site / f"{name}.html").read_text(encoding="utf-8")).found for name in lessons()
    }
    for name, meta in about.items():
        assert meta["og:title"] == title(name)
        assert meta["description"] == meta["og:description"]
        assert (site / meta["og:image"]).read_bytes()[8:12] == b"WEBP"
    assert len({meta["description"] for meta in about.values()}) == len(about)
    assert len({meta["og:image"] for meta in about.values()}) == len(about)


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Links]:
    return {path.name: Links(path.read_text(encoding="utf-8")) for path in site.glob("*.html")}


def test_every_lesson_has_its_page_and_every_sheet_its_workbook(site):
    assert {path.stem for path in site.glob("*.html")} == {"index", "404", *lessons()}
    assert {path.stem for path in site.glob("*.xlsx")} == set(sheet_lessons())


def test_a_page_of_somebody_else_s_is_not_lost_and_a_site_is_renewed(tmp_path, site):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(InputError, match=r"index\.html is there already"):
        next(write_site(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert next(write_site(site)).parent == site


def test_every_link_inside_the_site_leads_to_something(site, pages):
    inside = [
        (page, urlsplit(to))
        for page, links in pages.items()
        for _, to in links.found
        if not urlsplit(to).scheme
    ]
    assert len(inside) > 60
    for page, to in inside:
        if to.path.endswith("way_back.js"):
            continue  # looked for in each folder above
        assert "/" not in to.path, "what begins with a slash, or climbs, breaks under another path"
        assert not to.path or (site / unquote(to.path)).is_file(), (page, to)
        assert not to.fragment or to.fragment in pages[to.path or page].ids, (page, to)


def test_nothing_is_fetched_from_elsewhere(pages):
    fetched = {
        to
        for links in pages.values()
        for tag, to in links.found
        if tag in ("script", "img", "link")
    }
    assert {to.partition("?")[0].removeprefix("../../../../") for to in fetched} >= {
        "gradsheet.css",
        "gradsheet.js",
        "gradsheet.svg",
        "plotly.min.js",
        "line_fit.js",
        "way_back.js",
    }
    assert not any(urlsplit(to).scheme for to in fetched)


def test_next_goes_through_the_course_and_previous_comes_back(pages):
    order = [f"{name}.html" for name in lessons()]
    for here, after in pairwise(order):
        assert ("a", after) in pages[here].found and ("a", here) in pages[after].found
    for page in order:
        assert [to for _, to in pages[page].found].count("index.html") == 2  # above and below
        assert len({to for tag, to in pages[page].found if tag == "a"} & set(order)) == (
            1 if page in (order[0], order[-1]) else 2
        )


def test_what_pages_share_is_in_none_of_them(site):
    script = (site / "gradsheet.js").read_text(encoding="utf-8")
    assert "sheet_grid" in script
    for name in lessons():
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        assert "sheet_grid" not in page and ".gs-chart" not in page
    assert (site / "fine_tuning.html").stat().st_size < 30_000


def test_a_new_script_has_a_new_address(pages, site, monkeypatch):
    from widgets import static_page

    static_page._address.cache_clear()
    monkeypatch.setattr(static_page, "shared_files", lambda: {static_page.SCRIPT: b"another one"})
    assert static_page._address("gradsheet.js") not in {
        to for _, to in pages["log_loss.html"].found
    }
    static_page._address.cache_clear()


def test_the_workbooks_hold_the_sheets(site):
    assert {
        name: array.tolist()
        for name, array in read_inputs(log_loss(), str(site / "log_loss.xlsx")).items()
    }["clip"] == [[1e-4]]
    assert "Steps" in openpyxl.load_workbook(site / "line_fit.xlsx").sheetnames


def test_the_site_opens_from_disk(page, site):
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name=re.compile("Log loss: why confident")).click()
    page.wait_for_selector(".js-plotly-plot >> nth=1")
    assert (
        page.locator("td[data-block='loss_mean']").inner_text()
        == f"{values(log_loss())['loss_mean'][0, 0]:.4f}"
    )
    page.get_by_role("link", name="Next: ").first.click()
    page.wait_for_selector("article.gradsheet")
    assert page.title() == title(sheet_lessons()[1])
    page.get_by_role("link", name="All lessons").first.click()
    page.wait_for_selector(".lessons")


@pytest.fixture(scope="module")
def hosted(site) -> Iterator[str]:
    """The site's address on a file server that lets no page run what it did not bring as a file,
    and shows its 404 page for what is not there.
    """

    class Server(SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Content-Security-Policy", "default-src 'self'")
            super().end_headers()

        def log_message(self, *_):
            pass

        def send_error(self, code, *_):
            self.send_response(code)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write((site / "404.html").read_bytes())

    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Server, directory=site.parents[1])
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/of mine/deep learning/"
        server.shutdown()


PLOTLYS_OWN = "Applying inline style violates"  # plotly.js tries, and draws without


@pytest.mark.parametrize("name", few_when_quick(sheet_lessons()))
def test_every_lesson_works_under_the_strictest_content_policy(page, hosted, complaints, name):
    page.goto(f"{hosted}{name}.html#preset=1")
    page.wait_for_selector(".js-plotly-plot")
    assert not page.evaluate("globalThis.gradsheetTexts"), "fetched before anybody asks for it"
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").first.click()
    assert read_inputs(sheet_named(name), str(download.value.path()))
    if name == "matmul_stack":
        page.goto(f"{hosted}{name}.html#layers=2")
        page.reload()
        page.wait_for_function("location.hash === '#layers=2'")
        page.wait_for_selector("td[data-block='W_2']", state="attached")
        page.wait_for_function("document.querySelector('[aria-label=layers]').value === '2'")
    assert page.locator(".gs-refusal:not(:empty)").count() == 0
    others = [c for c in complaints if PLOTLYS_OWN not in c or "plotly.min.js" not in c]
    assert not others, others
    complaints.clear()


def test_any_file_server_will_do_under_any_path(page, hosted, complaints):
    page.goto(f"{hosted}log_loss.html#clip=0.05")
    page.wait_for_selector(".js-plotly-plot >> nth=1")
    assert (
        page.locator("td[data-block='loss_mean']").inner_text()
        == f"{values(log_loss(), {'clip': 0.05})['loss_mean'][0, 0]:.4f}"
    )
    complaints.clear()  # of styles, by plotly.js


@pytest.mark.parametrize("name", ["log_loss", "index", "404"])
def test_its_pages_are_accessible(page, hosted, name, complaints):
    page.goto(f"{hosted}{name}.html")
    if name == "log_loss":
        page.wait_for_selector(".js-plotly-plot")  # whose complaints of styles come late
        page.evaluate(FEW_CELLS)  # every cell is looked at in test_accessibility.py
    assert not violations(page)
    complaints.clear()  # axe asks for styles again, the 404 page for scripts in folders above


@pytest.mark.parametrize("wrong", ["no_such.html", "no/such/folder/", "log_loss/"])
def test_from_a_wrong_address_at_any_depth_the_lessons_are_found(page, hosted, complaints, wrong):
    assert page.goto(hosted + wrong).status == 404
    page.wait_for_function("document.querySelector('a').getAttribute('href').startsWith('http')")
    page.get_by_role("link", name="All lessons").click()
    page.wait_for_selector(".lessons")
    assert complaints and all("404" in complaint for complaint in complaints)
    complaints.clear()


def test_without_javascript_the_workbook_is_offered(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "log_loss.html").as_uri())
    with page.expect_download() as download:
        page.get_by_role("link", name="its workbook").click()
    assert download.value.suggested_filename == "log_loss.xlsx"
    context.close()
