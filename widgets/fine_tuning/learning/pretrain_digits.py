"""How the body that comes along was made: `python -m widgets.fine_tuning.learning.pretrain_digits`,
less than a minute on a CPU.

A small ResNet learns the eight other digits, each upright and turned by 90, 180 and 270 degrees,
from new random weights with this package's own rooms; 3s and 7s it never sees. Telling turns apart
asks more of its features than telling eight digits apart, and more of it carries over.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import ResNetConfig, ResNetForImageClassification
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

from ..data.digits import OTHERS, digits
from ..data.pictures import Picture, Pictures
from .bodies import DIGITS_FOLDER, Body, body_of, fresh, load_body
from .learner import Learner
from .schedules import Stage

SIZE = 32  # pixels a side: 8 x 8 enlarged, so that a convolution has something to slide over
EACH = 140  # training pictures of a class; the rest tells the accuracy
TURNS = (0, 90, 180, 270)
HIDDEN = [32, 48, 96]
EPOCHS, LR, BATCH_SIZE, SEED = 5, 1e-2, 32, 0

README = """# digits_body

A ResNet of {parameters:,} parameters for pictures of {size} x {size}, \
pretrained on the handwritten digits {others} of
`../../data/digits.npz`, each turned by {turns} degrees: {classes} classes, {train} pictures, \
{epochs} epochs of one cycle at a
largest rate of {lr:g}, batches of {batch_size}, seed {seed}, from new random weights. \
It never saw a 3 or a 7. Its numbers are
stored with 16 bits each.

On the {valid} pictures that it was not shown it tells digit and turn right {accuracy:.2%} \
of the time (a 0 or an 8 turned by
180 degrees looks as before).

Made by `python -m widgets.fine_tuning.learning.pretrain_digits`.
Licence: Apache-2.0, as all of Gradsheet (the pictures: CC BY 4.0, see `../../data/digits.md`).
"""


def turned(pictures: Pictures) -> Pictures:
    """Every picture four times, each turn of each class a class of its own."""

    def turns(part: tuple[Picture, ...]) -> tuple[Picture, ...]:
        return tuple(
            Picture(
                f"{picture.id} turned {degrees}",
                picture.label + k * len(pictures.classes),
                pixels=np.rot90(picture.pixels, k).copy(),
            )
            for picture in part
            if picture.pixels is not None
            for k, degrees in enumerate(TURNS)
        )

    names = tuple(
        f"{name} turned {degrees}" if degrees else name
        for degrees in TURNS
        for name in pictures.classes
    )
    return replace(
        pictures, classes=names, train=turns(pictures.train), valid=turns(pictures.valid)
    )


def main(folder: Path = DIGITS_FOLDER) -> None:
    """Train, and write the model, its preprocessing and README.md into the folder."""
    config = ResNetConfig(
        embedding_size=16, hidden_sizes=HIDDEN, depths=[1] * len(HIDDEN), layer_type="basic"
    )
    config.num_labels = len(OTHERS) * len(TURNS)
    half = [0.5] * 3
    processor = ConvNextImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_pct=1.0, image_mean=half, image_std=half
    )
    body = fresh(body_of("digits", ResNetForImageClassification(config), processor), SEED)
    learner = Learner(turned(digits(EACH, SEED, OTHERS)), body, BATCH_SIZE, SEED, device="cpu")
    learner.fit([Stage("unfrozen", EPOCHS, LR)], listener=print)
    learner.network.model.to(torch.float16).save_pretrained(folder)
    processor.save_pretrained(folder)
    about = {
        "parameters": sum(p.numel() for p in learner.network.parameters()),
        "size": SIZE,
        "others": ", ".join(map(str, OTHERS)),
        "turns": ", ".join(map(str, TURNS)),
        "classes": len(learner.pictures.classes),
        "train": len(learner.pictures.train),
        "valid": len(learner.pictures.valid),
        "epochs": EPOCHS,
        "lr": LR,
        "batch_size": BATCH_SIZE,
        "seed": SEED,
        "accuracy": own_accuracy(load_body(folder), learner.pictures),
    }
    (folder / "README.md").write_text(README.format(**about), encoding="utf-8")


def own_accuracy(body: Body, pictures: Pictures) -> float:
    """How often the body as it is stored, with its own head, is right about the validation
    pictures.
    """
    pixels = body.normalised(body.pixels([picture.open() for picture in pictures.valid]))
    with torch.inference_mode():
        found = body.model(pixel_values=pixels).logits.argmax(dim=1)
    return (
        (found == torch.tensor([picture.label for picture in pictures.valid]))
        .double()
        .mean()
        .item()
    )


if __name__ == "__main__":
    main()
