"""Look first: what the pretrained network says of the photographs that come along, and of any
picture that is given to it.
"""

import base64
import io
import math

import numpy as np
import pytest
import torch
from panels import SHOWN, ask, click
from PIL import Image
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

from lessons.command_line import main
from sheets import InputError
from widgets.fine_tuning.data.photographs import FOLDER, photographs
from widgets.fine_tuning.data.reading import read
from widgets.fine_tuning.learning import bodies
from widgets.fine_tuning.learning.augmentation import Augmentation
from widgets.fine_tuning.learning.bodies import body_of, load_body
from widgets.fine_tuning.learning.glance import Glance, How, draws, glance
from widgets.fine_tuning.learning.heat import heat_maps, warmed
from widgets.fine_tuning.learning.offered import DIGITS, LITE
from widgets.fine_tuning.panel import looking


@pytest.fixture(scope="module")
def lite():
    return load_body(LITE)


def looked(panel, sent=(), **content) -> dict:
    """What the page is told in the end."""
    before = panel.glance.get("number", 0)
    answer = ask(panel, "look", sent, **content)
    assert "refusal" not in answer
    with panel._looking:
        pass
    while panel.glance.get("number", 0) == before:  # its thread had not begun yet
        with panel._looking:
            pass
    return panel.glance


# --- the photographs


def test_every_photograph_names_its_maker_and_a_free_licence():
    assert {path.name for path in FOLDER.glob("*.jpg")} == {one.file for one in photographs()}
    for one in photographs():
        assert one.by and one.source.startswith("skimage.data.")
        assert one.licence in ("CC0", "public domain") and one.licence in one.credit
        assert 30_000 < np.prod(read(one.path).size) < 200_000


@pytest.mark.parametrize(
    "file, among",
    [
        ("cat.jpg", {"Egyptian cat", "tabby", "tiger cat"}),
        ("coffee.jpg", {"espresso"}),
        ("camera.jpg", {"tripod"}),
        ("rocket.jpg", {"missile"}),
    ],
)
def test_the_network_sees_what_is_on_them(lite, file, among):
    assert glance(lite, read(FOLDER / file)).top(1)[0][0] in among


def test_what_it_has_no_class_for_it_cannot_name(lite):
    """No class of ImageNet's is an astronaut: the lesson's own point."""
    assert glance(lite, read(FOLDER / "astronaut.jpg")).top(1)[0][1] < 0.3


# --- a glance


def test_a_glance_is_the_models_own_answer(lite):
    picture = read(FOLDER / "coffee.jpg")
    found = glance(lite, picture)
    inputs = lite.processor(images=[picture], return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        own = lite.model(pixel_values=inputs).logits.softmax(dim=1)[0].numpy()
    np.testing.assert_allclose(found.probabilities, own, atol=1e-5)
    assert found.probabilities.sum() == pytest.approx(1)
    assert [p for _, p in found.top()] == sorted(found.probabilities)[:-6:-1]
    assert found.seen.shape == (224, 224, 3) and found.seen.std() > 10


# --- what speaks for a class


def test_a_heat_map_adds_up_to_the_logit(lite):
    """The head is given the mean over all places: what they add is the logit without its bias."""
    picture = read(FOLDER / "coffee.jpg")
    order = glance(lite, picture).first()
    found = heat_maps(lite, picture, order)
    inputs = lite.processor(images=[picture], return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        logits = lite.model(pixel_values=inputs).logits[0, order].numpy()
    bias = lite.model.classifier.bias.detach().numpy()[order]
    assert found.shape == (5, 7, 7)
    np.testing.assert_allclose(found.sum(axis=(1, 2)) + bias, logits, rtol=1e-4)
    assert lite.model.training is False and all(p.grad is None for p in lite.model.parameters())


def test_what_speaks_for_the_tripod_is_the_tripod(lite):
    """It stands in the lower half, right of the middle."""
    picture = read(FOLDER / "camera.jpg")
    (heat,) = heat_maps(lite, picture, glance(lite, picture).first(1))
    there = np.zeros((7, 7), bool)
    there[4:, 3:6] = True
    assert heat[there].mean() > 2 * heat[~there].mean()


def test_places_that_speak_for_it_are_orange_and_all_others_grey():
    seen = np.full((70, 70, 3), 100, np.uint8)
    heat = np.full((7, 7), -1.0)
    assert (warmed(seen, heat) == 100).all()
    heat[1, 5] = 0.3
    drawn = warmed(seen, heat)
    assert abs(drawn[15, 55] - np.array([208, 104, 30])).max() <= 1  # seven tenths of it orange
    assert (drawn[30:, :40] == 100).all()


def test_a_transformer_has_no_heat_map():
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        image_size=32, patch_size=8, num_labels=3,
    )  # fmt: skip
    processor = ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=1.0)
    body = body_of("vit", ViTForImageClassification(config), processor)
    with pytest.raises(InputError, match="does not keep the places of a picture to its end"):
        heat_maps(body, read(FOLDER / "cat.jpg"), [0])
    told = looking.told_glance(body, read(FOLDER / "cat.jpg"), "a cat", How())
    assert told["heat"] == [] and told["heatSays"].startswith("vit: ") and told["top"]


# ---


def test_the_sentence_counts():
    probabilities = np.array([0.5, 0.3, 0.1, 0.05, 0.03, 0.0195, 0.0005])
    found = Glance(list("abcdefg"), probabilities, np.zeros((1, 1, 3)))
    assert found.sentence() == (
        "These 5 have 98.0% of it. Of the 7 classes 1 have less than 0.1% each."
    )


def test_a_body_without_a_head_names_nothing(resnet, lite):
    from dataclasses import replace

    with pytest.raises(InputError, match="without a head of its own"):
        glance(replace(lite, has_head=False), read(FOLDER / "cat.jpg"))


def test_draws_are_the_picture_augmented_and_without_augmentation_itself(lite):
    picture = read(FOLDER / "cat.jpg")
    still = draws(lite, picture, How(augmentation=Augmentation(1, False)), count=3)
    plain = glance(lite, picture)
    for one in still:
        np.testing.assert_allclose(one.probabilities, plain.probabilities, atol=1e-5)
        np.testing.assert_array_equal(one.seen, plain.seen)
    flipped = draws(lite, picture, How(augmentation=Augmentation(1, True)), count=8)
    mirrored = [np.abs(one.seen[:, ::-1].astype(int) - plain.seen).max() <= 1 for one in flipped]
    assert any(mirrored) and not all(mirrored)
    zoomed = draws(lite, picture)
    assert len(zoomed) == 10 and len({one.seen.tobytes() for one in zoomed}) == 10


def test_without_normalisation_it_is_given_other_numbers_and_the_page_the_same_picture(lite):
    picture = read(FOLDER / "coffee.jpg")
    found, usual = glance(lite, picture, How(normalised=False)), glance(lite, picture)
    np.testing.assert_array_equal(found.seen, usual.seen)
    assert found.top(1)[0][1] != pytest.approx(usual.top(1)[0][1], abs=1e-3)


# --- on the panel


def test_who_looks(monkeypatch, resnet):
    assert looking.looker(load_body(DIGITS)).name == LITE
    assert looking.looker(load_body(resnet)).name == str(resnet)

    def missing() -> None:
        raise InputError("not installed")

    monkeypatch.setitem(bodies.OWN, LITE, missing)
    looking._lite.cache_clear()
    assert looking.looker(load_body(DIGITS)).name == DIGITS


def test_a_photograph_that_comes_along(opened_once):
    assert len(opened_once.photographs) == len(photographs())
    found = looked(opened_once, photograph=1)
    assert found["name"].startswith("a cup of coffee, by") and found["by"] == LITE
    assert found["top"][0][0] == "espresso" and found["size"] == "450 x 300"
    assert len(found["draws"]) == 10 and found["augmented"].endswith("mirrored half of the time.")
    how = {"zoom": 1, "flip": False, "normalised": False}
    bare = looked(opened_once, photograph=1, how=how)
    assert bare["augmented"] == "Training pictures are as they are." and not bare["normalised"]
    again = looked(opened_once, photograph=1)
    assert again["number"] == bare["number"] + 1 and again["top"] == found["top"]


def test_a_picture_that_is_brought(opened_once):
    file = io.BytesIO()
    read(FOLDER / "coffee.jpg").save(file, "PNG")
    found = looked(opened_once, [file.getvalue()], name="mine.png")
    assert (found["name"], found["top"][0][0]) == ("mine.png", "espresso")


def wide() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 3)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "sent, content, said",
    [
        ([b"no picture"], {"name": "x.png"}, "x.png: it is not a picture of a known format"),
        ([b""], {"name": "x.png"}, "x.png: it is empty"),
        ([wide()], {}, "your picture: it is 900 x 3: more than 50 times as long as wide"),
        ([], {}, "the page sent no picture"),
        ([], {"photograph": 99}, "the page sent no picture"),
        (
            [],
            {"photograph": 0, "how": {"zoom": 9}},
            "a zoom of 9 cannot be: from 1, for none",
        ),
        ([], {"photograph": 0, "how": {"zoom": "x"}}, "zoom is a number, such as 1.2"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(opened_once, sent, content, said):
    assert said in looked(opened_once, sent, **content)["refusal"]


def test_a_failure_of_any_other_kind_is_a_sentence_too(opened_once, monkeypatch):
    monkeypatch.setattr(looking, "told_glance", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in looked(opened_once, photograph=0)["refusal"]


# --- the command


def test_look_prints_a_bar_for_each_guess(capsys):
    assert main(["look", str(FOLDER / "coffee.jpg")]) == 0
    first, top, *_, last = capsys.readouterr().out.splitlines()
    assert first.endswith("coffee.jpg: efficientnet-lite0 says") and "1,000 classes" in last
    share, bar, name = top.split()
    assert name == "espresso" and bar == "#" * round(0.4 * float(share.removesuffix("%")))


def test_look_without_a_picture_looks_at_those_that_come_along(capsys):
    assert main(["look"]) == 0
    said = capsys.readouterr().out
    assert all(f"{one.credit}: efficientnet-lite0 says" in said for one in photographs())


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["nowhere.jpg"], "nowhere.jpg: there is no such file"),
        ([__file__], "it is not a picture of a known format"),
        ([str(FOLDER / "cat.jpg"), "--body", "./nowhere"], "there is no such folder"),
    ],
)
def test_what_cannot_be_looked_at_is_a_sentence(capsys, arguments, said):
    assert main(["look", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_bodies_are_listed_with_what_they_cost_here(capsys):
    assert main(["bodies"]) == 0
    own, digits, *hub = capsys.readouterr().out.splitlines()[1:]
    assert own.strip().startswith(LITE) and digits.strip().startswith(DIGITS)
    assert "pictures a second here" in own and "pictures a second here" in digits
    assert len(hub) == 3 and all("from the hub" in line for line in hub)


# --- the page


def test_the_page_shows_the_picture_the_guesses_and_why_not(page, opened_once):
    """Without Python: its state is a panel's that was opened."""
    page.set_content("<body></body>")
    page.evaluate(SHOWN, [str(opened_once._esm), opened_once.get_state()])
    page.evaluate(
        """() => {
            window.asked = [];
            window.model.send = (told, _, buffers) => {
                const size = buffers?.[0]?.byteLength;
                window.how = told.how;
                window.asked.push([told.kind, told.photograph, told.name, size]);
                window.model.answer({ number: told.number });
            };
        }"""
    )
    assert page.locator(".ft-photographs button").count() == len(photographs())
    click(page, "Look at a cat")
    assert page.evaluate("window.asked.pop()")[:2] == ["look", 0]
    told = {
        "name": "a cat",
        "by": "some body",
        "src": opened_once.photographs[0]["src"],
        "seen": opened_once.photographs[0]["src"],
        "size": "451 x 300",
        "side": "224 x 224",
        "top": [["tabby", 0.75], ["lynx", 0.0004]],
        "heat": [one["src"] for one in opened_once.photographs[1:3]],
        "heatSays": "",
        "sentence": "All others are next to nothing.",
        "normalised": False,
        "draws": [{"src": opened_once.photographs[0]["src"], "caption": "tabby / 0.75"}] * 10,
        "augmented": "Zoomed.",
        "number": 1,
    }
    tell = "told => window.model.tell('glance', told)"
    page.evaluate(tell, told)
    table = page.get_by_role("table", name="What the network says")
    assert table.get_by_role("row").all_inner_texts()[1:] == [
        "tabby\t75.0%\t",
        "lynx\tunder 0.1%\t",
    ]
    widths = table.locator(".ft-bar span").evaluate_all("bars => bars.map(b => b.style.width)")
    assert widths == ["75%", "0.04%"]
    assert "some body says of it, not normalised" in table.inner_text()
    assert page.get_by_role("img", name="Orange: what speaks for tabby").count() == 1
    click(page, "lynx")
    warm = page.get_by_role("img", name="Orange: what speaks for lynx")
    assert warm.get_attribute("src") == told["heat"][1]
    pressed = table.get_by_role("button", pressed=True)
    assert pressed.all_inner_texts() == ["lynx"]
    page.get_by_text("Pixels are numbers, and no picture").click()
    small = np.asarray(Image.open(io.BytesIO(base64.b64decode(told["seen"].partition(",")[2]))))
    y, x = ((side - 6) / 2 for side in small.shape[:2])
    y, x = math.floor(y + 0.5), math.floor(x + 0.5) + 1
    page.locator(".ft-pixels canvas").press("ArrowRight")
    for k, name in enumerate(("red", "green", "blue")):
        shown = page.get_by_role("table", name=f"{name} numbers").locator("td").all_inner_texts()
        assert [int(text) for text in shown] == small[y : y + 6, x : x + 6, k].ravel().tolist()
    assert page.locator(".ft-more .ft-picture").count() == 10
    page.get_by_role("checkbox", name="normalised").uncheck()
    page.get_by_label("Zoom by up to (1: never)").fill("2")
    click(page, "Look again")
    assert page.evaluate("window.how") == {"normalised": False, "flip": True, "zoom": 2}
    assert page.evaluate("window.asked.pop()")[:2] == ["look", 0]
    page.evaluate(tell, {"refusal": "mine.png: it is empty", "number": 2})
    page.get_by_role("alert").filter(has_text="mine.png: it is empty.").wait_for()
    assert table.is_visible()  # what was seen before stays

    page.get_by_label("A picture of yours").set_input_files(FOLDER / "coffee.jpg")
    page.wait_for_function("window.asked.length > 0")
    size = (FOLDER / "coffee.jpg").stat().st_size
    assert page.evaluate("window.asked.pop()") == ["look", None, "coffee.jpg", size]
    page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(7)], "dropped.png"));
            const event = new DragEvent("drop", { dataTransfer: carried, bubbles: true });
            document.querySelector(".ft-look").dispatchEvent(event);
        }"""
    )
    page.wait_for_function("window.asked.length > 0")
    assert page.evaluate("window.asked.pop()") == ["look", None, "dropped.png", 7]
    page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(8)], "pasted.png"));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried }));
        }"""
    )
    page.wait_for_function("window.asked.length > 0")
    assert page.evaluate("window.asked.pop()") == ["look", None, "pasted.png", 8]
