"""What a page asks its Python, and the answer that it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ipywidgets import DOMWidget

from sheets import InputError, Sheet, SheetError

from .description import listed

Answer = tuple[dict[str, Any], list[bytes]]  # what is said, and the files that go with it


def answer(
    widget: DOMWidget,
    questions: Mapping[str, Callable[[dict[str, Any]], Answer]],
    content: Any,
    buffers: list[Any],
) -> None:
    """Send the page what it asked for, or why it gets none. What is no question has no answer.

    questions: each kind, and what answers it, given the content and, as `buffers`, the files that
    came with it; an InputError or SheetError that
    it raises is the answer's `refusal`. content: as a page sends
    it, `kind` and the `number` by which the page knows its answer again; anything at all where the
    page is not ours.
    """
    kind = content.get("kind") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in questions:
        return
    try:
        more, sent = questions[kind]({**content, "buffers": buffers})
    except (InputError, SheetError) as error:
        more, sent = {"refusal": str(error)}, []
    widget.send({"number": content.get("number"), **more}, sent)


def inputs_of_workbook(sheet: Sheet, file: bytes) -> dict[str, list[list[float | None]] | None]:
    """The inputs of an edited workbook as a page takes them: rows of numbers, None for an empty
    cell, or where a formula is in force.

    Raises InputError for a file that is no workbook of this sheet's.
    """
    from sheets.targets.excel import read_inputs

    return {
        name: None if array is None else [listed(row) or [] for row in array]
        for name, array in read_inputs(sheet, file).items()
    }
