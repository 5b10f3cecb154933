"""train.py beside the model: a few plain lines that train the same network again."""

import ast
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from panels import ask, done

from lessons.command_line import main
from sheets import InputError
from widgets.fine_tuning.command.predict import model_at
from widgets.fine_tuning.data.digits import digits
from widgets.fine_tuning.data.pictures import pictures_in
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning import learner as learning
from widgets.fine_tuning.learning.loss import Loss
from widgets.fine_tuning.learning.schedules import Stage
from widgets.fine_tuning.takeaway.script import AGAIN, BROKEN_OFF, Origin, script_of

ROOT = Path(__file__).resolve().parents[2]
ALONE = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
LOSSES = re.compile(r"train_loss=([\d.e-]+), valid_loss=([\d.e-]+)")


@pytest.fixture(autouse=True)
def kept_here(tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "cache_folder", lambda: tmp_path / "features")
    monkeypatch.chdir(tmp_path)


def run(script: str, folder: Path) -> str:
    (folder / "train.py").write_text(script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "train.py"], cwd=folder, env=ALONE, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def losses(said: str) -> list[tuple[float, float]]:
    return [(float(train), float(valid)) for train, valid in LOSSES.findall(said)]


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def statements(script: str) -> list[ast.stmt]:
    """What it does, without its imports and what it says of itself."""
    docstring, *rest = ast.parse(script).body
    assert isinstance(docstring, ast.Expr)
    return [one for one in rest if not isinstance(one, (ast.Import, ast.ImportFrom))]


def test_the_program_trains_the_network_of_the_command_again(tmp_path):
    assert main(["finetune", "digits", "--epochs", "1", "--frozen-epochs", "1", "--out", "o"]) == 0
    script = (tmp_path / "o" / "model" / "train.py").read_text(encoding="utf-8")
    assert len(statements(script)) == 7 and BROKEN_OFF not in script
    said = run(script, tmp_path / "o" / "model")
    found = json.loads((tmp_path / "o" / "metrics.json").read_text())
    assert losses(said) == [(one["train_loss"], one["valid_loss"]) for one in found["epochs"]]
    assert f"Accuracy {found['accuracy']:.2%}" in said
    again = tmp_path / "o" / "model" / AGAIN
    assert weights(again) == weights(tmp_path / "o" / "model")


def test_the_best_epoch_s_network_comes_of_it_and_not_the_last_s(learner, tmp_path):
    one = learner(digits(), batch_size=8)
    one.fit([Stage("frozen", 2, 0.02)])
    one.save("best")
    one.fit([Stage("unfrozen", 1, slice(1e-4, 1e-2))])
    one.load("best")
    run(script_of(one, Origin("digits"), 2), tmp_path)
    known = model_at(tmp_path / AGAIN).model.state_dict()
    now = one.network.model.state_dict()
    assert all((known[name] == now[name]).all() for name in now)


def test_pictures_of_a_folder_with_all_that_can_be_asked_for(photos, tmp_path):
    (tmp_path / "wrong.csv").write_text("dark/dark 0.png,\n", encoding="utf-8")
    asked = ["--labels", "regex:^(bright|dark)", "--seed", "3", "--no-flip", "--size", "16"]
    asked += ["--corrections", "wrong.csv", "--mixup", "--weights", "balanced", "--unfreeze", "1"]
    asked += ["--metric", "f1", "--epochs", "2", "--frozen-epochs", "1", "--body", "digits"]
    assert main(["finetune", str(photos), *asked, "--out", "o"]) == 0
    said = run((tmp_path / "o" / "model" / "train.py").read_text(encoding="utf-8"), tmp_path)
    found = json.loads((tmp_path / "o" / "metrics.json").read_text())
    trained = [(one["train_loss"], one["valid_loss"]) for one in found["epochs"]]
    assert losses(said) == trained[: len(losses(said))] and losses(said)
    assert weights(tmp_path / AGAIN) == weights(tmp_path / "o" / "model")


def test_a_finished_model_that_was_trained_further(photos, tmp_path):
    few = ["--epochs", "1", "--frozen-epochs", "1", "--body", "digits"]
    assert main(["finetune", str(photos), *few, "--out", "first"]) == 0
    assert main(["finetune", str(photos), "--epochs", "1", "--further", "first", "--out", "o"]) == 0
    run((tmp_path / "o" / "model" / "train.py").read_text(encoding="utf-8"), tmp_path)
    assert weights(tmp_path / AGAIN) == weights(tmp_path / "o" / "model")


def test_names_cannot_break_out_of_the_program(learner, photos):
    odd = photos.with_name('it\'s "odd"\\ ☀')
    photos.rename(odd)
    found = learner(pictures_in(odd))
    found.fine_tune(Recipe(0, 0))
    program = ast.parse(script_of(found, Origin(labels="regex:(\"|').*")))
    assert str(odd.resolve()) in {
        node.value for node in ast.walk(program) if isinstance(node, ast.Constant)
    }


def test_what_cannot_be_done_again_is_said(learner):
    one = learner(loss=Loss(mixup=0.4))
    one.fit([Stage("frozen", 1, 0.02)])
    assert BROKEN_OFF not in script_of(one, Origin("digits"))
    assert BROKEN_OFF in script_of(one, Origin("digits"), as_it_was=False)
    one.fit([Stage("frozen", 2, 0.02)], stop=lambda: len(one.history) == 2)
    one.fit([Stage("frozen", 1, 0.02)])
    assert BROKEN_OFF in script_of(one, Origin("digits"))


def test_the_panel_gives_it_too(panel, few, monkeypatch, tmp_path):
    quick = lambda *_, **options: replace(digits(seed=options["seed"]), valid=few.valid)
    monkeypatch.setattr("widgets.fine_tuning.panel.opening.digits", quick)
    p = panel(pictures=None)
    done(p, "frozen", epochs=2, lr=0.02)
    done(p, "save", name="head")
    done(p, "unfrozen", epochs=1, first=1e-4, lr=1e-2)
    whole = ask(p, "download", what="train.py", clip=0.1)["buffers"][0].decode()
    assert "stop=" not in whole and BROKEN_OFF not in whole
    done(p, "load", name="head")
    script = ask(p, "download", what="train.py", clip=0.1)["buffers"][0].decode()
    assert "stop=lambda: len(learner.history) >= 2" in script and BROKEN_OFF not in script
    packed = zipfile.ZipFile(
        io.BytesIO(ask(p, "download", what="model.zip", clip=0.1)["buffers"][0])
    )
    assert packed.read("model/train.py").decode() == script
    done(p, "export", out=tmp_path / "out", clip=0.1)
    assert (tmp_path / "out" / "model" / "train.py").read_text(encoding="utf-8") == script
    done(p, "unfrozen", epochs=1, first=1e-4, lr=1e-2)
    assert BROKEN_OFF in p.session.script()


def test_pictures_that_a_program_made_have_none(panel):
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    with pytest.raises(
        InputError, match=r"a program made these pictures, so there is no train\.py"
    ):
        p.session.script()
    packed = zipfile.ZipFile(
        io.BytesIO(ask(p, "download", what="model.zip", clip=0.1)["buffers"][0])
    )
    assert "model/train.py" not in packed.namelist()
