"""Where a session is kept: named by its page, owned by the last panel to come, and cleared away after some days."""

import pytest

from sheets import InputError
from widgets.fine_tuning.places import Place, clear_away, session_folder


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


def test_sessions_that_nobody_used_for_long_are_cleared_away(tmp_path):
    for name in ("old", "mine"):
        Place(tmp_path / name)
    clear_away(tmp_path, tmp_path / "mine", now=lambda: (tmp_path / "old").stat().st_mtime + 8 * 24 * 3600)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
