"""A sheet as a Jupyter widget: JupyterLab, Voila, marimo, VS Code.

The page computes; Python hears of inputs that came to rest.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from sheets import InputError, Sheet, values
from sheets.language.blocks import Input, Size
from sheets.language.expr import Rows, is_single
from sheets.language.inputs import MOST_STEPS, checked, checked_inputs

from .answering import Answer, answer, inputs_of_workbook
from .description import description, listed
from .front_end import joined, style
from .other_sizes import sizes_of
from .plotly_script import plotly_file

Rows_ = tuple[tuple[float | None, ...], ...]


class InputTrait(traitlets.TraitType):
    """An input's value: a float for one number, else a tuple of rows; None for an empty cell.

    None while the input's formula is in force. Refuses what the input cannot take.
    """

    def __init__(self, block: Input, **about: Any):
        self.block = block
        super().__init__(
            default_value=self.plain(block.value),
            allow_none=block.expr is not None or block.blank,
            **about,
        )

    def plain(self, array: np.ndarray | None) -> float | Rows_ | None:
        if array is None:
            return None
        rows = tuple(tuple(listed(row) or ()) for row in array)
        return rows[0][0] if is_single(self.block.shape) else rows

    def validate(self, obj: Any, value: Any) -> float | Rows_ | None:
        try:
            return (
                None
                if value is None and self.block.expr is not None
                else self.plain(checked(self.block, value))
            )
        except InputError as error:
            raise traitlets.TraitError(str(error)) from None


def _traits(inputs: Mapping[str, Input]) -> dict[str, InputTrait]:
    return {name: InputTrait(block).tag(sync=True) for name, block in inputs.items()}


class SheetWidget(anywidget.AnyWidget):
    """The page of a sheet, with a trait for each input.

    `w.clip = 0.02` moves the page's slider; `w.observe(f, "clip")`, `link` and `interact` work as
    with any widget. Blocks of data rows change their number of rows together:
    `w.set(is_cat=[1, 0], prediction=[0.9, 0.2])`. An input that starts from a formula is None while
    that is in force. Sizes are changed by `set`, which makes the sheet anew. `w.step` is the page's
    step and `w.values["loss_mean"]` the numpy result, an array (rows, columns), for the page's
    present inputs and step.
    """

    _esm = joined("widget")
    _css = style()

    def __init__(self, sheet: Sheet, **inputs: Any):
        """sheet: its starting values, or `inputs` in their place, as for `set`.

        Raises InputError for a value that an input cannot take.
        """
        taken = [
            name
            for name in sheet.inputs
            if hasattr(type(self), name) or name in ("step", "values", "sheet")
        ]
        if taken:
            raise InputError(
                f"{sheet.name}: {', '.join(taken)} cannot be the name of an input of a widget,"
                " which has that name itself"
            )
        self.sheet = self._opened = sheet.with_inputs(inputs)
        described = traitlets.Dict(dict(description(self.sheet))).tag(sync=True)
        self.add_traits(
            **_traits(self.sheet.inputs),
            step=traitlets.Int(0, min=0, max=MOST_STEPS).tag(sync=True),
            _description=described,
        )
        self._file = b""  # of a workbook that comes back, the parts so far
        super().__init__()  # after the traits, so that the page is opened with all of them
        self._watch(self.sheet.inputs)
        self.on_msg(self._answer)

    def _watch(self, inputs: Mapping[str, Input]) -> None:
        """A size that is set makes the sheet anew; rows of data agree in number."""
        sizes = [name for name, block in inputs.items() if isinstance(block, Size)]
        data = tuple(name for name, block in inputs.items() if isinstance(block.shape[0], Rows))
        if sizes:
            self.observe(self._resized, sizes)
        if data:
            self._register_validator(self._together, data)

    def _replace(self, sheet: Sheet) -> None:
        """Show a sheet made anew, of other sizes, with its own inputs; the page follows."""
        self.sheet = sheet
        new = {name: block for name, block in sheet.inputs.items() if not self.has_trait(name)}
        with self.hold_sync(), self.hold_trait_notifications():
            self.add_traits(**_traits(new))
            self._watch(new)
            for name, block in sheet.inputs.items():
                self.traits()[name].block = block
                setattr(self, name, block.value)
            self.step = 0
            self._description = description(
                self._opened.with_inputs(sizes_of(sheet))
            )  # what Reset leads to, and what a link leaves out

    def _resized(self, change: Any) -> None:
        """A size was set like any trait."""
        others = {name: value for name, value in self.inputs.items() if name != change.name}
        if change.name in self.sheet.inputs and change.new != self.sheet.inputs[change.name].value:
            self._replace(self.sheet.with_inputs(others).with_inputs({change.name: change.new}))

    def _together(self, _: Any, proposal: Any) -> Any:
        """Refuse data rows that differ in number.

        traitlets asks for each input when it is set, or for all at the end of a hold.
        """
        try:
            checked_inputs(self.sheet, {**self.inputs, proposal["trait"].name: proposal["value"]})
        except InputError as error:
            raise traitlets.TraitError(
                f"{error}; use set({proposal['trait'].name}=..., ...)"
            ) from None
        return proposal["value"]

    def set(self, **inputs: Any) -> None:
        """Several inputs at once. Raises InputError, and changes nothing, where they do not fit."""
        sheet = self.sheet.with_inputs(self.inputs).with_inputs(inputs)
        if sheet.made_by and any(
            isinstance(block, Size) and block.value != self.sheet.inputs[name].value
            for name, block in sheet.inputs.items()
        ):
            return self._replace(sheet)
        accepted = {name: block.value for name, block in sheet.inputs.items()}
        with self.hold_sync(), self.hold_trait_notifications():
            for name in inputs:
                setattr(self, name, accepted[name])

    @property
    def inputs(self) -> dict[str, Any]:
        """Every input as it stands on the page."""
        return {name: getattr(self, name) for name in self.sheet.inputs}

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every block by numpy, an array (rows, columns), for the page's inputs and step of now."""
        return values(self.sheet, self.inputs, steps=self.step)

    def workbook(self, target: str | Path | io.BytesIO) -> None:
        """Write the workbook of the page's inputs and steps."""
        from sheets.targets.excel import write

        write(self.sheet, target, self.inputs, steps=self.step)

    # --- the page's questions

    def _answer(self, _: Any, content: Any, buffers: list[Any]) -> None:
        questions = {
            "workbook": self._send_workbook,
            "parts": self._send_parts,
            "open": self._read_workbook,
            "resize": self._make_anew,
            "plotly": self._send_plotly,
        }
        answer(self, questions, content, buffers)

    def _send_workbook(self, content: dict[str, Any]) -> Answer:
        from sheets.targets.excel import write

        inputs, step = content.get("inputs"), content.get("step")
        if not isinstance(inputs, dict) or not isinstance(step, int):
            raise InputError(
                "the page did not say which inputs the workbook is to hold; load it again"
            )
        if not 0 <= step <= MOST_STEPS:
            raise InputError(f"step is {step}; it must be a whole number from 0 to {MOST_STEPS}")
        file = io.BytesIO()
        write(self.sheet, file, inputs, steps=step)
        return {}, [file.getvalue()]

    def _send_parts(self, _: dict[str, Any]) -> Answer:
        """What a page whose kernel is gone makes its workbook of."""
        from .packed_workbook import packed_workbook

        return {"workbook": packed_workbook(self.sheet)}, []

    def _read_workbook(self, content: dict[str, Any]) -> Answer:
        """A large one comes in parts, in their order."""
        from sheets.targets.excel.reading import LARGEST_FILE

        part, parts = content.get("part", 0), content.get("parts", 1)
        received = b"".join(map(bytes, content["buffers"][:1]))
        self._file = received if part == 0 else self._file + received
        is_whole = not isinstance(part, int) or not isinstance(parts, int) or part + 1 >= parts
        if not is_whole and len(self._file) <= LARGEST_FILE:
            return {}, []
        file, self._file = self._file, b""
        return {"inputs": inputs_of_workbook(self.sheet, file)}, []

    def _make_anew(self, content: dict[str, Any]) -> Answer:
        inputs = content.get("inputs")
        if not isinstance(inputs, dict) or not all(isinstance(name, str) for name in inputs):
            raise InputError("the page did not say which size it wants; load it again")
        self.set(**inputs)
        return {}, []

    def _send_plotly(self, _: dict[str, Any]) -> Answer:
        return {}, [plotly_file().read_bytes()]
