"""A sheet: named blocks in the order they were written, and everything a face needs to show them.

Order is dependency order, because an expression can only refer to an earlier block.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, count
from typing import Any

import numpy as np

from .blanks import Gaps, starts_empty
from .blocks import (
    Block,
    Blocks,
    Computed,
    Group,
    Input,
    Size,
    gradient_of,
    is_endless,
    may_be_empty,
    part_of,
    words_of,
)
from .categories import Words, has_words, words_across
from .charts import LABELS, Axis, Chart, Contour, Series, labelled, new_chart, renamed
from .declarations import new_choice, new_computed, new_input, new_parameter, new_size
from .dependencies import rebuilt, walk
from .errors import InputError, SheetError, nearest
from .exercises import Exercise, new_exercise
from .expr import Expr, Rows, elementwise, is_data, is_single, lift, size, where
from .formats import Pieces, checked_format
from .functions import column_index, row_index
from .inner_blocks import Parts, alike, is_plain, with_names
from .inputs import checked, checked_inputs
from .labels import CELL, labels_of, place_of
from .names import check_block_name, check_name, check_worksheet
from .roles import ROLES
from .scans import DOWN, row_formula, rows_of, scanned
from .scene import Scene, settings_among, usual_scene
from .stacks import Stack, block_by_block, made, together, words_over
from .teaching import (
    Prediction,
    Preset,
    Sentence,
    Source,
    checked_scene,
    new_prediction,
    new_preset,
    new_sentence,
    spoken,
)
from .windows import is_test


class Sheet(Blocks):
    """A definition that every face reads. See README, "Write your own sheet".

    beside: other sheets that stand in this one's workbook, each on one worksheet named after it,
    with as many steps. Their inputs of the same name and shape follow this sheet's; of the sheet
    `adam`, `learning_rate` follows `learning_rate_adam` where there is one.
    """

    def __init__(
        self,
        name: str,
        title: str = "",
        summary: str = "",
        made_by: Callable[..., Sheet] | None = None,
        workbook: bool = True,
    ) -> None:
        """name: as for a block. title: one line. summary: what the sheet answers, in a sentence.

        made_by: the function that makes this sheet, for one with sizes: it takes each by name.
        workbook: False for what no workbook can hold; the other faces have it all the same.
        """
        check_name(name)
        super().__init__(name)
        self.title, self.summary, self.made_by = title or name, summary, made_by
        self.workbook = workbook
        self.groups: list[Group] = []
        self.charts: list[Chart] = []
        self.presets: list[Preset] = []
        self.opening: Pieces = ()  # the teacher's notes before any preset is chosen
        self.introduction: Pieces = ()  # the reader's
        self.scene = Scene()  # of the introduction, and of presets that say nothing else
        self.predictions: list[Prediction] = []
        self.exercises: list[Exercise] = []
        self.sentences: list[Sentence] = []
        self.sources: list[Source] = []
        self.carried: dict[str, str] = {}
        self.steps_shown = True  # whether its workbook has a worksheet of steps
        self.ends = ""  # the block that is not 0 where a run ends; "": none says so
        self.beside: list[Sheet] = []
        self.stacks: dict[str, Stack] = {}
        # What each input held when the author gave it, None where a formula is in force: from there
        # a preset begins, whatever inputs are set since.
        self.defaults: dict[str, np.ndarray | None] = {}
        self.has_gaps = False  # whether any cell may be empty
        self._look = ""
        self._in_lower_case: dict[str, str] = {}  # each block's name
        self._labelled = False  # whether any block's rows or columns have names
        self._same: dict[Any, str] = {}  # a computed block by what its formula says

    # --- blocks

    def group(self, title: str, note: str = "", worksheet: str = "", folded: bool = False) -> None:
        """Blocks added from here on stand together under this title.

        worksheet: where in the workbook (default: `Sheet`). folded: closed at first on the page.
        """
        worksheet = worksheet or "Sheet"
        check_worksheet(title, worksheet, {"Sheet", *(group.worksheet for group in self.groups)})
        self.groups.append(Group(title, note, worksheet, folded))

    def input(self, name: str, value: Any, *, rows: bool = False, **about: Any) -> Expr:
        """A block of cells that the reader may edit. Returns an expression for it.

        value: anything np.atleast_2d takes; a plain list is one row, or one column when rows=True.
        rows=True: its rows are data, so that readers may add and remove them (all such blocks of a
        sheet share one number of rows). Or an expression over earlier blocks: the block has that
        formula until the reader, a preset or a step gives it numbers; its rows are data where the
        expression's are, as in `normal(s, "drawn", (Rows(30), 1), seed)`.

        about: rows_named, columns_named: what they are called, a word each; what is computed from
        them is called so too. shown: "grey" or "heat", a picture of its numbers, from and to
        shown_range. low, high: limits of each cell, included. whole: whole numbers only. blank:
        cells may be empty, None: what is computed from one is empty too, and sums skip it. choices:
        the words that its cells hold, for `np.equal(x, "word")` and `one_hot`.
        role, title, note, symbol, format. chosen_by: the choice whose next pick on the page brings
        the formula back into force. Raises SheetError.
        """
        block = new_input(self, name, value, rows, {"role": "input", **about})
        return self._add(block)

    def parameter(self, name: str, value: float, low: float, high: float, **about: Any) -> Expr:
        """One number with a slider from low to high, both included.

        about: scale: linear or log; a log scale with low=0 has 0 at its left end and then runs from
        `smallest`. step: of a linear slider. whole, role, title, note, symbol, format as for
        `input`. Raises SheetError.
        """
        return self._add(new_parameter(name, value, low, high, about))

    def size(
        self,
        name: str,
        value: int,
        low: int,
        high: int,
        ready: Sequence[int] | None = None,
        **about: Any,
    ) -> int:
        """A whole number that shapes are made of: a width, a number of layers.

        Returns it as an int.

        It is set like any parameter, from low to high; the sheet is then made anew by the function
        `made_by`, and inputs that still fit are kept. ready: the values that a page without Python
        offers, since it carries the sheets made with them (None: all). Raises SheetError.
        """
        self._add(new_size(self.name, self.made_by, name, value, (low, high), ready, about))
        return int(value)

    def choice(self, name: str, value: str, choices: Sequence[str], **about: Any) -> Expr:
        """One of several named options; in formulas its number, counted from 0 in this order."""
        return self._add(new_choice(name, value, choices, about))

    def let(self, name: str, expr: Any, *, infinite: Any = None, **about: Any) -> Expr:
        """A block computed from earlier ones. Returns an expression that refers to it.

        infinite: says that the block may be infinite, by an expression whose sign is that
        infinity's (1: always plus), for faces that have no infinity. about: role, title, note,
        symbol, format, gradient_of. Raises SheetError.
        """
        return self._add(new_computed(self, name, expr, infinite, about))

    def scan(
        self,
        name: str,
        row: Callable[..., Any],
        over: Expr | Sequence[Expr],
        start: Any = 0,
        **about: Any,
    ) -> Expr:
        """A block whose rows each read the row above: `s.scan("average", lambda before, v: 0.9 *
        before + 0.1 * v, over=v)`.

        row: the formula of a row, of the row before it and of the same row of each block in `over`.
        start: what the first row has before it: a number, or one row. about: as for `let`. Raises
        SheetError.
        """
        blocks = [over] if isinstance(over, Expr) else list(over)
        step, first = row_formula(f"scan {name!r}", row, blocks, lift(start))
        return self.let_scan(name, (first, *blocks, step, step), DOWN, about)

    def stack(self, name: str, values: Sequence[Any], over: Sequence[str], **about: Any) -> Stack:
        """A third axis: an input for each word of `over`, `filters_edge`, `filters_corner`, of one
        shape.

        values: what `input` takes, one for each word. about: as for `input`; the title is followed
        by the word. Raises SheetError.
        """
        words = words_over(name, over, len(values))
        with self.unless_it_fails():
            add = lambda block, k, said: self.input(block, values[k], **said)
            self.stacks[name] = made(name, words, about, add)
        return self.stacks[name]

    def each(
        self, name: str, formula: Callable[..., Any], over: Stack | Sequence[Stack], **about: Any
    ) -> Stack:
        """The same formula for each block of a stack: `s.each("maps", lambda f: correlate(x, f),
        over=filters)`. Stacks of a list run together. about: as for `let`. Raises SheetError.
        """
        words, blocks = together(f"each {name!r}", over)
        with self.unless_it_fails():
            add = lambda block, k, said: self.let(block, formula(*blocks[k]), **said)
            self.stacks[name] = made(name, words, about, add)
        return self.stacks[name]

    def let_scan(
        self, name: str, parts: Sequence[Expr], direction: int, about: dict[str, Any]
    ) -> Expr:
        """As `scan`, down or up. parts: the start, what it runs over, the first row's formula, and
        every other row's.
        """
        start, *over, first, step = parts
        over = [self._skipping(x) for x in over]
        parts = (start, *over, first, step)
        shape = (rows_of(f"scan {name!r}", over), step.shape[1])
        block = new_computed(self, name, scanned(name, parts, direction, shape), None, about)
        assert block.expr is not None
        self._skipping(block.expr)  # refuses what may be empty
        self._check(block)
        held = [x if is_plain(x) else self._part(block, "rows", x) for x in (start, *over)]
        block.expr = scanned(name, [*held, first, step], direction, shape)
        return self._add(block)

    def _add(self, block: Block) -> Expr:
        self._check(block)
        if not self.groups:
            self.group(self.title)
        self._give_parts(block)
        group = self._group_of_parts() if part_of(block) else self._current
        return self._place(block, group)

    def _check(self, block: Block) -> None:
        """Raises SheetError for a block that cannot be one of this sheet."""
        check_block_name(block.name)
        checked_format(block.format)
        if block.role not in ROLES:
            roles = ", ".join(ROLES)
            raise SheetError(f"{block.name}: role {block.role!r} is not one of {roles}")
        same = self._named(block.name)
        if same is not None and part_of(self.blocks[same]) and not part_of(block):
            self._rename(same, self.free_name(block.name))  # the name is the author's
        elif same is not None:
            where = f"{same!r} at {self.blocks[same].line}"
            raise SheetError(f"block {block.name!r} is already defined as {where}")
        if isinstance(block, Input):
            block.value = None if block.value is None else self._checked(block)
            self.defaults[block.name] = block.value

    def _named(self, name: str) -> str | None:
        """The block of that name: Excel does not tell upper and lower case apart."""
        return self._in_lower_case.get(name.lower())

    def _place(self, block: Block, group: Group) -> Expr:
        if block.expr is not None and self._labelled:
            of = labels_of(self._named_like(block), self.blocks)
            block.rows_named = block.rows_named or of.rows
            block.columns_named = block.columns_named or of.columns
        self._labelled = self._labelled or bool(block.rows_named or block.columns_named)
        self.blocks[block.name] = block
        self._in_lower_case[block.name.lower()] = block.name
        group.blocks.append(block.name)
        if isinstance(block, Computed) and block.expr is not None:
            block.endless = self._is_endless(block.expr)
            block.blank = bool(self.gaps.sources(block.expr))
            said = alike(block.expr)
            if self._same.get(said) not in self.blocks:
                self._same[said] = block.name
        self.has_gaps = self.has_gaps or may_be_empty(block)
        return self[block.name]

    def _is_endless(self, formula: Expr) -> bool:
        """Whether it says an infinity, or reads a block that does."""
        return any(
            is_endless(self.blocks[node.arg])
            if node.op == "ref"
            else node.op == "const" and np.isinf(float(node.arg))
            for node in walk(formula)
        )

    def _named_like(self, block: Block) -> Expr:
        """What its rows and columns are called after: of a gradient, what it is the gradient of."""
        made_from = gradient_of(block)
        assert block.expr is not None
        return self[made_from[1]] if made_from else block.expr

    # --- parts that the language gives blocks of their own

    @property
    def _current(self) -> Group:
        """The group that blocks are added to."""
        return next(group for group in reversed(self.groups) if not group.parts)

    def _group_of_parts(self) -> Group:
        """The folded group that stands behind the current one."""
        if not self.groups:
            self.group(self.title)
        if not self.groups[-1].parts:
            open_ = self.groups[-1]
            note = "What the formulas above are made of"
            group = Group(f"Inside {open_.title}", note, open_.worksheet, folded=True, parts=True)
            self.groups.append(group)
        return self.groups[-1]

    def same_as(self, formula: Expr) -> Expr | None:
        """The computed block that says the same as a formula, where there is one."""
        name = self._same.get(alike(formula))
        return self[name] if name in self.blocks else None

    def _give_parts(self, block: Block) -> None:
        """Blocks of their own for the parts of its formula that one cell cannot hold."""
        parts = Parts(lambda called, part: self._part(block, called, part))
        if block.expr is not None:
            block.expr = parts.of(self._skipping(block.expr))
        if isinstance(block, Computed) and block.infinite is not None:
            block.infinite = parts.of(self._skipping(block.infinite))

    @property
    def gaps(self) -> Gaps:
        """Where expressions over this sheet's blocks may be empty."""
        return Gaps(self._may_be_empty)

    def _words_of(self, name: str) -> tuple[str, ...]:
        return words_of(self.blocks[name]) if name in self.blocks else ()

    def _number_of(self, words: Expr) -> Expr:
        """The block of the numbers of one whose cells hold words."""
        return self._part(self.blocks[words.arg], "number", Expr("number", (words,), words.shape))

    def one_hot(self, words: Expr) -> Expr:
        """A column for each choice, named after it: 1 where the cell holds that word, else 0.
        (rows, 1) -> (rows, choices).
        """
        words_of = Words(self._words_of, lambda e: e)
        words_of.resolved(lift(words))
        choices = words_of.choices[words]
        if len(choices) < 2 or words.shape[1] != 1:
            rule = "it takes one column of an input with choices=(...)"
            raise SheetError(f"one_hot({words!r}): {rule}")
        self._labelled = True
        return elementwise("equal", words, words_across(choices))

    def _may_be_empty(self, name: str) -> bool:
        return name in self.blocks and may_be_empty(self.blocks[name])

    def _skipping(self, formula: Expr) -> Expr:
        """The formula with its words found out, and with sums that skip empty cells, where it reads
        any.
        """
        formula = rebuilt(formula, self._chosen)
        if has_words(formula, self._words_of):
            formula = Words(self._words_of, self._number_of).resolved(formula)
        reads_any = starts_empty(formula, self._may_be_empty)
        return self.gaps.skipping(formula) if reads_any else formula

    def _chosen(self, e: Expr) -> Expr:
        """Rows chosen by a block of comparisons are those for which it holds, as numpy has it."""
        if e.op != "take" or e.args[1].op != "ref" or e.args[1].arg not in self.blocks:
            return e
        said = self.blocks[e.args[1].arg].expr
        if said is None or not is_test(said):
            return e
        x, test = e.args
        if x.shape != e.shape:
            sizes = f"{x!r} is {size(x.shape)} and {test!r} is {size(test.shape)}"
            advice = f"to look rows up by it, write 1 * {test!r}"
            raise SheetError(
                f"{x!r}[{test!r}]: {sizes}: comparisons choose among as many rows; {advice}"
            )
        return where(test, x, np.nan)

    def let_part(self, owner: str, name: str, formula: Expr, **about: Any) -> Expr:
        """As `let`, a block that stands folded, as a part of `owner`."""
        block = new_computed(self, name, formula, about.pop("infinite", None), about)
        block.part_of = owner
        return self._add(block)

    def free_name(self, name: str) -> str:
        """The name itself, or with the first number behind it that makes it free.

        d_p_product is the gradient of p_product, where there is one, and no part of d_p.
        """
        names = (f"{name}{ending}" for ending in chain([""], (f"_{k}" for k in count(2))))
        return next(
            n for n in names if not self._named(n) and not self._named(n.removeprefix("d_"))
        )

    def _rename(self, old: str, new: str) -> None:
        """Another name for a part that the language made."""
        names = {old: new}
        blocks = {names.get(name, name): block for name, block in self.blocks.items()}
        for name, block in blocks.items():
            block.name = name
            block.expr = None if block.expr is None else with_names(block.expr, names)
            if isinstance(block, Computed):
                block.part_of = names.get(block.part_of, block.part_of)
                if block.infinite is not None:
                    block.infinite = with_names(block.infinite, names)
                if block.gradient_of is not None:
                    loss, of = block.gradient_of
                    block.gradient_of = names.get(loss, loss), names.get(of, of)
        for group in self.groups:
            group.blocks = [names.get(name, name) for name in group.blocks]
        self.sentences = [
            replace(
                each,
                when=with_names(each.when, names),
                pieces=tuple(
                    piece if isinstance(piece, str) else (names.get(piece[0], piece[0]), piece[1])
                    for piece in each.pieces
                ),
            )
            for each in self.sentences
        ]
        self.charts = [renamed(chart, names) for chart in self.charts]
        self.blocks = blocks
        self._in_lower_case = {name.lower(): name for name in blocks}
        self._same = {
            alike(block.expr): name
            for name, block in reversed(blocks.items())
            if isinstance(block, Computed) and block.expr is not None
        }

    def _part(self, block: Block, called: str, formula: Expr) -> Expr:
        """The block of a part, which may be one that there is."""
        same = self.same_as(formula)
        if same is not None:
            return same
        name = self.free_name(f"{block.name}_{called}")
        part = Computed(
            name=name,
            shape=formula.shape,
            line=block.line,
            expr=formula,
            role=block.role if block.role in ("gradient", "noise") else "activation",
            note=f"a part of {block.name}",
            part_of=block.name,
        )
        return self._place(part, self._group_of_parts())

    @staticmethod
    def _checked(block: Input) -> np.ndarray:
        try:
            return checked(block, block.value)
        except InputError as error:
            raise SheetError(str(error)) from None

    @property
    def look(self) -> str:
        """The block whose formula a page shows first, or "".

        Raises SheetError for an unknown one.
        """
        return self._look

    @look.setter
    def look(self, name: str) -> None:
        self._look = self[name].arg if name else ""

    # --- steps

    def carry(self, *, worksheet: bool = True, **next_blocks: str | Expr | Stack) -> None:
        """`carry(a="a_next")`: at the next step, input a starts from what a_next is now; of a stack
        each of its blocks.

        worksheet: False for a workbook that holds the step shown, and no worksheet of steps. Raises
        SheetError where a name is no block, the first no input, or their shapes differ.
        """
        self.steps_shown = self.steps_shown and worksheet
        for name, given in block_by_block(self.stacks, next_blocks).items():
            if isinstance(given, Expr) and given.op != "ref":
                advice = f'give it a block: s.let("{name}_next", ...)'
                raise SheetError(f"carry: {name}={given!r} is no block; {advice}")
            source = given.arg if isinstance(given, Expr) else given
            for known in (name, source):
                if known not in self.blocks:
                    near = nearest(str(known), self.blocks)
                    raise SheetError(f"carry: {self.name} has no block {known!r}; {near}")
            block, after = self.blocks[name], self.blocks[source]
            if not isinstance(block, Input):
                raise SheetError(f"carry: {name!r} is computed; only an input can be carried")
            if words_of(block):
                raise SheetError(f"carry: {name} holds words, and steps go on with numbers")
            if may_be_empty(after):
                advice = f"say what stands there, np.nan_to_num({source})"
                raise SheetError(
                    f"carry: {source} may be empty, and steps go on with numbers; {advice}"
                )
            if block.shape != after.shape:
                raise SheetError(f"carry: {name} is {block.size} and {source} is {after.size}")
            self.carried[name] = source

    def until(self, condition: Any) -> Expr:
        """A run ends at the step where this, one number, is not 0: `s.until(t >= 9)`.

        Returns the block that says so; a condition that is no block yet becomes the block `ended`.
        Raises SheetError.
        """
        if self.ends:
            both = f"np.logical_or({self.ends}, ...)"
            raise SheetError(f"until: {self.ends} ends a run already; say both in one: {both}")
        ended = lift(condition)
        if not is_single(ended.shape):
            raise SheetError(f"until: {ended!r} is {size(ended.shape)}; it must be one number")
        if ended.op != "ref":
            note = "1 at the step where a run ends"
            ended = self.let(self.free_name("ended"), ended, format="d", note=note)
        self.ends = self[ended.arg].arg
        return ended

    # --- what the faces show

    def chart(
        self,
        title: str,
        x: Axis,
        y: Axis,
        series: Sequence[Series] = (),
        note: str = "",
        contour: Contour | None = None,
        adds: bool = False,
        equal: bool = False,
    ) -> None:
        """A chart over blocks: the page draws it, and the workbook too (but for the contour).

        adds: a click on the chart adds a row of data; its first series must have both x and y
        dragged. equal: a unit is as long across as up. Raises SheetError.
        """
        drawn = [series] if isinstance(series, Series) else list(series)
        over = next((each for each in drawn if isinstance(each, Series) and each.x == LABELS), None)
        if over is not None and isinstance(x, Axis):
            x = replace(x, names=x.names or labelled(self.blocks[self[over.y].arg]))
            drawn = [self._over_labels(each) for each in drawn]
        chart = Chart(title, x, y, tuple(drawn), note, contour, adds, equal)
        self.charts.append(new_chart(self.blocks, chart))

    def _over_labels(self, series: Series) -> Series:
        """With a block of its own for the places 0, 1, 2, ... of what has names."""
        if not isinstance(series, Series) or series.x != LABELS:
            return series
        block = self.blocks[self[series.y].arg]
        labelled(block)
        rows, columns = block.shape
        places = row_index(int(rows)) if columns == 1 else column_index(int(columns))
        return replace(series, x=self._part(block, "place", places).arg)

    def preset(
        self,
        title: str,
        predict: str = "",
        notes: str = "",
        happened: str = "",
        why: str = "",
        says: str = "",
        shows: Mapping[str, Any] | None = None,
        **inputs: Any,
    ) -> None:
        """A step of the story: a starting point by name. `{block}` or `{block:.1%}` in title and
        predict is filled from the preset's own numbers.

        predict: the question before the inputs are set; happened and why: what is told after, with
        `{block:.2f}` the block's number at the time. says: the step's own sentence, in place of the
        sheet's (`say`) on the stage, whose numbers follow every change. notes: for who teaches, in
        a window of their own: what to say, whom to ask, the usual wrong answer, what to point at; a
        line is a paragraph. shows: what stands on the stage, by the names of `Scene`'s fields:
        controls, charts (counted from 1), pictures, cells, look (`"loss_if[5]"`), numbers, play.
        Raises SheetError.
        """
        words = {"title": title, "predict": predict, "notes": notes}
        words |= {"happened": happened, "why": why, "says": says}
        self.presets.append(new_preset(self, self.charts, words, shows or {}, inputs))

    def introduce(self, text: str, **shows: Any) -> None:
        """What is read before the first step of the story, and what every step shows that does not
        say its own: see `preset`. Raises SheetError.
        """
        self.introduction = spoken(self, "the introduction", text)
        self.scene = checked_scene(self, self.charts, "the introduction", shows)

    def notes(self, text: str) -> None:
        """For who teaches: the notes of the lesson's opening, as a preset's. Raises SheetError."""
        if self.opening or not str(text).strip():
            why = "they are given already" if self.opening else "they need words"
            raise SheetError(f"the opening's notes: {why}")
        self.opening = spoken(self, "the opening's notes", text)

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
        """A question to answer before the page does, and the reason shown with the answer.

        answer: a block of one number, which the reader types; or the label of a chart's series,
        which the reader draws. reason: words with numbers in them, as for `say`. tolerance: what
        counts as right, as a part of the answer or of the chart's axis. preset: the title of the
        one that is chosen first; steps: how many are then taken. Raises SheetError.
        """
        asked = (question, answer, self._with_cells(reason), tolerance, steps, preset)
        self.predictions.append(new_prediction(self, *asked, self.presets, self.charts))

    def exercise(
        self,
        task: str,
        solved: str,
        *,
        answer: str = "",
        tolerance: float = 0.01,
        reached: Sequence[str] = (),
        preset: str = "",
        way: Mapping[str, Any] | None = None,
        steps: int = 0,
    ) -> None:
        """A task for the reader alone, which the page checks; solved: what it says then.

        Either answer, a block of one number that the reader types (right within tolerance, as a
        part of it); or reached, conditions such as `loss < 0.1` or `step <= 20` that hold where the
        reader is to bring the page. preset: the title of the one that it begins with. way: inputs
        which, with `steps` more, do it: there the answer is read, and the page can show it. Raises
        SheetError.
        """
        self.exercises.append(
            new_exercise(
                self,
                self.presets,
                task,
                self._with_cells(solved),
                answer=answer,
                tolerance=tolerance,
                reached=reached,
                preset=preset,
                way=way or {},
                steps=steps,
            )
        )

    def staged(self, preset: Preset | None) -> Scene:
        """What stands on the stage in a step of the story; None: in the introduction.

        What neither says is usual: the settings that the preset changes, first charts, a loss.
        """
        usual = usual_scene(self, self.charts, [one.pieces for one in self.sentences])
        if preset is None:
            return self.scene.over(usual)
        changed = Scene(controls=settings_among(self, preset.inputs))
        return preset.scene.over(self.scene).over(changed).over(usual)

    def say(self, text: str, when: Any = 1) -> None:
        """A sentence shown while `when` (one number) is not 0; `{block:.4f}` in it is that block's
        number at the time, `{p[fish]:.2f}` that of its row (or column) named so, and
        `{p[fish, image 1]}` that of both; a number counts from 1. Raises SheetError.
        """
        said = new_sentence(self, self._with_cells(text), when)
        name = f"said_{len(self.sentences) + 1}"
        condition = Computed(name=name, shape=(1, 1), line=said.line, expr=said.when)
        self._give_parts(condition)
        assert condition.expr is not None
        self.sentences.append(replace(said, when=condition.expr))

    def _with_cells(self, text: Any) -> Any:
        """A text in which a single cell, `{p[fish]}`, is a block of its own."""
        return CELL.sub(self._cell_said, text) if isinstance(text, str) else text

    def _cell_said(self, match: re.Match[str]) -> str:
        name, place = match[1], match[2]
        row, column = place_of(self.blocks[self[name].arg], place)
        called = "_".join(re.findall(r"[A-Za-z0-9]+", place))
        return "{" + self._part(self.blocks[name], called, self[name][row, column]).arg

    def source(self, text: str, address: str = "") -> None:
        """Where the facts come from: a title, and its address on the web."""
        self.sources.append(Source(text, address))

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """What is done inside is undone where it ends in an error."""
        before = self._with_containers_of_its_own()
        blocks = [(block, dict(vars(block))) for block in self.blocks.values()]
        try:
            yield
        except BaseException:
            vars(self).update(vars(before))
            for block, fields in blocks:
                vars(block).update(fields)
            raise

    # --- the same sheet with other inputs

    def copied(self) -> Sheet:
        """The same sheet, to which blocks can be added without touching this one."""
        new = self._with_containers_of_its_own()
        new.blocks = {name: copy.copy(block) for name, block in self.blocks.items()}
        return new

    def _with_containers_of_its_own(self) -> Sheet:
        """The same sheet of the same blocks, in lists and groups that this one does not share."""
        new = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, (dict, list)):
                setattr(new, name, copy.copy(value))
        new.groups = [replace(group, blocks=list(group.blocks)) for group in self.groups]
        return new

    def resized(self, rows: int) -> Sheet:
        """The same sheet with another number of data rows.

        Inputs keep their first rows, or repeat the last one.
        """
        if self.rows is None or rows == self.rows:
            return self
        done: dict[Expr, Expr] = {}
        new = self.copied()

        def length(n: int) -> int:
            return Rows(rows) if isinstance(n, Rows) else n

        def rebuilt(e: Expr) -> Expr:
            if e not in done:
                shape = (length(e.shape[0]), length(e.shape[1]))
                arg = length(e.arg) if isinstance(e.arg, Rows) else e.arg
                done[e] = Expr(e.op, tuple(map(rebuilt, e.args)), shape, arg)
            return done[e]

        for block in new.blocks.values():
            if isinstance(block, Input) and block.value is not None and is_data(block.shape):
                block.value = block.value[np.minimum(np.arange(rows), len(block.value) - 1)]
            if isinstance(block, Computed) and block.infinite is not None:
                block.infinite = rebuilt(block.infinite)
            if block.expr is not None:
                block.expr = rebuilt(block.expr)
            block.shape = (length(block.shape[0]), length(block.shape[1]))
        new.sentences = [replace(one, when=rebuilt(one.when)) for one in self.sentences]
        return new

    def with_inputs(self, given: Mapping[str, Any]) -> Sheet:
        """The same sheet starting from these inputs, with as many data rows and of such sizes.

        They are checked: raises InputError.
        """
        sheet = self._of_sizes(given)
        inputs = checked_inputs(sheet, given)
        data = [len(inputs[name]) for name in inputs if is_data(sheet.blocks[name].shape)]
        new = sheet.resized(data[0]) if data else sheet
        new = new.copied() if new is sheet else new
        for name, block in new.inputs.items():
            block.value = inputs.get(name)
        return new

    def _of_sizes(self, given: Mapping[str, Any]) -> Sheet:
        """This sheet, or the one made with the given sizes, with its inputs where they fit."""
        sizes = {name: block for name, block in self.inputs.items() if isinstance(block, Size)}
        wanted = {
            name: checked(block, given.get(name, block.value)) for name, block in sizes.items()
        }
        if all(wanted[name] == block.value for name, block in sizes.items()):
            return self
        assert self.made_by is not None
        new = self.made_by(**{name: int(value[0, 0]) for name, value in wanted.items()})
        fitting = {
            name: block.value
            for name, block in self.inputs.items()
            if name not in sizes and name in new.inputs and block.shape == new.blocks[name].shape
        }
        # One size may bring others, such as the width of a layer that is new.
        return new.with_inputs(fitting)._of_sizes(given)
