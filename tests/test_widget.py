"""SheetWidget as ipywidgets users expect it: traits, link, observe, interact, and what it answers
the page.
"""

import io
import subprocess
import sys

import ipywidgets
import numpy as np
import openpyxl
import pytest
import traitlets
from quick import thorough

from sheets import InputError, Sheet, values
from sheets.library.log_loss import log_loss
from sheets.library.matmul_stack import matmul_stack
from sheets.targets.excel import write
from widgets import SheetWidget
from widgets.plotly_script import plotly_file


@pytest.fixture
def widget():
    made = SheetWidget(log_loss())
    yield made
    made.close()


@pytest.fixture
def sent(widget, monkeypatch):
    """What the widget sends to its page: (content, buffers)."""
    found = []
    monkeypatch.setattr(
        widget, "send", lambda content, buffers=None: found.append((content, buffers))
    )
    return found


def test_a_trait_for_each_input_drives_the_numbers(widget):
    widget.clip = 0.02
    widget.prediction = [0.9, 0.2, 0.6, 0.1, 0.5]
    expected = values(log_loss(), {"clip": 0.02, "prediction": [0.9, 0.2, 0.6, 0.1, 0.5]})
    for name, block in expected.items():
        np.testing.assert_array_equal(widget.values[name], block)


def test_observe_hears_of_a_change(widget):
    heard = []
    widget.observe(lambda change: heard.append(change["new"]), "clip")
    widget.clip = 0.05
    assert heard == [0.05]


def test_link_with_a_slider_both_ways(widget):
    slider = ipywidgets.FloatSlider(min=0, max=0.4, step=0.001)
    ipywidgets.link((widget, "clip"), (slider, "value"))
    slider.value = 0.1
    assert widget.clip == 0.1
    widget.clip = 0.2
    assert slider.value == 0.2


def test_interact_moves_the_page(widget):
    controls = ipywidgets.interactive(
        lambda clip: setattr(widget, "clip", clip), clip=(0.0, 0.4, 0.1)
    )
    controls.children[0].value = 0.3
    assert widget.clip == 0.3
    assert widget.values["clipped"].max() == 0.7


@pytest.mark.parametrize(
    "value", [5, -0.1, "text", None, float("nan"), float("inf"), [1, 2], True - 2]
)
def test_a_refused_value_says_why_and_changes_nothing(widget, value):
    with pytest.raises(traitlets.TraitError, match="clip"):
        widget.clip = value
    assert widget.clip == 1e-4


def test_data_rows_change_together(widget):
    widget.set(is_cat=[1, 0], prediction=[0.9, 0.2], clip=0.01)
    assert widget.values["loss_if"].shape == (2, 1)
    with pytest.raises(traitlets.TraitError, match="set together"):
        widget.prediction = [0.5, 0.5, 0.5]
    assert widget.prediction == ((0.9,), (0.2,))
    with pytest.raises(InputError, match="is_cat row 2 is 3"):
        widget.set(is_cat=[1, 3], clip=0.2)
    assert widget.clip == 0.01


def test_rows_that_arrive_from_the_page_in_one_message(widget):
    widget.set_state({"is_cat": [[1.0], [1.0], [0.0]], "prediction": [[0.5], [0.25], [0.125]]})
    assert widget.values["prediction"].ravel().tolist() == [0.5, 0.25, 0.125]


@thorough
def test_a_size_that_came_with_another_size_makes_the_sheet_anew_too():
    widget = SheetWidget(matmul_stack())
    widget.layers = 5  # the third and fourth layer's widths are new
    widget.width_4 = 6
    assert widget.values["W_4"].shape == (3, 6) and widget.values["W_5"].shape[0] == 6


def test_starting_values_are_given_at_the_start():
    assert SheetWidget(log_loss(), clip=0.05).clip == 0.05
    with pytest.raises(InputError, match="did you mean clip"):
        SheetWidget(log_loss(), clp=0.05)


def test_an_input_may_not_take_a_widgets_own_name():
    sheet = Sheet("clash")
    sheet.input("layout", 1)
    with pytest.raises(InputError, match="layout"):
        SheetWidget(sheet)


def test_two_widgets_do_not_share_their_inputs():
    one, other = SheetWidget(log_loss()), SheetWidget(log_loss())
    one.clip = 0.3
    assert other.clip == 1e-4


# --- what the page asks


def test_the_workbook_of_the_pages_inputs(widget, sent):
    inputs = {"clip": [[0.05]], "is_cat": [[1], [0]], "prediction": [[0.9], [0.2]]}
    widget._answer(widget, {"kind": "workbook", "number": 7, "inputs": inputs, "step": 0}, [])
    content, buffers = sent[0]
    assert content == {"number": 7}
    book = openpyxl.load_workbook(io.BytesIO(buffers[0]), data_only=True)
    worksheet, address = next(iter(book.defined_names["loss_mean"].destinations))
    assert book[worksheet][address.replace("$", "")].value == pytest.approx(
        values(log_loss(), inputs)["loss_mean"][0, 0]
    )


def test_an_edited_workbook_comes_back(widget, sent):
    file = io.BytesIO()
    write(log_loss(), file, {"clip": 0.3})
    widget._answer(widget, {"kind": "open", "number": 1}, [memoryview(file.getvalue())])
    assert sent[0][0]["inputs"]["clip"] == [[0.3]]


@pytest.mark.parametrize("data", [b"", b"no workbook", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_workbook_gets_a_sentence(widget, sent, data):
    widget._answer(widget, {"kind": "open", "number": 1}, [data])
    assert "workbook" in sent[0][0]["refusal"]
    assert widget.clip == 1e-4


@pytest.mark.parametrize("content", [{}, {"kind": "eval"}, {"kind": "__class__"}, {"kind": None}])
def test_an_unknown_question_has_no_answer(widget, sent, content):
    widget._answer(widget, content, [])
    assert sent == []


@pytest.mark.parametrize(
    "content",
    [
        {"inputs": {"clip": "x"}, "step": 0},
        {"inputs": None, "step": 0},
        {"step": "many", "inputs": {}},
        {},
    ],
)
def test_a_question_that_makes_no_sense_gets_a_sentence(widget, sent, content):
    widget._answer(widget, {"kind": "workbook", "number": 1, **content}, [])
    assert sent[0][0]["refusal"]


def test_plotly_is_the_installed_one(widget, sent):
    widget._answer(widget, {"kind": "plotly", "number": 1}, [])
    assert sent[0][1][0] == plotly_file().read_bytes()


# --- size


def loaded(statement: str) -> set[str]:
    script = f"{statement}\nimport sys; print(' '.join(m for m in sys.modules if '.' not in m))"
    return set(
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        ).stdout.split()
    )


@pytest.mark.processes
def test_importing_sheets_loads_numpy_and_nothing_heavier():
    heavy = {
        "pandas",
        "torch",
        "plotly",
        "ipywidgets",
        "traitlets",
        "xlsxwriter",
        "openpyxl",
        "IPython",
    }
    assert not heavy & loaded("import sheets")


@pytest.mark.processes
def test_importing_widgets_loads_neither_torch_nor_pandas_nor_plotly():
    assert not {"pandas", "torch", "plotly", "openpyxl"} & loaded("from widgets import SheetWidget")


def test_the_front_end_is_under_250_kilobytes():
    from widgets.front_end import joined, style

    assert len((joined("widget") + style()).encode()) < 250_000


def test_a_large_workbook_comes_back_in_parts():
    widget = SheetWidget(log_loss(), clip=0.02)
    file = io.BytesIO()
    widget.workbook(file)
    data, sent = file.getvalue(), []
    widget.send = lambda content, buffers: sent.append(content)
    half = len(data) // 2
    for part, piece in enumerate((data[:half], data[half:])):
        widget._answer(widget, {"kind": "open", "number": 1, "part": part, "parts": 2}, [piece])
    assert sent[0] == {"number": 1}
    assert sent[1]["inputs"]["clip"] == [[0.02]]
    for part in range(3):  # too large: said as soon as it is
        widget._answer(
            widget, {"kind": "open", "number": 2, "part": part, "parts": 9}, [bytes(9_000_000)]
        )
    assert "too large" in sent[-1]["refusal"]
