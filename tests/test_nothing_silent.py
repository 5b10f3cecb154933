"""What an author mistypes, and a rule that forgets a gradient: said where it stands."""

import inspect
import json

import engines
import numpy as np
import pytest

from sheets import Sheet, SheetError, backprop, values
from sheets.language.ops import OPS


def line() -> Sheet:
    s = Sheet("line")
    x = s.input("x", [1, 2, 3], rows=True)
    a = s.parameter("a", 2, low=-5, high=5)
    s.let("y", a * x)
    s.say("The slope is {a:.1f}.")
    s.source("A book")
    return s


def test_the_block_to_look_at_first_must_be_there():
    s = line()
    with pytest.raises(
        SheetError, match=r"test_nothing_silent.py:\d+: line has no block 'yy'; did you"
    ):
        s.look = "yy"
    s.look = "y"
    assert s.look == "y"


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (lambda s: s.input("z", [1], tilte="Z"), "an input; did you mean title?"),
        (lambda s: s.parameter("z", 1, 0, 2, smalest=0.1), "a parameter; did you mean smallest"),
        (lambda s: s.choice("z", "b", ["a", "b"], nots="which"), "a choice; did you mean note"),
        (lambda s: s.let("z", s["x"] + 1, low=0), "a computed block"),
        (lambda s: s.let("z", s["x"] + 1, nte="more"), "did you mean note"),
    ],
    ids=["input", "parameter", "choice", "let", "let, mistyped"],
)
def test_an_unknown_keyword_is_refused_at_the_authors_line(wrong, kind):
    s = line()
    with pytest.raises(
        SheetError, match=r"test_nothing_silent.py:\d+: z: \w+= is no keyword"
    ) as error:
        wrong(s)
    assert kind in str(error.value)
    assert "z" not in s.blocks


def test_a_word_of_a_story_step_is_no_name_of_a_block():
    """Or a step could not set it: `s.preset("Steep", notes=3)`."""
    taken = set(inspect.signature(Sheet.preset).parameters) - {"self", "inputs"}
    for name in taken:
        with pytest.raises(SheetError, match=rf"^test_nothing_silent.py:\d+: '{name}' is a word"):
            line().input(name, 1)


def test_what_every_javascript_object_has_is_no_name_of_a_block():
    """A page would find it in a list of blocks where there is none."""
    names = engines.in_v8("JSON.stringify(Object.getOwnPropertyNames(Object.prototype))")
    assert {"constructor", "toString", "__proto__"} < set(json.loads(names))
    for name in json.loads(names):
        for write in (lambda s, name: s.input(name, 1), lambda s, name: s.let(name, s["x"])):
            with pytest.raises(SheetError, match=r"^test_nothing_silent.py:\d+: "):
                write(line(), name)


@pytest.mark.parametrize("name", ["step", "preset", "hide", "lock", "mode", "self"])
def test_what_a_link_says_of_a_whole_sheet_is_no_name_of_a_block(name):
    for write in (lambda s: s.input(name, 1), lambda s: s.let(name, s["x"])):
        with pytest.raises(SheetError, match=r"^test_nothing_silent.py:\d+: .*choose another"):
            write(line())


def test_a_sheet_of_other_inputs_is_another_sheet():
    s = line()
    for other in (s.with_inputs({"a": 3}), s.with_inputs({"x": [1, 2]}), s.copied()):
        other.let("z", other["y"] + 1)
        other.say("More: {a:.2f}.")
        other.source("Another book")
        other.preset("Flat", a=0)
        other.group("More")
        other.carry(a="a")
        assert values(other)["z"].shape == values(other)["y"].shape
    assert "z" not in s.blocks
    assert [group.blocks for group in s.groups] == [["x", "a", "y"]]
    assert (len(s.sentences), len(s.sources), len(s.presets), s.carried) == (1, 1, 0, {})
    assert values(s)["y"].ravel().tolist() == [2, 4, 6]


def test_a_row_of_the_table_that_forgets_a_gradient_is_caught(monkeypatch):
    monkeypatch.setitem(OPS, "multiply", OPS["multiply"]._replace(vjp=lambda g, y, a, b: (g * b,)))
    s = line()
    s.let("loss", (s["y"] ** 2).mean())
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is shorter"):
        backprop(s, "loss")


def test_derivatives_are_written_in_numpys_words():
    """So that a row of the table computes on arrays too, beside the language."""
    g, a, b = np.array([1.0, 1.0]), np.array([0.5, 3.0]), np.array([2.0, 4.0])
    multiply, tanh, clip = (OPS[name].vjp for name in ("multiply", "tanh", "clip"))
    assert [each.tolist() for each in multiply(g, a * b, a, b)] == [b.tolist(), a.tolist()]
    assert np.allclose(tanh(g, np.tanh(a), a)[0], 1 - np.tanh(a) ** 2)
    assert clip(g, np.clip(a, 0, 1), a, 0, 1)[0].tolist() == [1, 0]
