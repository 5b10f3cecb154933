"""Labelled pictures: where labels come from, how the parts are made, and what hostile data does (a
sentence, never a crash).
"""

import os
import shutil
import struct
import sys
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sheets import InputError
from widgets.fine_tuning.data.digits import OTHERS, digits
from widgets.fine_tuning.data.labels import LARGEST_CSV, by_csv, by_function, by_lists, by_regex
from widgets.fine_tuning.data.pictures import (
    MOST_REASONS,
    Picture,
    Pictures,
    fewer,
    fitting_batch,
    fitting_recipe,
    pictures_in,
)
from widgets.fine_tuning.data.reading import UnreadablePicture, read
from widgets.fine_tuning.data.recipe import Recipe

BRIGHT = "bright ☀"
NOBODY = 65534


def labelled(pictures: Pictures) -> dict[str, str]:
    return {
        picture.id: pictures.classes[picture.label]
        for picture in (*pictures.train, *pictures.valid)
    }


def by_name(photos: Path) -> dict[str, str]:
    return {
        f"{folder.name}/{path.name}": folder.name
        for folder in photos.iterdir()
        for path in folder.iterdir()
    }


def refused(folder: Path, *arguments, **options) -> str:
    with pytest.raises(InputError) as error:
        pictures_in(folder, *arguments, **options)
    return str(error.value)


# --- labels


def test_labels_by_folder(photos):
    found = pictures_in(photos)
    assert found.classes == (BRIGHT, "dark")
    assert labelled(found) == by_name(photos)
    assert (
        found.counts == {BRIGHT: (6, 2), "dark": (6, 2)}
        and not found.skipped
        and found.recipe == Recipe(batch_size=4, frozen_epochs=20)
    )


def test_parts_by_folder(photos):
    for part, kept in (("train", range(5)), ("Valid", range(5, 8))):
        for name in (BRIGHT, "dark"):
            (photos / part / name).mkdir(parents=True)
            for k in kept:
                (photos / name / f"{name} {k}.png").rename(photos / part / name / f"{k}.png")
    for name in (BRIGHT, "dark"):
        (photos / name).rmdir()
    found = pictures_in(photos)
    assert found.counts == {BRIGHT: (5, 3), "dark": (5, 3)}
    assert {picture.id.partition("/")[0] for picture in found.valid} == {"Valid"}


@pytest.mark.parametrize("heading", ["", "id,label\n"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_labels_from_a_csv(photos, tmp_path, heading, comma):
    names = by_name(photos)
    lines = heading + "".join(
        f"{name},{'sun' if label == BRIGHT else 'night'}\n" for name, label in names.items()
    )
    file = tmp_path / "labels.csv"
    file.write_text("\ufeff" + lines.replace(",", comma), encoding="utf-8")
    found = labelled(pictures_in(photos, by_csv(file)))
    assert found == {name: "sun" if label == BRIGHT else "night" for name, label in names.items()}


@pytest.mark.parametrize(
    "heading, numbered, encoding", [(",id,label", True, "utf-8"), ("id,label", False, "utf-16")]
)  # as pandas' to_csv writes it, and Excel's "Unicode text"
def test_labels_from_a_csv_of_pandas_or_excel(photos, tmp_path, heading, numbered, encoding):
    names = by_name(photos)
    rows = [heading]
    for k, (name, label) in enumerate(names.items()):
        rows.append(f"{k},{name},{label}" if numbered else f"{name},{label}")
    file = tmp_path / "labels.csv"
    file.write_text("\r\n".join(rows), encoding=encoding, newline="")
    assert labelled(pictures_in(photos, by_csv(file))) == names


@pytest.mark.parametrize("ending", [".png", ""])
def test_a_csv_may_name_files_without_their_folders(photos, tmp_path, ending):
    """As in Kaggle's layout: train/0a1b.jpg is 0a1b in the list, and test/0a1b.jpg is not meant."""
    names = by_name(photos)
    (photos / "train").mkdir()
    (photos / "test").mkdir()
    for name in names:
        shutil.move(photos / name, photos / "train")
    shutil.copy(photos / "train" / "dark 0.png", photos / "test")
    rows = "\n".join(f"{Path(name).stem}{ending},{label}" for name, label in names.items())
    (photos / "labels.csv").write_text(f"id,breed\n{rows}", encoding="utf-8")
    found = pictures_in(photos, by_csv(photos / "labels.csv"))
    assert labelled(found) == {f"train/{Path(name).name}": names[name] for name in names}
    assert [picture.id for picture in found.test] == ["test/dark 0.png"]
    shutil.copytree(photos / "train", photos / "again")  # so that a name may mean two
    assert "names it labels are not" in refused(photos, by_csv(photos / "labels.csv"))


@pytest.mark.parametrize("heading", ["id,label,is_valid", ",id,is_valid,label"])
def test_a_csv_says_which_pictures_are_to_check_with(photos, tmp_path, heading):
    """As fastai's ColSplitter reads it, also as pandas writes it."""
    names, columns = dict(sorted(by_name(photos).items())), heading.split(",")
    chosen = {name for name in names if name.endswith(("1.png", "4.png", "6.png"))}
    rows = [heading]
    for k, (name, label) in enumerate(names.items()):
        cells = {"": str(k), "id": name, "label": label, "is_valid": str(name in chosen)}
        rows.append(",".join(cells[column] for column in columns))
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    found = pictures_in(photos, by_csv(file))
    assert {picture.id for picture in found.valid} == chosen
    assert {picture.id for picture in found.train} == {*names} - chosen
    assert labelled(found) == names
    file.write_text("\n".join([*rows[:-1], rows[-1].replace("False", "maybe")]), encoding="utf-8")
    assert "line 17: is_valid is 'maybe'; it is True or False" in refused(photos, by_csv(file))
    file.write_text("\n".join(row.replace("True", "0") for row in rows), encoding="utf-8")
    assert "no picture is left for validation" in refused(photos, by_csv(file))


@pytest.mark.parametrize(
    "expression", [r"^(bright|dark)", r"/(bright|dark)[^/]* \d+\.png$"]
)  # in the name; in the path, as in lesson 1
def test_labels_by_a_regular_expression(photos, expression):
    assert set(labelled(pictures_in(photos, by_regex(expression))).values()) == {"bright", "dark"}


def test_labels_by_a_function_and_by_lists(photos):
    names = by_name(photos)
    assert labelled(pictures_in(photos, by_function(lambda name: name.partition("/")[0]))) == names
    assert labelled(pictures_in(photos, by_lists(list(names), list(names.values())))) == names


def test_a_file_without_a_label_is_reported(photos):
    found = pictures_in(
        photos, by_function(lambda name: None if name.endswith("3.png") else name[0])
    )
    assert sorted(found.skipped) == [
        (f"{BRIGHT}/{BRIGHT} 3.png", "it has no label"),
        ("dark/dark 3.png", "it has no label"),
    ]


# --- parts and samples


def test_the_split_is_by_seed_and_leaves_nothing_out(photos):
    first, again, other = (pictures_in(photos, seed=seed) for seed in (1, 1, 2))
    valid = [[picture.id for picture in found.valid] for found in (first, again, other)]
    assert valid[0] == valid[1] != valid[2]
    ids = [picture.id for picture in (*first.train, *first.valid)]
    assert sorted(ids) == sorted(by_name(photos))


def test_a_sample_is_even(photos):
    found = pictures_in(photos, sample=8)
    assert {name: sum(parts) for name, parts in found.counts.items()} == {BRIGHT: 4, "dark": 4}
    assert "too small" in refused(photos, sample=3)


@pytest.mark.parametrize(
    ("count", "batch"), [(2, 4), (34, 4), (40, 8), (100, 16), (320, 64), (9999, 64)]
)
def test_few_pictures_are_learnt_in_small_batches(count, batch):
    assert fitting_batch(count) == batch


def test_fewer_training_pictures():
    assert fewer(digits(), 11).counts == {"3": (5, 163), "7": (5, 159)}


# --- the digits that come along


def test_the_digits_are_the_published_ones():
    """UCI's own counts of the test set's classes."""
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    found = digits(1, classes=range(10))
    assert [sum(parts) for parts in found.counts.values()] == counts
    assert (
        found.valid[0].pixels.shape == (8, 8, 3)
        and max(picture.pixels.max() for picture in found.valid) == 255
    )


def test_twenty_of_each_and_never_in_the_pretraining():
    found = digits()
    assert found.counts == {"3": (20, 163), "7": (20, 159)}
    ids = {picture.id for picture in (*found.train, *found.valid)}
    assert len(ids) == 362 and not ids & {
        picture.id for part in (digits(classes=OTHERS),) for picture in (*part.train, *part.valid)
    }


# --- hostile files


def png(width: int, height: int) -> bytes:
    """A PNG's beginning that claims a size, without the pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + head
        + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    )


def noise(size: int) -> Image.Image:
    return Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    )


def test_bad_files_are_skipped_by_name_and_the_others_used(photos):
    dark = photos / "dark"
    (dark / "empty.jpg").touch()
    (dark / "words.jpg").write_text("this is no picture")
    (dark / "page.html").write_text("<html>")
    noise(64).save(dark / "cut off.jpg")
    (dark / "cut off.jpg").write_bytes((dark / "cut off.jpg").read_bytes()[:2000])
    Image.new("L", (10_000, 7_000)).save(dark / "bomb.png")
    (dark / "larger bomb.png").write_bytes(png(50_000, 50_000))
    (dark / "quiet bomb.png").write_bytes(png(10_000, 10_000))
    Image.new("L", (2000, 3)).save(dark / "thread.png")
    (dark / "broken.png").write_bytes(png(10, 10) + b"\0\0\0\x05IDATxxxxx\0\0\0\0")
    found = pictures_in(photos)
    assert dict(found.skipped).keys() == {
        f"dark/{name}"
        for name in (
            "empty.jpg",
            "words.jpg",
            "page.html",
            "cut off.jpg",
            "bomb.png",
            "larger bomb.png",
        )
        + ("quiet bomb.png", "thread.png", "broken.png")
    }
    why = dict(found.skipped)
    assert why["dark/empty.jpg"] == "it is empty" and "70 million pixels" in why["dark/bomb.png"]
    assert sum(found.counts["dark"]) == 8
    assert f"Skipped dark/bomb.png: {why['dark/bomb.png']}." in found.sentences()


def test_links_that_loop_or_lead_nowhere_and_pipes(photos):
    (photos / "dark" / "again").symlink_to(photos, target_is_directory=True)
    (photos / "dark" / "itself").symlink_to("itself")
    (photos / "dark" / "gone.png").symlink_to("nowhere.png")
    os.mkfifo(photos / "dark" / "pipe.png")
    assert labelled(pictures_in(photos)) == by_name_of_files(photos)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system refuses such a name")
def test_a_name_that_is_no_utf_8_is_spelt_and_a_line_end_in_one_is_quoted(photos):
    odd = os.fsencode(photos / "dark") + b"/\xff.png"
    shutil.copy(photos / "dark" / "dark 0.png", odd)
    (photos / "dark" / "two\nlines.txt").write_text("no picture")
    found = pictures_in(photos)
    (picture,) = [
        picture
        for picture in (*found.train, *found.valid)
        if picture.id not in by_name_of_files(photos)
    ]
    assert picture.id == r"dark/\udcff.png" and picture.open().size == (30, 20) and picture.content
    assert (
        r"Skipped 'dark/two\nlines.txt': it is not a picture of a known format."
        in found.sentences()
    )


def test_skipped_files_are_told_in_a_sentence_for_each_reason(photos):
    found = pictures_in(photos)
    reasons = ["it has no label"] * 1233 + ["it is empty"]
    many = tuple((f"{k}.txt", why) for k, why in enumerate(reasons))
    assert replace(found, skipped=many).skipped_words() == [
        "Skipped 1,233 files (0.txt, 1.txt, 2.txt ...), each because it has no label.",
        "Skipped 1233.txt: it is empty.",
    ]
    each = tuple((f"{k}.jpg", f"it has {k} pixels") for k in range(MOST_REASONS + 1))
    said = replace(found, skipped=each).sentences()
    assert len(said) == MOST_REASONS + 3 and said[-1] == "31 files were skipped in all."
    assert found.folder == photos.resolve()


def by_name_of_files(photos: Path) -> dict[str, str]:
    return {f"{name}/{name} {k}.png": name for name in (BRIGHT, "dark") for k in range(8)}


def test_data_that_nothing_can_be_learnt_from(photos, tmp_path):
    assert "no such folder" in refused(tmp_path / "nowhere")
    (tmp_path / "none").mkdir()
    assert "no labelled picture" in refused(tmp_path / "none")
    (photos / "cats").mkdir()
    assert "cats has no pictures" in refused(photos)
    (photos / "cats" / "cat.jpg").write_text("meow")
    assert (
        "no picture to learn cats from; 1 file was skipped: cats/cat.jpg (it is not a picture"
        in refused(photos)
    )
    for path in (*photos.glob("cats/*"), *photos.glob("dark/*")):
        path.unlink()
    (photos / "cats").rmdir()
    (photos / "dark").rmdir()
    assert f"only one class, '{BRIGHT}'" in refused(photos)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "dark/../../secret.png",
        "/etc/secret.png",
        "..\\secret.png",
        "C:\\secret.png",
    ],
)
def test_a_csv_cannot_climb_out_of_the_data_folder(photos, tmp_path, name):
    Image.new("L", (9, 9)).save(tmp_path / "secret.png")
    (tmp_path / "labels.csv").write_text(f"dark/dark 0.png,x\n{name},y\n", encoding="utf-8")
    assert "leads out of the data folder" in refused(photos, by_csv(tmp_path / "labels.csv"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "dark/dark 0.png,a\ndark/gone.png,b\n",
            "1 of the names it labels are not in the data folder: dark/gone.png",
        ),
        (
            "dark/dark 0.png,a\n./dark/dark 0.png,b\n",
            "row 2: './dark/dark 0.png' is labelled 'b', and 'a' before",
        ),
        ("dark/dark 0.png,a\ndark/dark 1.png\n", "line 2: a name and a label"),
        ("dark/dark 0.png,a\ndark/dark 1.png, \n", "line 2: a name and a label"),
        ('dark/dark 0.png,"' + "x" * 200_000 + '"\n', "field larger"),
        ("", "no labelled picture"),
        ("\n , \n", "no labelled picture"),
    ],
)
def test_a_csv_with_mistakes(photos, tmp_path, text, words):
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    assert words in refused(photos, by_csv(tmp_path / "labels.csv"))


def test_a_csv_that_is_not_text(photos, tmp_path):
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00\xd8")
    assert "not text in UTF-8" in refused(photos, by_csv(tmp_path / "labels.csv"))
    assert "cannot be read" in refused(photos, by_csv(tmp_path / "no such.csv"))


def test_a_csv_that_is_no_file_or_too_large(photos, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        assert "it is no file" in refused(photos, by_csv(path))
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(LARGEST_CSV + 1)
    assert "it has 100 MB, and 100 are read at most" in refused(
        photos, by_csv(tmp_path / "large.csv")
    )
    assert "too long" in refused(photos, by_csv(tmp_path / ("n" * 300)))


def test_a_path_that_is_too_long_or_may_not_be_entered(photos, tmp_path):
    assert "cannot be read: File name too long" in refused(tmp_path / ("n" * 300))
    with tempfile.TemporaryDirectory() as reached:  # unlike pytest's own folders, by anybody
        Path(reached).chmod(0o755)
        closed = Path(reached) / "photos"
        shutil.copytree(photos, closed)
        for mode in (0o000, 0o444):  # it may not be listed; it may be listed and not entered
            closed.chmod(mode)
            with not_the_administrator():
                assert {
                    "cannot be read: Permission denied" in refused(folder)
                    for folder in (closed, closed / "dark")
                } == {True}
        closed.chmod(0o755)


@contextmanager
def not_the_administrator():
    """Who may enter any folder."""
    before = os.geteuid()
    os.seteuid(before or NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_csv_of_a_million_rows(photos, tmp_path):
    rows = [f"{name},{label}\n" for name, label in by_name(photos).items()]
    (tmp_path / "labels.csv").write_text(
        "name,label\n" + "".join(rows * (1_000_000 // len(rows))), encoding="utf-8"
    )
    assert labelled(pictures_in(photos, by_csv(tmp_path / "labels.csv"))) == by_name(photos)


@pytest.mark.parametrize(
    ("expression", "words"),
    [("(", "not a regular expression"), ("dark", "has no group"), ("(zebra)", "no labelled")],
)
def test_expressions_with_mistakes(photos, expression, words):
    with pytest.raises(InputError, match=words):
        pictures_in(photos, by_regex(expression))


def test_functions_and_lists_with_mistakes(photos):
    with pytest.raises(
        InputError, match=r"\.png: the labelling function failed: ZeroDivisionError"
    ):
        pictures_in(photos, by_function(lambda name: 1 / 0))
    with pytest.raises(InputError, match="2 names and 1 labels"):
        by_lists(["a", "b"], ["x"])


# --- one picture


def test_colours_are_read_as_they_are_meant(tmp_path):
    Image.fromarray(np.full((4, 4), 257 * 100, dtype=np.uint16)).save(tmp_path / "16 bits.png")
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("CMYK", (4, 4), (0, 0, 0, 0)).save(tmp_path / "print.jpg")
    means = {path.stem: int(np.asarray(read(path)).mean()) for path in tmp_path.iterdir()}
    assert means == {"16 bits": 100, "clear": 255, "print": 255}


def test_numbers_of_32_bits_are_read_from_their_least_to_their_largest(tmp_path):
    steps = np.linspace(0, 1, 16).reshape(4, 4)
    for name, values in {
        "shares": steps.astype(np.float32),
        "millions": (steps * 4e6 + 5).astype(np.int32),
        "below 0": (steps * 200 - 100).astype(np.float32),
    }.items():
        Image.fromarray(values).save(tmp_path / f"{name}.tiff")
    for path in tmp_path.iterdir():
        found = np.asarray(read(path))[..., 0]
        np.testing.assert_allclose(found, 255 * steps, atol=1.01, err_msg=path.name)
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "flat.tiff")
    assert not np.asarray(read(tmp_path / "flat.tiff")).any()  # of one number there is no range


def test_a_telephone_s_48_million_pixels_are_read_and_avif(tmp_path):
    Image.new("L", (8000, 6000), 77).save(tmp_path / "large.png")
    assert read(tmp_path / "large.png").getpixel((0, 0)) == (77, 77, 77)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "x.avif")
    assert read(tmp_path / "x.avif").getpixel((5, 5))[0] > 240


@pytest.mark.parametrize("name, kind", [("x.HEIC", "HEIC"), ("x.jxl", "JPEG XL"), ("x.dng", "raw")])
def test_a_format_that_is_not_known_comes_with_advice(tmp_path, name, kind):
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(UnreadablePicture, match=f"format: {kind}, which is to be saved as JPEG"):
        read(tmp_path / name)


def test_what_a_mac_packs_beside_pictures_is_no_class(photos):
    (photos / "__MACOSX" / "dark").mkdir(parents=True)
    (photos / "__MACOSX" / "dark" / "._0.png").write_bytes(b"notes")
    (photos / "__MACOSX" / "note").write_bytes(b"notes")
    found = pictures_in(photos)
    assert found.classes == (BRIGHT, "dark") and not found.skipped


def test_a_class_that_is_hardly_checked_is_named():
    picture = Picture("x", 0, pixels=np.zeros((2, 2, 3), np.uint8))
    of = [replace(picture, label=k) for k in range(3)]
    found = Pictures("x", ("cat", "dog", "owl"), tuple(of), (*[of[0]] * 5, of[2]))
    nothing, few = found.unchecked()
    assert "no picture to check dog with" in nothing and "to check owl with" in few
    assert found.sentences()[1:] == [nothing, few]
    assert not Pictures("x", ("cat", "dog"), tuple(of[:2]), tuple(of[:2] * 3)).unchecked()


def test_thousands_of_classes_are_a_short_sentence():
    names = tuple(f"class {k}" for k in range(3000))
    pixels = np.zeros((2, 2, 3), np.uint8)
    held = tuple(Picture(str(k), k, pixels=pixels) for k in range(3000))
    first = Pictures("many", names, held, held).sentences()[0]
    assert len(first) < 1000 and first.endswith("class 29 1 and 1 and 2,970 more.")


@pytest.mark.parametrize("count, epochs", [(2, 20), (40, 20), (135, 17), (1000, 10), (10_000, 1)])
def test_the_head_alone_learns_for_some_steps_however_few_pictures(count, epochs):
    recipe = fitting_recipe(count)
    steps = -(-count // recipe.batch_size)
    assert recipe.head_epochs == epochs and (epochs * steps >= 150 or epochs == 20)


def test_a_picture_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    Image.new("RGB", (8, 4)).save(tmp_path / "turned.jpg", exif=exif)
    assert read(tmp_path / "turned.jpg").size == (4, 8)


# --- what looked right and was not


def test_headings_with_dots_labels_with_commas_and_names_without_endings(photos, tmp_path):
    names = by_name(photos)
    file = tmp_path / "labels.csv"
    for text in (
        "file.name,label\r\n" + "".join(f"{name},{label}\r\n" for name, label in names.items()),
        "".join(f"{name};{label}, really, so\n" for name, label in names.items()),
        "id,breed\n" + "".join(f"{name[:-4]},{label}\n" for name, label in names.items()),
        "".join(f"{name[:-4]},{label}\n" for name, label in names.items()),
        "".join(f"{name[:-4]};{label}, really, so\n" for name, label in names.items()),
        "\n , \nid,breed\n" + "".join(f"{name},{label}\n\n" for name, label in names.items()),
        "\n\n" + "".join(f"{name};{label}, really, so\n" for name, label in names.items()),
    ):
        file.write_text(text, encoding="utf-8")
        assert {
            name: label.partition(",")[0]
            for name, label in labelled(pictures_in(photos, by_csv(file))).items()
        } == names


def test_an_expression_that_takes_for_ever_is_refused(photos, monkeypatch):
    monkeypatch.setattr("widgets.fine_tuning.data.labels.PATIENCE", 0.05)
    noise(9).save(photos / "dark" / f"{'a' * 60}.png")
    assert "it can match in too many ways" in refused(photos, by_regex(r"(a|aa)+\1\1b"))


def test_an_expression_that_is_too_deeply_nested_is_refused():
    with pytest.raises(InputError, match="too deeply nested"):
        by_regex("(" * 2000 + "a" + ")" * 2000)


def test_what_stands_beside_train_and_valid_is_left_out_by_name(photos):
    for part in ("train", "valid", "test"):
        for name in ("a", "b"):
            (photos.parent / "parted" / part / name).mkdir(parents=True)
            for k in range(2):
                noise(9).save(photos.parent / "parted" / part / name / f"{k}.png")
    parted = photos.parent / "parted"
    found = pictures_in(parted)
    assert found.classes == ("a", "b") and found.counts == {"a": (2, 2), "b": (2, 2)}
    tested = [f"test/{name}/{k}.png" for name in "ab" for k in range(2)]
    assert not found.skipped and [picture.id for picture in found.test] == tested
    by_name_alone = pictures_in(parted, by_regex(r"/(a|b)/"))
    assert by_name_alone.counts == found.counts and not by_name_alone.skipped
    (parted / "test").rename(parted / "hold out")
    assert ("hold out/a/0.png", "it is not in train or valid") in pictures_in(
        parted, by_regex(r"/(a|b)/")
    ).skipped
    (parted / "valid").rename(parted / "later")
    assert "beside the folder train there is none called valid" in refused(parted)


def test_a_picture_in_no_classs_folder_is_reported(photos):
    noise(9).save(photos / "lost.png")
    assert pictures_in(photos).skipped == (("lost.png", "it is in no class's folder"),)


def test_one_picture_of_each_class_is_not_enough(photos):
    for path in photos.rglob("*.png"):
        if not path.name.endswith(" 0.png"):
            path.unlink()
    assert "each class has only one; put two or more in each" in refused(photos)


def test_links_that_lead_out_of_what_is_allowed_are_not_followed(photos, tmp_path):
    (tmp_path / "private").mkdir()
    noise(9).save(tmp_path / "private" / "secret.png")
    (photos / "dark" / "folder").symlink_to(tmp_path / "private", target_is_directory=True)
    (photos / "dark" / "file.png").symlink_to(tmp_path / "private" / "secret.png")
    (photos / "dark" / "inside.png").symlink_to(photos / "dark" / "dark 0.png")
    open_to_all, kept_in = pictures_in(photos), pictures_in(photos, within=[photos.resolve()])
    assert set(labelled(open_to_all)) - set(labelled(kept_in)) == {
        "dark/folder/secret.png",
        "dark/file.png",
    }
    assert "dark/inside.png" in labelled(kept_in) and not kept_in.skipped


def test_other_kinds_of_picture_file(tmp_path):
    noise(9).save(tmp_path / "LARGE.JPG")
    frames = [Image.new("RGB", (4, 4), (value, value, value)) for value in (40, 200)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 10, 10] * 256)
    palette.save(tmp_path / "palette.png", transparency=0)
    assert read(tmp_path / "LARGE.JPG").size == (9, 9)
    assert int(np.asarray(read(tmp_path / "moving.gif")).mean()) == 40  # its first frame
    assert int(np.asarray(read(tmp_path / "palette.png")).mean()) == 255  # transparent, so white
