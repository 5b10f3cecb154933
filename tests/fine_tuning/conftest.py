"""What the tests of fine-tuning share: no network, nothing kept outside pytest's own folders, and a
small body made from a config.
"""

import atexit
import os
import shutil
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

# Both are read when huggingface_hub is imported.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_ASSETS_CACHE"] = tempfile.mkdtemp(prefix="gradsheet-tests-")
atexit.register(shutil.rmtree, os.environ["HF_ASSETS_CACHE"], ignore_errors=True)

if find_spec("torch") is None and not os.environ.get("CI"):
    collect_ignore_glob = ["test_*.py"]  # the extra `fine-tuning` is not installed


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small tensors are faster that way, and a busy machine does not make threads wait for each
    other.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def few():
    """Digits: 40 pictures to learn from, 54 to check with, two epochs a stage."""
    from widgets.fine_tuning.data.digits import digits
    from widgets.fine_tuning.data.recipe import Recipe

    found = digits()
    return replace(
        found,
        valid=found.valid[::6],
        recipe=Recipe(epochs=2, frozen_epochs=2, lr=0.02, batch_size=8),
    )


@pytest.fixture(scope="session")
def learner_in(few):
    """`learner_in(folder)(pictures, body, ...)`, whose files are in the folder: few pictures, seven
    a batch, so that an epoch ends with a smaller one.
    """
    from widgets.fine_tuning.learning.bodies import load_body
    from widgets.fine_tuning.learning.learner import Learner

    def maker(kept: Path):
        def made(pictures=few, body=None, **options):
            folder = options.pop("folder", kept / "run")
            options = {
                "batch_size": 7,
                "features_folder": kept / "features",
                "device": "cpu",
                **options,
            }
            return Learner(pictures, body or load_body(), folder=folder, **options)

        return made

    return maker


@pytest.fixture
def learner(learner_in, tmp_path):
    return learner_in(tmp_path)


@pytest.fixture(scope="session")
def trained(learner_in, tmp_path_factory):
    """Two frozen and two unfrozen epochs without an interruption, for tests that only read."""
    from widgets.fine_tuning.data.recipe import Recipe
    from widgets.fine_tuning.learning.learner import FINISHED

    run = learner_in(tmp_path_factory.mktemp("trained"))()
    assert run.fine_tune(Recipe(2, 2)) == FINISHED
    return run


@pytest.fixture
def panel(few, tmp_path, monkeypatch):
    """`panel(...)`: an opened panel over few digits, whose files are in tmp_path; every one made is
    at rest when the test ends.
    """
    import torch

    from widgets.fine_tuning.panel import FineTuningPanel

    monkeypatch.setattr(
        "widgets.fine_tuning.learning.learner.cache_folder", lambda: tmp_path / "features"
    )
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    made = []

    def opened(pictures=few, **options):
        panel = FineTuningPanel(
            pictures, folder=options.pop("folder", tmp_path / "session"), **options
        )
        made.append(panel)
        panel.prepare()
        panel.wait(120)
        return panel

    yield opened
    for one in made:
        one.stop()
        one.wait(120)


@pytest.fixture(scope="session")
def opened_once(few, tmp_path_factory):
    """A panel for tests that change nothing about it, and look at no picture."""
    from widgets.fine_tuning.panel import FineTuningPanel

    panel = FineTuningPanel(few, folder=tmp_path_factory.mktemp("once"))
    panel.prepare()
    panel.wait(120)
    return panel


@pytest.fixture(scope="session")
def resnet(tmp_path_factory) -> Path:
    """A folder as transformers saves it: a ResNet with 5 labels and its preprocessing, from a
    config and random weights.
    """
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

    from widgets.fine_tuning.learning.bodies import quiet

    folder = tmp_path_factory.mktemp("bodies") / "resnet"
    torch.manual_seed(0)
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=5
    )
    with quiet():
        ResNetForImageClassification(config).save_pretrained(folder)
        ConvNextImageProcessorPil(size={"shortest_edge": 28}, crop_pct=0.875).save_pretrained(
            folder
        )
    return folder


@pytest.fixture
def photos(tmp_path) -> Path:
    """Two classes of eight small pictures in folders: bright ones and dark ones."""
    from PIL import Image

    chance = np.random.default_rng(0)
    for name, low in (("bright ☀", 150), ("dark", 0)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for k in range(8):
            pixels = chance.integers(low, low + 100, (20 + k, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{name} {k}.png")
    return tmp_path / "photos"
