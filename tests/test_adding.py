"""What fine-tuning needs comes when it is first used, with its size told and a way back."""

import asyncio
import io
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.error import URLError

import pytest

from lessons import adding, command_line, install
from lessons.voila.adding import Adding
from sheets import InputError

DOTS = "import sys; sys.stderr.write('Installing packages (once) ....')"
FAILING = "import sys; sys.stderr.write('Installing ..\\nThe disk is full.\\n'); sys.exit(1)"


@pytest.fixture
def missing(monkeypatch):
    """As where `python3 lessons` has installed what the sheets need."""
    monkeypatch.setattr(adding, "is_here", lambda: False)
    monkeypatch.setattr(adding, "can_be_added", lambda: True)
    monkeypatch.setattr(adding, "small_torch", lambda: ["--extra-index-url", "an index"])
    return monkeypatch


def test_the_lessons_come_without_it_and_keep_it_where_it_is(tmp_path):
    assert install.kept(tmp_path) == ()
    install.stamp_file(tmp_path, ("test",)).touch()
    assert install.kept(tmp_path) == ()
    install.stamp_file(tmp_path, ("test", "fine-tuning")).touch()
    assert install.kept(tmp_path) == install.FINE_TUNING


@pytest.mark.parametrize(
    "platform, card", [("linux", "nvidia-smi"), ("darwin", None), ("win32", None)]
)
def test_the_ordinary_package_is_taken_where_it_is_right(monkeypatch, platform, card):
    monkeypatch.setattr(install.sys, "platform", platform)
    monkeypatch.setattr(install.shutil, "which", lambda name: card)
    assert install.small_torch() == []


def test_the_small_package_is_asked_for_where_its_index_answers(monkeypatch):
    def unreachable(address, timeout):
        raise URLError("no such host")

    monkeypatch.setattr(install.sys, "platform", "linux")
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    monkeypatch.setattr(install.urllib.request, "urlopen", lambda address, timeout: io.BytesIO())
    assert install.small_torch() == ["--extra-index-url", install.SMALL_TORCH]
    monkeypatch.setattr(install.urllib.request, "urlopen", unreachable)
    assert install.small_torch() == []


def test_the_command_adds_it_and_goes_on(missing, capsys):
    calls = []
    missing.setattr(adding, "install", lambda *about: calls.append(about))
    with command_line.fine_tuning():
        calls.append("trains")
    assert calls == [(adding.ROOT, adding.ROOT / ".venv", install.FINE_TUNING), "trains"]
    assert "about 250 MB to fetch and 1.1 GB on the disk" in capsys.readouterr().err


def test_what_cannot_be_installed_is_a_sentence(missing):
    def fails(*about):
        raise install.InstallError("The disk is full.")

    missing.setattr(adding, "install", fails)
    with pytest.raises(InputError, match=r"The disk is full\."), command_line.fine_tuning():
        raise AssertionError("it must not begin")


def test_elsewhere_nothing_is_installed_unasked(missing, tmp_path):
    missing.setattr(adding, "can_be_added", lambda: False)
    missing.setattr(adding, "add", lambda: pytest.fail("not ours to change"))
    with command_line.fine_tuning():
        pass


def after_adding(packages: Adding) -> tuple[list[str], str, str]:
    """The states that a page sees, and its last words; then those words once it has ended."""

    async def watched():
        states, last = [packages.state()], time.monotonic() + 60
        await packages.start()
        states.append(packages.state())
        words = packages.words()
        while packages.state() == "running" and time.monotonic() < last:
            await asyncio.sleep(0.05)
        await packages.listening
        return [*states, packages.state()], words, packages.words()

    with ThreadPoolExecutor(1) as thread:  # playwright keeps a loop in this one
        return thread.submit(asyncio.run, watched()).result()


def test_a_page_that_lacks_it_offers_it_tells_how_far_it_is_and_why_it_failed(missing):
    packages = Adding()
    offer = packages.offer("fine_tuning")
    assert "about 250 MB" in offer and 'href="../"' in offer and "<button" in offer
    packages.COMMAND = (sys.executable, "-c", FAILING)
    states, words, said = after_adding(packages)
    assert states == ["idle", "running", "failed"]
    assert words == "Installing: 0 packages found so far …" and said.endswith("The disk is full.")
    packages.COMMAND = (sys.executable, "-c", DOTS)
    missing.setattr(adding, "is_here", lambda: packages.said.count(b".") == 4)
    assert after_adding(packages)[0] == ["failed", "running", "done"]


def test_whose_server_it_is_not_may_not_add_it(missing):
    packages = Adding(allowed=False)
    assert "<button" not in packages.offer("fine_tuning")
    packages.COMMAND = ("no such program",)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, packages.start()).result()
    assert packages.state() == "idle"
