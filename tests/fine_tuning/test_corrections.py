"""Labels put right by hand, in a file of their own."""

import pytest

from sheets import InputError
from widgets.fine_tuning.data.corrections import DROPPED, corrected, corrections_in
from widgets.fine_tuning.data.pictures import fewer, pictures_in

BRIGHT = "bright ☀"


def labels(pictures) -> list[dict[str, str]]:
    return [
        {one.id: pictures.classes[one.label] for one in part}
        for part in (pictures.train, pictures.valid)
    ]


def test_labels_are_changed_pictures_left_out_and_the_parts_stay(photos, tmp_path):
    found = pictures_in(photos)
    file = tmp_path / "corrections.csv"
    moved, dropped, other = found.train[0].id, found.train[1].id, found.valid[0].id
    text = f"id,label\n{moved},dark\n'{dropped},\n\n{other},dark\n"  # as a spreadsheet may leave it
    file.write_text(text, encoding="utf-8-sig")
    now = corrected(found, corrections_in(file))
    train, valid = labels(found)
    assert train[moved] == train[dropped] == valid[other] == BRIGHT
    del train[dropped]
    assert labels(now) == [{**train, moved: "dark"}, {**valid, other: "dark"}]
    assert now.skipped == (*found.skipped, (dropped, DROPPED))


@pytest.mark.parametrize(
    "text, said",
    [
        ("dark/dark 0.png,cat", "name no class that is here: cat"),
        ("x.png,dark", "1 of the corrections are of no picture that is here: x.png"),
        ("dark/dark 0.png", "line 1: an id and its true label belong here"),
        ("".join(f"dark/dark {k}.png,\n" for k in range(8)), "no picture to learn dark from"),
    ],
)
def test_corrections_that_cannot_be_are_a_sentence(photos, tmp_path, text, said):
    (tmp_path / "corrections.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        corrected(pictures_in(photos), corrections_in(tmp_path / "corrections.csv"))


def test_of_a_sample_those_that_are_not_in_it_are_no_mistake(photos):
    found = pictures_in(photos)
    left, kept = found.train[-1].id, found.train[0].id
    some = fewer(found, 4)
    now = corrected(some, {left: "dark", kept: "dark"}, all_there=False)
    assert labels(now)[0][kept] == "dark" and left not in labels(now)[0]
