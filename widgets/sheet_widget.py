"""A sheet as a Jupyter widget: JupyterLab, Voila, marimo, VS Code. The page computes; Python hears of inputs that came to rest."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from sheets import InputError, Sheet, values
from sheets.language.expr import Rows
from sheets.language.inputs import checked, checked_inputs
from sheets.language.sheet import Block

from .description import description
from .front_end import joined, style

Rows_ = tuple[tuple[float, ...], ...]


class InputTrait(traitlets.TraitType):
    """An input's value: a float for one number, else a tuple of rows. Refuses what the input cannot take."""

    def __init__(self, block: Block, **about: Any):
        self.block = block
        self.single = block.shape == (1, 1) and not isinstance(block.shape[0], Rows)
        super().__init__(default_value=self.plain(block.value), **about)

    def plain(self, array: Any) -> float | Rows_:
        return float(array[0, 0]) if self.single else tuple(tuple(map(float, row)) for row in array)

    def validate(self, obj: Any, value: Any) -> float | Rows_:
        try:
            return self.plain(checked(self.block, value))
        except InputError as error:
            raise traitlets.TraitError(str(error)) from None


class SheetWidget(anywidget.AnyWidget):
    """The page of a sheet, with a trait for each input.

    `w.clip = 0.02` moves the page's slider; `w.observe(f, "clip")`, `link` and `interact` work as with any widget. Blocks of data rows
    change their number of rows together: `w.set(is_cat=[1, 0], prediction=[0.9, 0.2])`. `w.step` is the page's step and
    `w.values["loss_mean"]` the numpy result, an array (rows, columns), for the page's present inputs and step.
    """

    _esm = joined("widget")
    _css = style()

    def __init__(self, sheet: Sheet, **inputs: Any):
        """sheet: its starting values, or `inputs` in their place, as for `set`. Raises InputError for a value an input cannot take."""
        taken = [name for name in sheet.inputs if hasattr(type(self), name) or name in ("step", "values", "sheet")]
        if taken:
            raise InputError(f"{sheet.name}: {', '.join(taken)} cannot be the name of an input of a widget, which has that name itself")
        self.sheet = sheet.with_inputs(inputs)
        traits: dict[str, Any] = {name: InputTrait(block).tag(sync=True) for name, block in self.sheet.inputs.items()}
        told = traitlets.Dict(description(self.sheet)).tag(sync=True)
        self.add_traits(**traits, step=traitlets.Int(0, min=0).tag(sync=True), _description=told)
        super().__init__()  # after the traits, so that the page is opened with all of them
        data = tuple(name for name, block in self.sheet.inputs.items() if isinstance(block.shape[0], Rows))
        if data:
            self._register_validator(self._together, data)
        self.on_msg(self._answer)

    def _together(self, _: Any, proposal: Any) -> Any:
        """Data rows agree in number: traitlets asks for each when it is set, or for all at the end of a hold."""
        try:
            checked_inputs(self.sheet, {**self.inputs, proposal["trait"].name: proposal["value"]})
        except InputError as error:
            raise traitlets.TraitError(f"{error}; use set({proposal['trait'].name}=..., ...)") from None
        return proposal["value"]

    def set(self, **inputs: Any) -> None:
        """Several inputs at once. Raises InputError, and changes nothing, where they do not fit."""
        accepted = checked_inputs(self.sheet, {**self.inputs, **inputs})
        with self.hold_sync(), self.hold_trait_notifications():
            for name in inputs:
                setattr(self, name, accepted[name])

    @property
    def inputs(self) -> dict[str, Any]:
        """Every input as it stands on the page."""
        return {name: getattr(self, name) for name in self.sheet.inputs}

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every block by numpy, an array (rows, columns), for the page's present inputs and step."""
        return values(self.sheet, self.inputs, steps=self.step)

    def workbook(self, target: str | Path | io.BytesIO) -> None:
        """Write the workbook of the page's inputs and steps."""
        from sheets.targets.excel import write

        write(self.sheet, target, self.inputs, steps=self.step)

    # --- the page's questions

    def _answer(self, _: Any, content: Any, buffers: list[Any]) -> None:
        answers = {"workbook": self._send_workbook, "open": self._read_workbook, "plotly": self._send_plotly}
        kind = content.get("kind") if isinstance(content, dict) else None
        if not isinstance(kind, str) or kind not in answers:
            return
        try:
            more, sent = answers[kind](content, buffers)
        except InputError as error:
            more, sent = {"refusal": str(error)}, []
        self.send({"number": content.get("number"), **more}, sent)

    def _send_workbook(self, content: dict[str, Any], _: list[Any]) -> tuple[dict, list[bytes]]:
        from sheets.targets.excel import write

        inputs, step = content.get("inputs"), content.get("step")
        if not isinstance(inputs, dict) or not isinstance(step, int):
            raise InputError("the page did not say which inputs the workbook is to hold; load it again")
        file = io.BytesIO()
        write(self.sheet, file, inputs, steps=step)
        return {}, [file.getvalue()]

    def _read_workbook(self, _: dict[str, Any], buffers: list[Any]) -> tuple[dict, list[bytes]]:
        from sheets.targets.excel import read_inputs

        found = read_inputs(self.sheet, bytes(buffers[0]) if buffers else b"")
        return {"inputs": {name: array.tolist() for name, array in found.items()}}, []

    def _send_plotly(self, _: dict[str, Any], __: list[Any]) -> tuple[dict, list[bytes]]:
        return {}, [plotly_file().read_bytes()]


def plotly_file() -> Path:
    """plotly.js as the installed plotly package has it, found without importing plotly."""
    from importlib.util import find_spec

    spec = find_spec("plotly")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"
