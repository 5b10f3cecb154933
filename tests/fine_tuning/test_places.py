"""Where a session is kept: named by its page, owned by the last panel to come, and cleared away
after some days.
"""

import os
import time

import pytest

from sheets import InputError
from widgets.fine_tuning.data.files import temporary_folder
from widgets.fine_tuning.panel.places import Place, clear_away, session_folder


def test_a_session_is_named_by_its_page_and_by_no_path(tmp_path):
    assert session_folder(tmp_path, "0123abcd-") == tmp_path / "0123abcd-"
    for name in ("../../etc", "short", "a/b/c/d/e/f", "", "x" * 81):
        with pytest.raises(InputError, match="load it again"):
            session_folder(tmp_path, name)


def test_the_last_panel_to_come_has_the_place(tmp_path):
    times = iter(range(1, 100))
    first = Place(tmp_path / "s", clock=lambda: next(times))
    first.keep("runs", [1])
    assert not first.lost
    second = Place(tmp_path / "s")
    assert first.lost and not second.lost
    first.keep("runs", ["too late"])
    assert second.kept("runs") == [1] and second.kept("results") is None
    (tmp_path / "s" / "told" / "runs.json").write_text("{broken")
    assert second.kept("runs") is None


def test_the_owner_is_looked_for_only_now_and_then(tmp_path):
    now = [1.0]
    first = Place(tmp_path / "s", clock=lambda: now[0])
    assert not first.lost
    Place(tmp_path / "s")
    now[0] = 1.2
    assert not first.lost
    now[0] = 1.4
    assert first.lost
    (tmp_path / "s" / "owner").unlink()
    assert first.lost and Place(tmp_path / "another", clock=lambda: 1.0).lost is False


def test_a_temporary_folder_goes_with_its_owner():
    class Owner:
        pass

    owner = Owner()
    folder = temporary_folder(owner)
    (folder / "weights").touch()
    del owner
    assert not folder.exists()


def test_sessions_that_nobody_opened_for_long_are_cleared_away(tmp_path):
    days = {"old": 8, "mine": 8, "last week's": 6, "opened again": 8}
    for name, count in days.items():
        Place(tmp_path / name)
        os.utime(tmp_path / name, (time.time() - count * 24 * 3600,) * 2)
    Place(tmp_path / "opened again")
    (tmp_path / "a file").touch()
    clear_away(tmp_path, tmp_path / "mine")
    assert {path.name for path in tmp_path.iterdir()} == {*days, "a file"} - {"old"}
    clear_away(tmp_path / "not there", tmp_path / "mine")
