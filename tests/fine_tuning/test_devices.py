"""Devices: what can be held of a GPU on a machine without one, and what happens where memory is
used up.
"""

import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from learners import measured, weights

from sheets import InputError
from widgets.fine_tuning.data.events import Notice
from widgets.fine_tuning.learning.augmentation import DRAWS, Augmentation
from widgets.fine_tuning.learning.bodies import fresh, load_body
from widgets.fine_tuning.learning.learner import FINISHED
from widgets.fine_tuning.learning.machine import device_of
from widgets.fine_tuning.learning.memory import Portions
from widgets.fine_tuning.learning.network import Network
from widgets.fine_tuning.learning.pixels import Pixels
from widgets.fine_tuning.learning.schedules import Stage
from widgets.fine_tuning.learning.sources import PictureSource
from widgets.fine_tuning.learning.training import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_in_mixed_precision_it_learns_much_the_same(learner, tmp_path):
    """As on CUDA, bf16 has 8 bits for a number: the layers compute with it, weights and losses stay
    as they are.
    """
    exact, mixed = (
        learner(folder=tmp_path / "exact"),
        learner(folder=tmp_path / "mixed", mixed=True),
    )
    seen = []
    convolution = next(
        part for part in mixed.network.modules() if isinstance(part, torch.nn.Conv2d)
    )
    convolution.register_forward_hook(lambda _, inputs, made: seen.append((inputs[0], made.dtype)))
    for run in (exact, mixed):
        assert run.fit([Stage("frozen", 3, 0.02), Stage("unfrozen", 2, 1e-3)]) == FINISHED
    inputs, dtype = seen[-1]
    assert dtype == torch.bfloat16 and inputs.is_contiguous(memory_format=torch.channels_last)
    assert convolution.weight.dtype == torch.float32 and convolution.weight.is_contiguous(
        memory_format=torch.channels_last
    )
    np.testing.assert_allclose(measured(mixed), measured(exact), rtol=0.1, atol=0.02)
    assert measured(mixed) != measured(exact)


def test_bf16_is_for_gpus_that_compute_with_it(monkeypatch):
    """An older GPU, such as a T4, says that it supports bf16, and imitates it."""
    for natively in (True, False):
        monkeypatch.setattr(
            torch.cuda,
            "is_bf16_supported",
            lambda including_emulation=True, own=natively: including_emulation or own,
        )
        assert Settings(8, 0, torch.device("cuda")).mixed is natively
    assert Settings(8, 0, torch.device("cpu")).mixed is False


def test_a_gpu_has_its_number(monkeypatch):
    assert device_of() == device_of("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert (
        device_of() == device_of("cuda") == torch.device("cuda", 1)
        and device_of("cuda:0").index == 0
    )


@pytest.mark.parametrize("name", ["cuda", "cuda:7", "gpu", ""])
def test_a_device_that_is_not_there_is_a_sentence(learner, name):
    with pytest.raises(InputError, match="is not there; this computer has cpu"):
        learner(device=name)


@pytest.mark.parametrize("chance", [None, torch.rand(2, DRAWS)], ids=["as they are", "augmented"])
def test_what_the_network_sees_is_on_its_device(few, chance):
    """PyTorch's meta device takes shapes instead of numbers, and refuses to be mixed with the CPU,
    as a GPU does.
    """
    source = PictureSource(
        Pixels(few.train[:2], load_body()), Augmentation(), torch.device("meta"), channels_last=True
    )
    seen = source.prepared(next(source.batches([torch.arange(2)])), chance)
    assert seen.device.type == "meta" and seen.dtype == torch.float32 and seen.shape[:2] == (2, 3)


def test_bytes_travel_to_a_gpu_from_pinned_memory(few, monkeypatch):
    cuda, sent, to = torch.device("cuda", 0), [], torch.Tensor.to
    monkeypatch.setattr(
        torch.Tensor, "pin_memory", lambda tensor: sent.append(tensor.dtype) or tensor
    )
    monkeypatch.setattr(
        torch.Tensor,
        "to",
        lambda self, *where, **how: (
            sent.append(how) or self if cuda in where else to(self, *where, **how)
        ),
    )
    source = PictureSource(Pixels(few.train[:2], load_body()), Augmentation(), cuda)
    source.prepared(next(source.batches([torch.arange(2)])), None)
    assert sent == [torch.uint8, {"non_blocking": True}]


@pytest.mark.parametrize("name", ["predictions", "frozen", "unfrozen"])
def test_a_stage_stays_on_its_device(learner, monkeypatch, name):
    """Features, a step forward and backward, and the validation, there too.

    What would be read back is made up.
    """
    ours = learner()
    ours.settings.device = torch.device("meta")
    ours.network.to("meta")
    ours.trainees.on_predictions.to("meta")
    monkeypatch.setattr(torch.Tensor, "item", lambda _: 3.5)
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: torch.zeros(tensor.shape))
    monkeypatch.setattr("widgets.fine_tuning.learning.trainees.fingerprint", lambda *parts: "key")
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda _: None)  # fused ones know no meta device
    training = ours._training(Stage(name, 1, 1e-3), 0)
    index = training.order(0)[0]
    assert training.step(index, next(training.trainee.train.batches([index]))) == 0.5  # a picture's
    assert {
        parameter.grad.device.type for _, group in training.trainee.groups for parameter in group
    } == {"meta"}
    assert training.logits(training.trainee.valid).shape == (54, 2)


def test_new_weights_ask_no_gpu(few, monkeypatch):
    """Seeding all GPUs of a machine is slow, and PyTorch warns of it."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch, "manual_seed", lambda seed: pytest.fail("this seeds every GPU"))
    body, before = load_body(), torch.get_rng_state()
    first, second, other = (
        Network(body, few.classes, 1),
        Network(body, few.classes, 1),
        Network(body, few.classes, 2),
    )
    assert first.head.weight.equal(second.head.weight) and not first.head.weight.equal(
        other.head.weight
    )
    for mine, theirs in zip(
        fresh(body, 3).model.parameters(), fresh(body, 3).model.parameters(), strict=True
    ):
        assert mine.equal(theirs)
    assert torch.get_rng_state().equal(before)


# --- no memory


class Small(Network):
    """A network on a device whose memory holds two pictures."""

    def forward(self, pixels):
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().forward(pixels)


def test_out_of_memory_halves_says_so_and_learns_the_same(learner, tmp_path):
    plenty, small, heard = (
        learner(folder=tmp_path / "plenty"),
        learner(folder=tmp_path / "small"),
        [],
    )
    small.network.__class__ = Small
    for run, listener in ((plenty, heard.append), (small, heard.append)):
        assert run.fit_unfrozen(1, 1e-3, listener=listener) == FINISHED
    said = [event.text for event in heard if isinstance(event, Notice)]
    assert [text.partition(". It goes on with ")[2].partition(";")[0] for text in said] == [
        "4",
        "2",
    ]
    np.testing.assert_allclose(measured(small), measured(plenty), rtol=1e-4)
    for name, tensor in weights(small).items():
        torch.testing.assert_close(tensor, weights(plenty)[name], rtol=1e-3, atol=1e-5)


def test_out_of_memory_for_one_picture_is_a_sentence(learner, monkeypatch):
    def none(self, pixels):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Network, "forward", none)
    with pytest.raises(InputError, match="no memory even for one picture"):
        learner().fit_unfrozen(1)


def test_out_of_memory_of_the_optimiser_or_the_network_is_a_sentence(learner, monkeypatch):
    def none(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    ours = learner()
    monkeypatch.setattr(torch.optim.AdamW, "step", none)
    with pytest.raises(InputError, match="no memory for the optimiser's two averages"):
        ours.fit_unfrozen(1)
    monkeypatch.setattr(Network, "to", none)
    with pytest.raises(InputError, match="no memory for this network"):
        learner()


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "could not create a primitive",
        "could not create a memory object",
    ],
)
def test_every_way_to_say_it_is_understood(said):
    heard = []

    def work(slices: list[slice]) -> int:
        if len(slices) == 1:
            raise RuntimeError(said)
        return len(slices)

    assert Portions().run(work, 8, heard.append) == 2 and len(heard) == 1


def test_memory_that_is_really_not_there():
    portions, heard = Portions(), []
    found = portions.run(
        lambda slices: [torch.empty(2**60 if part.stop - part.start > 2 else 1) for part in slices],
        8,
        heard.append,
    )
    assert len(found) == 4 and portions.most == 2 and len(heard) == 2


def test_another_error_is_not_taken_for_it():
    def wrong(_) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Portions().run(wrong, 8, pytest.fail)


FAULTS = """
import resource, sys
import torch
from widgets.fine_tuning.learning.machine import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.zeros(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_the_memory_of_large_tensors_is_used_again():
    """Twenty tensors of 40 MB, one after the other: as many pages as of one, and not of twenty."""
    usual, kept = (
        int(subprocess.check_output([sys.executable, "-c", FAULTS, how], cwd=ROOT, text=True))
        for how in ("usual", "kept")
    )
    assert kept < usual / 2 or kept < 12_000
