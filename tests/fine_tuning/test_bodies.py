"""Bodies: what may be loaded and what is refused, preprocessing against the processor's own, heads
and layers of several architectures.
"""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    BertConfig,
    ConvNextConfig,
    ConvNextForImageClassification,
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from sheets import InputError
from widgets.fine_tuning.data.digits import OTHERS, digits
from widgets.fine_tuning.learning.bodies import DIGITS_FOLDER, body_of, fresh, load_body, quiet
from widgets.fine_tuning.learning.network import Network
from widgets.fine_tuning.learning.pretrain_digits import EACH, SEED, own_accuracy, turned

SQUARE = ViTImageProcessorPil(size={"height": 32, "width": 32})


def vit():
    return ViTForImageClassification(
        ViTConfig(
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            image_size=32,
            patch_size=8,
            num_labels=3,
        )
    )


def convnext():
    return ConvNextForImageClassification(
        ConvNextConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 2, 1], num_labels=3)
    )


def small_resnet():
    return ResNetForImageClassification(
        ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=3
        )
    )


def refused(name) -> str:
    with pytest.raises(InputError) as error:
        load_body(name)
    return str(error.value)


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (41, 67, 3), dtype=np.uint8))


# --- what comes along


def test_the_body_that_comes_along_is_as_right_as_its_readme_says():
    said = re.search(r"right ([\d.]+)%", (DIGITS_FOLDER / "README.md").read_text(encoding="utf-8"))
    assert own_accuracy(load_body(), turned(digits(EACH, SEED, OTHERS))) == pytest.approx(
        float(said[1]) / 100, abs=5e-4
    )


def test_it_is_small_safetensors_and_names_what_it_knows():
    files = {path.name: path.stat().st_size for path in DIGITS_FOLDER.iterdir()}
    assert (
        set(files) == {"README.md", "config.json", "model.safetensors", "preprocessor_config.json"}
        and sum(files.values()) < 500_000
    )
    labels = load_body().labels
    assert labels[:8] == [str(digit) for digit in OTHERS] and not any(
        label[0] in "37" for label in labels
    )


# --- what is loaded


def test_a_local_folder_is_a_body(resnet):
    body = load_body(resnet)
    assert body.has_head and not body.said and body.labels == [f"LABEL_{k}" for k in range(5)]
    network = Network(body, ["a", "b"])
    assert network(body.normalised(body.pixels([picture()]))).shape == (1, 2)


def test_a_folder_without_preprocessing_gets_imagenets_and_says_so(resnet, tmp_path):
    shutil.copytree(resnet, tmp_path / "bare")
    (tmp_path / "bare" / "preprocessor_config.json").unlink()
    body = load_body(tmp_path / "bare")
    assert "ImageNet's is used, at 224 x 224" in body.said[0] and body.pixels(
        [picture()]
    ).shape == (1, 3, 224, 224)


def test_a_body_without_a_head_says_so(tmp_path):
    with quiet():
        small_resnet().resnet.save_pretrained(tmp_path / "headless")
    body, again = load_body(tmp_path / "headless"), load_body(tmp_path / "headless")
    assert not body.has_head and "its own predictions mean nothing" in body.said[-1]
    for mine, theirs in zip(body.model.parameters(), again.model.parameters(), strict=True):
        assert mine.equal(theirs)  # else a checkpoint would be of another body the next time


def other_config(resnet, folder, **about):
    shutil.copytree(resnet, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | about))
    return folder


def test_a_head_that_does_not_fit_its_config_is_none(resnet, tmp_path):
    names = {str(k): f"class {k}" for k in range(9)}
    body = load_body(other_config(resnet, tmp_path / "nine", id2label=names, label2id={}))
    assert (
        not body.has_head
        and "published without classifier" in body.said[-1]
        and len(body.labels) == 9
    )
    own = load_body(resnet)
    pixels = own.normalised(own.pixels([picture()]))
    torch.testing.assert_close(
        Network(body, ["a", "b"]).eval().features(pixels),
        Network(own, ["a", "b"]).eval().features(pixels),
    )


# --- what is refused


def test_weights_that_do_not_fit_their_config_are_refused(resnet, tmp_path):
    assert "its weights do not fit its config.json; resnet." in refused(
        other_config(resnet, tmp_path / "wider", embedding_size=12)
    )


def test_a_pickle_is_refused(resnet, tmp_path):
    for name in ("pytorch_model.bin", "model.pt"):
        folder = tmp_path / name
        shutil.copytree(resnet, folder)
        (folder / "model.safetensors").unlink()
        torch.save(load_body(resnet).model.state_dict(), folder / name)
        assert refused(folder).endswith(
            "a .bin or pickle checkpoint can run any code when it is opened, and is refused"
        )


def test_foreign_code_is_refused_and_never_run(resnet, tmp_path):
    folder = tmp_path / "foreign"
    shutil.copytree(resnet, folder)
    about = json.loads((folder / "config.json").read_text())
    about |= {
        "model_type": "unheard_of",
        "auto_map": dict.fromkeys(("AutoConfig", "AutoModelForImageClassification"), "code.Thing"),
    }
    (folder / "config.json").write_text(json.dumps(about))
    (folder / "code.py").write_text(f"open({str(tmp_path / 'it ran')!r}, 'w')")
    assert "code of its own" in refused(folder)
    assert not (tmp_path / "it ran").exists()


def test_what_is_no_image_classifier_is_refused(tmp_path):
    BertConfig().save_pretrained(tmp_path / "bert")
    assert "refused" in refused(tmp_path / "bert")
    (tmp_path / "bert" / "model.safetensors").write_bytes(b"not tensors")
    assert "no image classifier could be loaded" in refused(tmp_path / "bert")
    (tmp_path / "empty").mkdir()
    assert "no image classifier could be loaded" in refused(tmp_path / "empty")
    assert "the hub cannot be reached from here; check the network" in refused(
        "nobody/no-such-model"
    )  # offline, so none is known


def test_weights_that_are_no_numbers_are_refused():
    model = small_resnet()
    model.classifier[1].bias.data[0] = float("nan")
    with pytest.raises(InputError, match="not finite, so its weights are damaged"):
        body_of("damaged", model, SQUARE)


def test_two_last_layers_are_refused():
    config = DeiTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
    )
    with pytest.raises(InputError, match="its answer is not that of one last layer"):
        body_of("two heads", DeiTForImageClassificationWithTeacher(config), SQUARE)


def test_one_channel_is_refused():
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8], depths=[1], num_channels=1)
    with pytest.raises(InputError, match=r"does not take pictures of \(3, 32, 32\)"):
        body_of("grey", ResNetForImageClassification(config), SQUARE)


class Odd(ViTImageProcessorPil):
    """Preprocessing that inverts the picture at the end."""

    def normalize(self, *arguments, **options):
        return -super().normalize(*arguments, **options)


def test_preprocessing_that_does_more_is_refused():
    with pytest.raises(InputError, match="does more than resize"):
        body_of("odd", vit(), Odd(size={"height": 32, "width": 32}))


# --- preprocessing, heads and layers


@pytest.mark.parametrize("make", [vit, convnext, small_resnet])
def test_any_architecture_has_a_head_and_layers(make):
    body = body_of("made", make(), SQUARE)
    network = Network(body, ["a", "b", "c", "d"]).eval()
    pixels = body.normalised(body.pixels([picture()]))
    with torch.inference_mode():
        torch.testing.assert_close(network.head(network.features(pixels)), network(pixels))
    names = [name for name, _ in network.groups()]
    grouped = [id(parameter) for _, parameters in network.groups() for parameter in parameters]
    assert sorted(grouped) == sorted(map(id, network.parameters())) and len(set(grouped)) == len(
        grouped
    )
    assert names[-1] == network.head_name and len(names) > 3
    assert body.model.config.num_labels == 3  # the body itself stays as it was


def test_layers_stand_in_the_order_pictures_pass_them():
    network = Network(body_of("made", small_resnet(), SQUARE), ["a", "b"])
    assert [name for name, _ in network.groups()] == [
        "resnet.embedder",
        "resnet.encoder.stages.0",
        "resnet.encoder.stages.1",
        "classifier.1",
    ]


@pytest.mark.parametrize("name", ["digits", "resnet"])
def test_preprocessing_is_the_processors_own(name, resnet):
    body = load_body(resnet if name == "resnet" else name)
    own = body.processor(images=[picture()], return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(body.normalised(body.pixels([picture()])), own, rtol=0, atol=2e-6)
    np.testing.assert_array_equal(
        body.shown(own), body.pixels([picture()]).permute(0, 2, 3, 1).numpy()
    )


def test_from_scratch_is_new_and_by_seed():
    body = load_body()
    first, again, other = (
        fresh(body, seed).model.state_dict()["classifier.1.weight"] for seed in (0, 0, 1)
    )
    assert (
        first.equal(again)
        and not first.equal(other)
        and not first.equal(body.model.state_dict()["classifier.1.weight"])
    )


def test_making_networks_draws_on_nobodys_random_state():
    body, before = load_body(), torch.get_rng_state()
    fresh(body)
    Network(body, ["a", "b"])
    assert torch.get_rng_state().equal(before)
