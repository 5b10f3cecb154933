"""A sheet: named blocks in the order they were written, and everything a face needs to show them.

Order is dependency order, because an expression can only refer to an earlier block.
"""

from __future__ import annotations

import copy
import keyword
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .blocks import Block, Group, Prediction, Preset, Sentence, Source
from .charts import Axis, Chart, Contour, Series, check_contour, check_series, has_pointer
from .errors import InputError, SheetError, author_line
from .expr import Expr, Rows, Shape, depth, is_single, lift, size, walk
from .formats import Pieces, checked_format, written
from .inputs import checked, checked_inputs, nearest
from .roles import ROLES

# One name, legal in Python, JavaScript, Excel and LaTeX. W1 is a cell address in Excel, so write W_1.
NAME = re.compile(r"[A-Za-z]+(_[A-Za-z0-9]+)*\Z")
CELL_LIKE = re.compile(r"([A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*|[Rr]\d*|[Cc]\d*)\Z")
TAKEN = {"true", "false", "null", "nan", "inf", "undefined", "print_area", "print_titles"}
DEEPEST = 200  # operations inside each other: Python's stack, and a reader's patience
OWN_WORKSHEETS = {"start", "charts", "chart_data", "steps", "history"}  # the last is Excel's own


class Sheet:
    """A definition that every face reads. See README, "Write your own sheet".

    beside: other sheets that stand in this one's workbook, each on one worksheet named after it, with as many steps. Their inputs of the
    same name and shape follow this sheet's; of the sheet `adam`, `learning_rate` follows `learning_rate_adam` where there is one.
    """

    def __init__(
        self,
        name: str,
        title: str = "",
        summary: str = "",
        made_by: Callable[..., Sheet] | None = None,
    ):
        """name: as for a block. title: one line. summary: what the sheet answers, in a sentence or two.

        made_by: the function that makes this sheet, for one with sizes: it takes each size by name.
        """
        self._check_name(name)
        self.name, self.title, self.summary, self.made_by = name, title or name, summary, made_by
        self.blocks: dict[str, Block] = {}
        self.groups: list[Group] = []
        self.charts: list[Chart] = []
        self.presets: list[Preset] = []
        self.opening: Pieces = ()  # what who teaches needs to know before any preset is chosen
        self.predictions: list[Prediction] = []
        self.sentences: list[Sentence] = []
        self.sources: list[Source] = []
        self.carried: dict[str, str] = {}
        self.beside: list[Sheet] = []
        self.look = ""  # the block whose formula a page shows first

    # --- blocks

    def group(self, title: str, note: str = "", worksheet: str = "", folded: bool = False) -> None:
        """Blocks added from here on stand together under this title. worksheet: where in the workbook (default: `Sheet`)."""
        worksheet = worksheet or "Sheet"
        self._check_name(worksheet)
        others = {"Sheet", *(group.worksheet for group in self.groups)} - {worksheet}
        if (
            worksheet.lower() in OWN_WORKSHEETS | {other.lower() for other in others}
            or len(worksheet) > 31
        ):
            raise SheetError(
                f"group {title!r}: a worksheet {worksheet!r} cannot be: it is taken, or has more than 31 characters"
            )
        self.groups.append(Group(title, note, worksheet, folded))

    def input(
        self,
        name: str,
        value: Any,
        *,
        rows: bool = False,
        role: str = "input",
        whole: bool = False,
        **about: Any,
    ) -> Expr:
        """A block of cells that the reader may edit.

        value: anything np.atleast_2d takes; a plain list is one row, or one column when rows=True. rows=True: its rows are data, so
        that readers may add and remove them (all such blocks of a sheet share one number of rows). Or an expression over earlier
        blocks: the block has that formula until the reader, a preset or a step gives it numbers; its rows are data where the expression's
        are, as in `normal(s, "drawn", (Rows(30), 1), seed)`. low, high: limits of each cell, included. whole: whole numbers only.
        about: title, note, symbol, format; chosen_by: the choice whose next pick on the page brings the formula back into force.
        Returns an expression for it.
        """
        by = about.get("chosen_by")
        if by and not (isinstance(value, Expr) and by in self.blocks and self.blocks[by].choices):
            raise SheetError(
                f"input {name!r}: chosen_by={by!r} is for one that starts from a formula, and names an earlier choice"
            )
        if isinstance(value, Expr):
            self._check_formula(name, value)
            self._check_rows(name, value.shape, rows)
            return self._add(
                Block(
                    name,
                    value.shape,
                    author_line(),
                    role=role,
                    whole=whole,
                    expr=value,
                    editable=True,
                    **_numbers(about),
                )
            )
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise SheetError(f"input {name!r}: {value!r} is not a table of numbers") from None
        if rows and array.ndim == 1:
            array = array[:, np.newaxis]
        array = np.atleast_2d(array)
        if array.ndim > 2 or array.size == 0:
            raise SheetError(
                f"input {name!r} has shape {array.shape}; a block has rows and columns, at least one of each"
            )
        shape: Shape = (Rows(array.shape[0]) if rows else array.shape[0], array.shape[1])
        block = Block(
            name,
            shape,
            author_line(),
            role=role,
            whole=whole,
            value=array,
            editable=True,
            **_numbers(about),
        )
        self._check_rows(name, shape, rows)
        return self._add_input(block)

    def parameter(
        self,
        name: str,
        value: float,
        low: float,
        high: float,
        *,
        scale: str = "linear",
        smallest: float | None = None,
        step: float | None = None,
        whole: bool = False,
        **about: Any,
    ) -> Expr:
        """One number with a slider from low to high, both included.

        scale: linear or log; a log scale with low=0 has 0 at its left end and then runs from `smallest`. step: of a linear slider.
        """
        if scale not in ("linear", "log"):
            raise SheetError(f"parameter {name!r}: scale {scale!r} is not linear or log")
        if (
            scale == "log"
            and low <= 0
            and not (low == 0 and smallest is not None and 0 < smallest < high)
        ):
            raise SheetError(
                f"parameter {name!r}: a log scale starts above 0, or at low=0 with smallest= above 0"
            )
        if not low < high:
            raise SheetError(f"parameter {name!r}: low {low} is not below high {high}")
        about = {"role": "parameter", **_numbers(about), "low": float(low), "high": float(high)}
        array = np.array([[float(value)]])
        line = author_line()
        kind: dict[str, Any] = {
            "editable": True,
            "control": True,
            "scale": scale,
            "smallest": smallest,
            "step": step,
            "whole": whole,
        }
        return self._add_input(Block(name, (1, 1), line, value=array, **kind, **about))

    def size(
        self,
        name: str,
        value: int,
        low: int,
        high: int,
        ready: Sequence[int] | None = None,
        **about: Any,
    ) -> int:
        """A whole number that shapes are made of, from low to high: a width, a number of layers. Returns it as Python's own number.

        It is set like any parameter; the sheet is then made anew by the function `made_by`, and inputs that still fit are kept.
        ready: the values that a page without Python offers, since it carries the sheets made with them (None: all from low to high).
        """
        if self.made_by is None:
            raise SheetError(
                f"size {name!r}: say who makes {self.name} with another one: Sheet({self.name!r}, made_by=...)"
            )
        ready = tuple(range(low, high + 1) if ready is None else ready)
        if not all(low <= each <= high for each in ready):
            raise SheetError(
                f"size {name!r}: what is ready lies from {low} to {high}, and is {', '.join(map(str, ready))}"
            )
        kind: dict[str, Any] = {
            "editable": True,
            "control": True,
            "whole": True,
            "is_size": True,
            "low": float(low),
            "high": float(high),
        }
        about = {"role": "parameter", "format": "d", **about}
        self._add_input(
            Block(
                name,
                (1, 1),
                author_line(),
                value=np.array([[float(value)]]),
                ready=ready,
                **kind,
                **about,
            )
        )
        return int(value)

    def choice(self, name: str, value: str, choices: Sequence[str], **about: Any) -> Expr:
        """One of several named options; in formulas its number, counted from 0 in the order given."""
        if value not in choices:
            raise SheetError(f"choice {name!r}: {value!r} is not one of {', '.join(choices)}")
        array = np.array([[float(list(choices).index(value))]])
        about = {"role": "parameter", "format": "d", **about}
        return self._add_input(
            Block(
                name,
                (1, 1),
                author_line(),
                value=array,
                editable=True,
                control=True,
                whole=True,
                low=0.0,
                high=float(len(choices) - 1),
                choices=tuple(choices),
                **about,
            )
        )

    def let(
        self, name: str, expr: Any, *, infinite: Any = None, role: str = "activation", **about: Any
    ) -> Expr:
        """A block computed from earlier ones. Returns an expression that refers to it.

        infinite: say that the block may be infinite, by an expression whose sign is that infinity's (1: always plus): a workbook has no
        infinity, and writes the word there instead of an error. about: title, note, symbol, format, gradient_of.
        """
        expr = lift(expr)
        self._check_formula(name, expr)
        sign = None if infinite is None else lift(infinite)
        if sign is not None:
            self._check_refs(name, sign)
        return self._add(
            Block(name, expr.shape, author_line(), role=role, expr=expr, infinite=sign, **about)
        )

    def __getitem__(self, name: str) -> Expr:
        """An expression that refers to an existing block."""
        if name not in self.blocks:
            raise SheetError(f"{self.name} has no block {name!r}; {nearest(name, self.blocks)}")
        return Expr("ref", (), self.blocks[name].shape, name)

    @property
    def rows(self) -> Rows | None:
        """How many rows of data there are, or None where no block has data rows."""
        lengths = (block.shape[0] for block in self.inputs.values())
        return next((n for n in lengths if isinstance(n, Rows)), None)

    @property
    def inputs(self) -> dict[str, Block]:
        return {name: block for name, block in self.blocks.items() if block.editable}

    # --- steps

    def carry(self, **next_blocks: str) -> None:
        """`carry(a="a_next")`: at the next step, input a starts from what a_next is now."""
        for name, source in next_blocks.items():
            for known in (name, source):
                if known not in self.blocks:
                    raise SheetError(
                        f"carry: {self.name} has no block {known!r}; {nearest(known, self.blocks)}"
                    )
            if not self.blocks[name].editable:
                raise SheetError(f"carry: {name!r} is computed; only an input can be carried")
            if self.blocks[name].shape != self.blocks[source].shape:
                raise SheetError(
                    f"carry: {name} is {self.blocks[name].size} and {source} is {self.blocks[source].size}"
                )
            self.carried[name] = source

    # --- what the faces show

    def chart(
        self,
        title: str,
        x: Axis,
        y: Axis,
        series: Sequence[Series],
        note: str = "",
        contour: Contour | None = None,
        adds: bool = False,
    ) -> None:
        """A chart over blocks, drawn by the page and, as a native chart, by the workbook (but for the contour).

        adds: a click on the chart adds a row of data; its first series must have both x and y dragged. Raises SheetError.
        """
        for axis in (x, y):
            if (
                axis.scale not in ("linear", "log")
                or not axis.low < axis.high
                or (axis.scale == "log" and axis.low <= 0)
            ):
                raise SheetError(
                    f"chart {title!r}: {axis} is not linear, or log from above 0, with low below high"
                )
        try:
            for one in series:
                check_series(self.blocks, one)
            if contour is not None:
                check_contour(self.blocks, contour)
        except InputError as error:
            raise SheetError(f"chart {title!r}: {error}") from None
        if adds and not (
            series
            and series[0].drag == "xy"
            and isinstance(self.blocks[series[0].x].shape[0], Rows)
        ):
            raise SheetError(
                f"chart {title!r}: adds=True needs data rows as its first series, with drag='xy'"
            )
        self.charts.append(Chart(title, x, y, tuple(series), note, contour, adds))

    def preset(self, title: str, predict: str = "", notes: str = "", **inputs: Any) -> None:
        """A starting point by name. `{block}` or `{block:.1%}` in title and predict is filled from the preset's own numbers.

        notes: for who teaches, in a window of their own: what to say, whom to ask, the usual wrong answer, what to point at. A line is a
        paragraph; `{block:.2f}` in it is that block's number at the time. Raises SheetError.
        """
        try:
            values = {name: checked(self._input(name), value) for name, value in inputs.items()}
            everything = checked_inputs(self, values)
        except InputError as error:
            raise SheetError(f"preset {title!r}: {error}") from None
        words = [self.pieces(text) for text in (title, predict)]
        for piece in (*words[0], *words[1]):
            if not isinstance(piece, str) and piece[0] not in everything:
                raise SheetError(
                    f"preset {title!r}: {piece[0]} is computed; only inputs can be named before the preset is chosen"
                )
        told = self._of_single_numbers(f"the notes of preset {title!r}", notes)
        self.presets.append(
            Preset(written(words[0], everything), written(words[1], everything), values, told)
        )

    def notes(self, text: str) -> None:
        """For who teaches: the notes of the lesson's opening, before any preset is chosen. As a preset's. Raises SheetError."""
        if self.opening or not str(text).strip():
            raise SheetError(
                "the opening's notes: "
                + ("they are given already" if self.opening else "they need words")
            )
        self.opening = self._of_single_numbers("the opening's notes", text)

    def predict(
        self,
        question: str,
        answer: str,
        reason: str,
        tolerance: float = 0.1,
        *,
        steps: int = 0,
        preset: str = "",
    ) -> None:
        """A question to answer before the page does, and the reason shown with the answer, with numbers in it as for `say`.

        answer: a block of one number, which the reader types; or the label of a chart's series, which the reader draws. tolerance: what
        counts as right, as a part of the answer or of the chart's axis. preset: the title of the one that is chosen first; steps: how
        many are then taken. Raises SheetError.
        """
        if not 0 < tolerance < 1 or steps < 0:
            raise SheetError(
                f"prediction {question!r}: the tolerance is a part, between 0 and 1, and steps are 0 or more"
            )
        titles = [known.title for known in self.presets]
        if preset and preset not in titles:
            raise SheetError(
                f"prediction {question!r}: there is no preset {preset!r}; {nearest(preset, titles)}"
            )
        about: dict[str, Any] = {"preset": titles.index(preset) if preset else None, "steps": steps}
        about |= self._answered(question, answer)
        self.predictions.append(
            Prediction(question, tolerance, self._said(f"prediction {question!r}", reason), **about)
        )

    def _answered(self, question: str, answer: str) -> dict[str, Any]:
        labels = {
            series.label: (c, s)
            for c, chart in enumerate(self.charts)
            for s, series in enumerate(chart.series)
        }
        if answer in self.blocks and is_single(self.blocks[answer].shape):
            return {"block": answer}
        if answer in self.blocks and answer not in labels:
            raise SheetError(
                f"prediction {question!r}: {answer} is {self.blocks[answer].size}; a reader types one number"
            )
        if answer not in labels:
            raise SheetError(
                f"prediction {question!r}: {answer!r} is no block and no chart's series; {nearest(answer, labels)}"
            )
        return dict(zip(("chart", "series"), labels[answer], strict=True))

    def say(self, text: str, when: Any = 1) -> None:
        """A sentence shown while `when` (one number) is not 0; `{block:.4f}` in it is that block's number at the time."""
        condition = lift(when)
        if not text:
            raise SheetError("a sentence needs words")
        self._check_refs("a sentence", condition)
        pieces = self._said(f"sentence {text!r}", text)
        if not is_single(condition.shape):
            raise SheetError(
                f"sentence {text!r}: its condition is {size(condition.shape)}; it must be one number, 1 x 1"
            )
        self.sentences.append(Sentence(condition, pieces, line=author_line()))

    def _said(self, what: str, text: str) -> Pieces:
        """Words that a workbook says too."""
        pieces = self._of_single_numbers(what, text)
        for piece in pieces:
            if not isinstance(piece, str) and piece[1] == "g":
                raise SheetError(
                    f"{what}: say how to show {piece[0]}, such as {{{piece[0]}:.2f}}: a workbook has no other way"
                )
        return pieces

    def _of_single_numbers(self, what: str, text: str) -> Pieces:
        """Words computed from the numbers of the moment."""
        if not isinstance(text, str):
            raise SheetError(f"{what}: {text!r} is no text")
        pieces = self.pieces(text)
        for piece in pieces:
            if not isinstance(piece, str) and not is_single(self.blocks[piece[0]].shape):
                raise SheetError(
                    f"{what}: {piece[0]} is {self.blocks[piece[0]].size}; only single numbers can be said"
                )
        return pieces

    def source(self, text: str, address: str = "") -> None:
        self.sources.append(Source(text, address))

    def pieces(self, text: str) -> Pieces:
        """`a {block:.2f} b` -> ("a ", ("block", ".2f"), " b"); the format defaults to the block's own."""
        found: list[str | tuple[str, str]] = []
        try:
            parsed = list(string.Formatter().parse(text))
        except ValueError as error:
            raise SheetError(
                f"{text!r}: {error}; a brace that is no block is written twice, {{{{ or }}}}"
            ) from None
        for literal, name, spec, _ in parsed:
            if literal:
                found.append(literal)
            if name is not None:
                if name not in self.blocks:
                    raise SheetError(
                        f"{text!r}: there is no block {name!r}; {nearest(name, self.blocks)}"
                    )
                found.append((name, checked_format(spec or self.blocks[name].format)))
        return tuple(found)

    # --- another number of rows

    def resized(self, rows: int) -> Sheet:
        """The same sheet with another number of data rows: inputs keep their first rows, or repeat the last one."""
        if self.rows is None or rows == self.rows:
            return self
        done: dict[Expr, Expr] = {}
        new = copy.copy(self)

        def length(n: int) -> int:
            return Rows(rows) if isinstance(n, Rows) else n

        def rebuilt(e: Expr) -> Expr:
            if e not in done:
                shape = (length(e.shape[0]), length(e.shape[1]))
                arg = length(e.arg) if isinstance(e.arg, Rows) else e.arg
                done[e] = Expr(e.op, tuple(rebuilt(a) for a in e.args), shape, arg)
            return done[e]

        new.blocks = {}
        for name, block in self.blocks.items():
            value = block.value
            if value is not None and isinstance(block.shape[0], Rows):
                value = value[np.minimum(np.arange(rows), len(value) - 1)]
            new.blocks[name] = replace(
                block,
                shape=(length(block.shape[0]), length(block.shape[1])),
                value=value,
                expr=None if block.expr is None else rebuilt(block.expr),
                infinite=None if block.infinite is None else rebuilt(block.infinite),
            )
        new.sentences = [
            replace(sentence, when=rebuilt(sentence.when)) for sentence in self.sentences
        ]
        return new

    def with_inputs(self, given: Mapping[str, Any]) -> Sheet:
        """The same sheet starting from these inputs (checked), with as many data rows and of such sizes. Raises InputError."""
        sheet = self._of_sizes(given)
        inputs = checked_inputs(sheet, given)
        data = [
            len(inputs[name])
            for name, block in sheet.inputs.items()
            if isinstance(block.shape[0], Rows) and name in inputs
        ]
        new = copy.copy(sheet.resized(data[0]) if data else sheet)
        new.blocks = {
            name: replace(b, value=inputs.get(name)) if b.editable else b
            for name, b in new.blocks.items()
        }
        return new

    def _of_sizes(self, given: Mapping[str, Any]) -> Sheet:
        """This sheet, or the one made with the given sizes, with its inputs where they fit."""
        sizes = {name: block for name, block in self.inputs.items() if block.is_size}
        wanted = {
            name: checked(block, given.get(name, block.value)) for name, block in sizes.items()
        }
        if all(wanted[name] == block.value for name, block in sizes.items()):
            return self
        assert self.made_by is not None
        new = self.made_by(**{name: int(value[0, 0]) for name, value in wanted.items()})
        kept = {
            name: block
            for name, block in self.inputs.items()
            if name in new.inputs and not block.is_size
        }
        fitting = {
            name: block.value
            for name, block in kept.items()
            if block.shape == new.blocks[name].shape
        }
        return new.with_inputs(fitting)._of_sizes(
            given
        )  # one size may bring others, such as the width of a layer that is new

    # --- checks

    def _input(self, name: str) -> Block:
        if name not in self.inputs:
            raise InputError(f"there is no input {name!r}; {nearest(name, self.inputs)}")
        return self.blocks[name]

    def _check_name(self, name: str) -> None:
        if not NAME.match(name):
            raise SheetError(
                f"{name!r} is not a name in all of Python, Excel and LaTeX: letters, then parts joined by _ (loss_mean, W_1)"
            )
        if CELL_LIKE.match(name):
            raise SheetError(
                f"{name!r} is a cell's address in Excel; write it with _, such as {name[0]}_{name[1:] or 'value'}"
            )
        if keyword.iskeyword(name) or name.lower() in TAKEN:
            raise SheetError(
                f"{name!r} already means something in Python, JavaScript or Excel; choose another name"
            )

    def _check_formula(self, name: str, expr: Expr) -> None:
        if isinstance(expr.shape[1], Rows):
            raise SheetError(
                f"{name}: data rows would lie across, and a block grows downwards; transpose inside the formula that uses it"
            )
        if has_pointer(expr):
            raise SheetError(f"{name}: where a reader drags is known to a chart's `moves` alone")
        if depth(expr) > DEEPEST:
            raise SheetError(
                f"{name}: its formula is {depth(expr)} operations deep, more than {DEEPEST}; give its parts blocks of their own"
            )
        self._check_refs(name, expr)

    def _check_rows(self, name: str, shape: Shape, rows: bool) -> None:
        if rows and not isinstance(shape[0], Rows):
            raise SheetError(
                f"input {name!r} starts from {int(shape[0])} fixed rows; they are data where the formula is made for Rows(...)"
            )
        if isinstance(shape[0], Rows) and self.rows is not None and self.rows != shape[0]:
            raise SheetError(
                f"input {name!r} has {int(shape[0])} rows of data, the blocks before it {int(self.rows)}"
            )

    def _check_refs(self, name: str, expr: Expr) -> None:
        for node in walk(expr):
            if node.op == "ref" and (
                node.arg not in self.blocks or node.shape != self.blocks[node.arg].shape
            ):
                raise SheetError(
                    f"{name} uses {node.arg!r}, which is not an earlier block of {self.name}"
                )

    def _add_input(self, block: Block) -> Expr:
        assert block.value is not None
        try:
            block.value = checked(block, block.value)
        except InputError as error:
            raise SheetError(str(error)) from None
        return self._add(block)

    def _add(self, block: Block) -> Expr:
        self._check_name(block.name)
        checked_format(block.format)
        if block.role not in ROLES:
            raise SheetError(f"{block.name}: role {block.role!r} is not one of {', '.join(ROLES)}")
        same = next((name for name in self.blocks if name.lower() == block.name.lower()), None)
        if same is not None:  # Excel does not tell upper and lower case apart
            raise SheetError(
                f"block {block.name!r} is already defined as {same!r} at {self.blocks[same].line}"
            )
        if not self.groups:
            self.group(self.title)
        self.blocks[block.name] = block
        self.groups[-1].blocks.append(block.name)
        return self[block.name]


def _numbers(about: dict[str, Any]) -> dict[str, Any]:
    """Limits as floats, so that 0 and 0.0 are the same limit in every face."""
    return {
        key: float(x) if key in ("low", "high") and x is not None else x for key, x in about.items()
    }
