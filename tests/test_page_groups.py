"""A group that mixes settings and tables shows both, open or folded, in a real browser."""

from __future__ import annotations

import pytest

from sheets import Sheet
from widgets.static_page import static_page


def mixed(folded: bool) -> Sheet:
    s = Sheet("mixed", title="Mixed")
    s.group("All in one", folded=folded)
    x = s.input("x", [1.0, 2.0, 3.0], rows=True)
    slope = s.parameter("slope", 2, 0, 5)
    s.let("line", x * slope)
    return s


@pytest.mark.parametrize("folded", [False, True])
def test_settings_and_tables_of_one_group(page, tmp_path, folded):
    file = tmp_path / "mixed.html"
    file.write_text(static_page("Mixed", [mixed(folded)]), encoding="utf-8")
    page.goto(file.as_uri())
    if folded:
        page.locator("summary", has_text="All in one").click()
    page.get_by_role("slider", name="slope").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "document.querySelector(\".gs-field[aria-label='slope']\").value !== '2'"
    )
    slope = float(page.get_by_role("textbox", name="slope").input_value())
    third = page.locator(".gs-below td[data-block='line'][data-row='2']").inner_text()
    assert float(third) == pytest.approx(3 * slope, rel=1e-3)
    assert page.locator("td[data-block='slope']").count() == 0


def ordered() -> Sheet:
    s = Sheet("ordered", title="Ordered")
    s.group("First computed")
    s.let("start", 1 + 0 * s.input("hidden", 1.0))
    s.group("Folded", folded=True)
    s.let("inner", s["start"] * 2)
    s.group("Then a setting")
    slope = s.parameter("slope", 2, 0, 5)
    s.group("Computed again")
    s.let("line", slope * s["inner"])
    s.group("An input, last")
    s.input("x", [1.0, 2.0])
    return s


def test_groups_stand_in_the_author_s_order(page, tmp_path):
    file = tmp_path / "ordered.html"
    file.write_text(static_page("Ordered", [ordered()]), encoding="utf-8")
    page.goto(file.as_uri())
    titles = page.locator(".gs-group h2").all_inner_texts()
    assert titles == [group.title for group in ordered().groups]
