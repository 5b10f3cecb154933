"""One JavaScript program over Float64Arrays: a loop nest per block, nothing allocated per step.

`program(sheet)` is the source of a function of the number of data rows. What it returns has:
* blocks: each name's Float64Array, row by row;
* follows: whether the formula of an input that has one is in force;
* run(): recomputes every formula in place, run(affects[name]) those that the input `name` reaches;
  sets said[k] to sentence k's condition;
* step(): carries each next value into its input, all at once, and runs what that reaches;
* moves[c][s](x, y, i): what dragging marker i of series s of chart c to (x, y) sets: numbers by
  name of input, for its row i or, of an input that is one number, for that;
* branches[name](i, j): of a cell whose formula is a choice, the number of the branch in force
  (`language/choices.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

from ..language.blocks import Input
from ..language.cells import PICKED, Index, Running, Shifted, at
from ..language.charts import Series
from ..language.choices import in_force, is_choice
from ..language.expr import Expr, Rows, elementwise, is_number
from ..language.ops import OPS
from ..language.sheet import Sheet
from ..language.spelling import Test, Text, spell
from .javascript_functions import called

TEST = Test("+({0})", "({0})")
# A sum's name is {0}, its term {1}, its index {2}.
START = {
    "sum": "{0} = 0",
    "mean": "{0} = 0",
    "max": "{0} = -Infinity",
    "min": "{0} = Infinity",
    "argmax": "{0} = 0, {0}_x = -Infinity",
    "argmin": "{0} = 0, {0}_x = Infinity",
    "match": "{0} = NaN",
    "prod": "{0} = 1",
    "nanprod": "{0} = 1",
    "nansum": "{0} = 0",
    "nanmax": "{0} = NaN",
    "nanmin": "{0} = NaN",
    "nanargmax": "{0} = NaN, {0}_x = NaN",
    "nanargmin": "{0} = NaN, {0}_x = NaN",
}
FIRST = "({0} !== {0} && x === x)"  # the first that is no NaN
STEP = {
    "prod": "{0} *= {1}",
    "nanprod": "{{ const x = {1}; if (x === x) {0} *= x; }}",
    "quantile": "{0}.push({1})",
    "nanquantile": "{{ const x = {1}; if (x === x) {0}.push(x); }}",
    "nansum": "{{ const x = {1}; if (x === x) {0} += x; }}",
    "nanmax": "{{ const x = {1}; if (x > {0} || " + FIRST + ") {0} = x; }}",
    "nanmin": "{{ const x = {1}; if (x < {0} || " + FIRST + ") {0} = x; }}",
    "nanargmax": "{{ const x = {1}; if (x > {0}_x || " + FIRST + ") {{ {0}_x = x; {0} = {2}; }} }}",
    "nanargmin": "{{ const x = {1}; if (x < {0}_x || " + FIRST + ") {{ {0}_x = x; {0} = {2}; }} }}",
    "match": "if ({0} !== {0} && {1}) {0} = {2}",
    "argmax": "{{ const x = {1}; if (x > {0}_x) {{ {0}_x = x; {0} = {2}; }} }}",
    "argmin": "{{ const x = {1}; if (x < {0}_x) {{ {0}_x = x; {0} = {2}; }} }}",
    "sum": "{0} += {1}",
    "mean": "{0} += {1}",
    "max": "{0} = Math.max({0}, {1})",
    "min": "{0} = Math.min({0}, {1})",
}
GAP = "@"  # stands in no generated source: `@3@` is the place of the fourth array or number


class Loop(NamedTuple):
    """A statement with gaps for its arrays and numbers, in the order of `filling`.

    Loops of one text do the same with other arrays and numbers. `repeats`: whether it loops at all.
    """

    text: str
    filling: tuple[str, ...]
    repeats: bool

    def filled(self, filling: Sequence[str]) -> str:
        """The source, with this in the gaps."""
        pieces = self.text.split(GAP)
        return "".join(
            filling[int(piece)] if odd % 2 else piece for odd, piece in enumerate(pieces)
        )


class Writer:
    """Writes the source of cells' expressions (from `at`), leaving a gap for each array and number.

    once: cells at a fixed place are read once, before the loop, under a name of their own.
    """

    def __init__(self, sheet: Sheet, once: bool = False) -> None:
        self.sheet = sheet
        self.filling: list[str] = []
        self.once: dict[tuple[str, int, int], str] | None = {} if once else None
        self.repeats = False
        self._fresh: Iterator[int] = count()

    def gap(self, text: str) -> str:
        """A gap in which `text` will stand."""
        self.filling.append(text)
        return f"{GAP}{len(self.filling) - 1}{GAP}"

    def array(self, name: str) -> str:
        """A block's array. Block names carry a $, generated ones a _, so none can meet."""
        return self.gap(f"${name}")

    def number(self, x: float) -> Text:
        """Data rows are the program's argument, never a written number."""
        if isinstance(x, Rows):
            return Text("_rows")
        text = repr(abs(float(x))).removesuffix(".0").replace("inf", "Infinity")
        if text == "nan":
            return Text("NaN")
        return Text(self.gap(text)) if x >= 0 else Text(f"-{self.gap(text)}", "add")

    def index(self, i: Index, lines: list[str]) -> str:
        """A row or column: a loop's variable, a whole number, or a row that is looked up."""
        if isinstance(i, Expr):
            place = i.op == "index" or i.op == "floor"  # a whole number as it is
            text = self.source(i, lines)
            return f"{text:add}" if place else f"Math.floor({text})"
        if isinstance(i, Shifted):
            return self._shifted(i)
        return f"_{i}" if isinstance(i, str) else f"{self.number(i)}"

    def _shifted(self, i: Shifted) -> str:
        """The sum of symbols times their factors, in parentheses."""
        terms = [
            f"_{symbol}" if factor == 1 else f"{self.number(factor):mul} * _{symbol}"
            for symbol, factor in i.terms
        ]
        return f"({' + '.join([*terms, *([f'{self.number(i.plus)}'] if i.plus else [])])})"

    def cell(self, place: tuple[str, Index, Index], lines: list[str]) -> str:
        """A cell (block, i, j) of an array, which holds its block row by row."""
        name, i, j = place
        columns = int(self.sheet.blocks[name].shape[1])
        if isinstance(i, int) and isinstance(j, int):
            if self.once is not None:
                return self.once.setdefault((name, i, j), f"_s{len(self.once)}")
            return f"{self.array(name)}[{self.number(i * columns + j)}]"
        parts = []
        if isinstance(i, Expr) or i != 0:
            across = "" if columns == 1 else f" * {self.number(columns)}"
            parts.append(self.index(i, lines) + across)
        if j != 0:
            parts.append(self.index(j, lines))
        return f"{self.array(name)}[{' + '.join(parts)}]"

    def source(self, e: Expr, lines: list[str]) -> Text:
        """The source of a cell's expression. A sum or max needs statements first, put in lines."""
        match e.op:
            case "const":
                return self.number(e.arg)
            case "index":
                return Text(self.index(e.arg, lines))
            case "pointer":
                return Text(f"_pointer_{e.arg}")
            case "cell":
                text = self.cell(e.arg, lines)  # a look-up may find nothing, which is no number
                return Text(f"+{text}" if e.args else text)
            case "over" if e.arg[0] == "nanmean":
                return self.source(elementwise("divide", *_summed(e)), lines)
            case "over" if e.arg[0] in ("quantile", "nanquantile"):
                return self._quantile(e, lines)
            case "over":
                return self._over(e, lines)
            case "multiply" if e.arg == PICKED:
                condition, x = (self.source(a, lines) for a in e.args)
                return Text(f"({condition:truth}?{x}:0)")
            case "number":
                return self.source(e.args[0], lines)
            case "known":
                return Text(f"!Number.isNaN({self.source(e.args[0], lines)})", "test", TEST)
            case "power" if is_number(e.args[1], 2):  # Math.pow takes longer and may round twice
                return Text(f"_square({self.source(e.args[0], lines)})")
            case "choose":
                number, *rows = (self.source(a, lines) for a in e.args)
                asked = "".join(f"{number:number}==={k}?{row}:" for k, row in enumerate(rows[:-1]))
                return Text(f"({asked}{rows[-1]})")
            case op:
                return spell(OPS[op].javascript, [self.source(a, lines) for a in e.args], TEST)

    def _over(self, e: Expr, lines: list[str]) -> Text:
        kind, k, length = e.arg
        total = f"_t{next(self._fresh)}"
        inner: list[str] = []
        sought = [self.source(a, lines) for a in e.args[1:]]  # of a match, what is looked for
        term = self.source(e.args[0], inner)
        term = Text(f"{term:number}==={sought[0]:number}") if sought else term
        step = STEP[kind].format(total, f"{term}", f"_{k}")
        self.repeats = True
        loop = f"for ({self._counted(k, length, lines)}; _{k}++)"
        lines.append(f"let {START[kind].format(total)}; {loop} {{ {' '.join([*inner, step])}; }}")
        return Text(f"{total}/{self.number(length)}", "mul") if kind == "mean" else Text(total)

    def _quantile(self, e: Expr, lines: list[str]) -> Text:
        """Of all the numbers, along one axis or both, put in a list."""
        kind, k, length = e.arg
        found, x, loops = f"_t{next(self._fresh)}", e.args[0], [(k, length)]
        if x.op == "over" and x.arg[0] == kind:
            loops.append(x.arg[1:])
            x = x.args[0]
        inner: list[str] = []
        term = self.source(x, inner)
        body = " ".join([*inner, STEP[kind].format(found, f"{term}")]) + ";"
        for k, length in reversed(loops):
            body = f"for ({self._counted(k, length, lines)}; _{k}++) {{ {body} }}"
        self.repeats = True
        lines.append(f"const {found} = []; {body}")
        return Text(f"_quantile({found}, {self.source(e.args[1], lines)})")

    def _counted(self, k: str, length: int | Running, lines: list[str]) -> str:
        """Where k starts and how far it goes."""
        if not isinstance(length, Running):
            return f"let _{k} = 0; _{k} < {self.number(length)}"
        here = self.index(length.place, lines)
        if length.up:
            return f"let _{k} = 0; _{k} <= {here}"
        return f"let _{k} = {here}; _{k} < {self.number(length.n)}"

    def assignment(self, target: str, e: Expr) -> str:
        """`target = e;` after the statements that e needs."""
        lines: list[str] = []
        value = self.source(e, lines)
        return " ".join([*lines, f"{target} = {value};"])

    def row(self, name: str, i: str | int) -> str:
        """The cells of one row of a block: of the loop's row, or of row number i."""
        block = self.sheet.blocks[name]
        assert block.expr is not None
        columns, row = int(block.shape[1]), self.index(i, [])
        if columns == 1:
            body = self.assignment(f"{self.array(name)}[{row}]", at(block.expr, i, "j"))
            return f"const _j = 0; {body}"
        self.repeats = True
        place = f"{self.array(name)}[{row} * {self.number(columns)} + _j]"
        body = self.assignment(place, at(block.expr, i, "j"))
        return f"for (let _j = 0; _j < {self.number(columns)}; _j++) {{ {body} }}"

    def loop(self, name: str) -> str:
        """Over the rows of a block. A number that every cell reads is read once, before it."""
        body = self.row(name, "i")
        once, self.once, self.repeats = self.once or {}, None, True
        read = [f"const {known} = {self.cell(place, [])}; " for place, known in once.items()]
        rows = self.number(self.sheet.blocks[name].shape[0])
        expr = self.sheet.blocks[name].expr
        runs_up = expr is not None and expr.op == "scan" and expr.arg[1] == -1
        count = f"_i = {rows} - 1; _i >= 0; _i--" if runs_up else f"_i = 0; _i < {rows}; _i++"
        return f"{''.join(read)}for (let {count}) {{ {body} }}"


def _summed(e: Expr) -> tuple[Expr, Expr]:
    """Of a mean that skips what is empty: the sum, and how many numbers it takes."""
    _, k, length = e.arg
    x = e.args[0]
    nested = x.op == "over" and x.arg[0] == "nanmean"  # along both axes
    total, count = _summed(x) if nested else (x, Expr("known", (x,), x.shape))
    return (
        Expr("over", (total,), e.shape, ("nansum", k, length)),
        Expr("over", (count,), e.shape, ("sum", k, length)),
    )


def _written(write: Writer, text: str) -> Loop:
    return Loop(text, tuple(write.filling), write.repeats)


def _loops(name: str, sheet: Sheet) -> list[Loop]:
    """What computes a block, one statement after another."""
    block = sheet.blocks[name]
    assert block.expr is not None
    e, columns = block.expr, int(block.shape[1])
    if e.op == "stack":  # each row has its own formula; a loop would compute them all for every row
        writers = [Writer(sheet) for _ in e.args]
        rows = [write.row(name, i) for i, write in enumerate(writers)]
        return [_written(write, f"{{ {row} }}") for write, row in zip(writers, rows, strict=True)]
    if e.op == "matmul" and all(factor.op == "ref" for factor in e.args):
        write = Writer(sheet)
        arrays = [write.array(each) for each in (name, *(factor.arg for factor in e.args))]
        sizes = [f"{write.number(n)}" for n in (block.shape[0], e.args[0].shape[1], columns)]
        return [_written(write, f"_product({', '.join([*arrays, *sizes])});")]
    write = Writer(sheet, once=block.shape != (1, 1))
    return [_written(write, write.loop(name))]


def _shared(loops: Sequence[Loop]) -> tuple[list[str], dict[Loop, str]]:
    """Loops of one text as one function, and each loop's call of it.

    A browser makes fast code of a function when it has run often: with one for all layers of a
    network, the first layers do that. Only what differs between the loops is an argument.
    """
    alike: dict[str, list[Loop]] = {}
    for loop in dict.fromkeys(loops):
        alike.setdefault(loop.text, []).append(loop)
    functions: list[str] = []
    calls: dict[Loop, str] = {}
    for group in alike.values():
        if len(group) == 1 or not group[0].repeats:
            continue
        function = f"_loop_{len(functions)}"
        gaps = list(zip(*(loop.filling for loop in group), strict=True))
        differing = dict.fromkeys(gap for gap in gaps if len(set(gap)) > 1)
        arguments = {gap: f"_a{k}" for k, gap in enumerate(differing)}
        body = group[0].filled([arguments.get(gap, gap[0]) for gap in gaps])
        functions.append(f"const {function} = ({', '.join(arguments.values())}) => {{ {body} }};")
        for k, loop in enumerate(group):
            calls[loop] = f"{function}({', '.join(gap[k] for gap in differing)});"
    return functions, calls


def _computed(name: str, loops: Sequence[Loop], calls: dict[Loop, str], sheet: Sheet) -> str:
    unless = f"if (!_follows.{name}) return; " if isinstance(sheet.blocks[name], Input) else ""
    statements = [calls.get(loop) or loop.filled(loop.filling) for loop in loops]
    return f"() => {{ {unless}{' '.join(statements)} }},"


def _assignment(target: str, e: Expr, sheet: Sheet) -> str:
    """A cell's expression written out, nothing left open."""
    write = Writer(sheet)
    return _written(write, write.assignment(target, e)).filled(write.filling)


def _moves(series: Series, sheet: Sheet) -> str:
    """What dragging a marker of this series sets, or null."""
    if not series.moves:
        return "null"
    targets = {
        name: _assignment(f"const _to_{name}", at(moved, "i", 0), sheet)
        for name, moved in series.moves.items()
    }
    result = ", ".join(f"{name}: _to_{name}" for name in targets)
    return (
        f"(_pointer_x, _pointer_y, _i) => {{ {' '.join(targets.values())} return {{ {result} }}; }}"
    )


def _branches(sheet: Sheet) -> list[str]:
    """Of each block whose cells choose between formulas: which one is in force."""
    formulas = ((block.name, block.expr) for block in sheet.blocks.values())
    cells = ((name, at(e, "i", "j")) for name, e in formulas if e is not None)
    bodies = (
        (name, _assignment("const _branch", in_force(e), sheet))
        for name, e in cells
        if is_choice(e)
    )
    return [f"{name}: (_i, _j) => {{ {body} return _branch; }}," for name, body in bodies]


def _array(name: str, sheet: Sheet) -> str:
    rows, columns = sheet.blocks[name].shape
    length = f"{'_rows' if isinstance(rows, Rows) else rows} * {int(columns)}"
    return f"const ${name} = new Float64Array({length});"


def _carries(sheet: Sheet) -> list[str]:
    """Two passes, so that an input carried into another's source still gives its old value."""
    formulas = [name for name in sheet.carried if sheet.blocks[name].expr is not None]
    return [
        *(f"_next_{name}.set(${source});" for name, source in sheet.carried.items()),
        *(f"${name}.set(_next_{name});" for name in sheet.carried),
        *(f"_follows.{name} = false;" for name in formulas),
    ]


def _follows(sheet: Sheet) -> str:
    """Of each input that starts from a formula: whether that is in force."""
    inputs = {name: block for name, block in sheet.inputs.items() if block.expr is not None}
    return ", ".join(f"{name}: {json.dumps(block.value is None)}" for name, block in inputs.items())


def _affects(formulas: Sequence[str], sheet: Sheet) -> str:
    """The places of the formulas that each input reaches; under "", those that a step reaches."""
    reached = {name: sheet.reached_from([name]) for name in sheet.inputs}
    reached[""] = sheet.reached_from(sheet.carried)
    return json.dumps(
        {
            name: [k for k, formula in enumerate(formulas) if formula in names]
            for name, names in reached.items()
        }
    )


def program(sheet: Sheet) -> str:
    """The source of the function, as the module's first lines describe it."""
    formulas = [name for name, block in sheet.blocks.items() if block.expr is not None]
    loops = {name: _loops(name, sheet) for name in formulas}
    functions, calls = _shared([loop for each in loops.values() for loop in each])
    conditions = (
        _assignment(f"_said[{k}]", at(sentence.when, 0, 0), sheet)
        for k, sentence in enumerate(sheet.sentences)
    )
    moves = (
        f"[{', '.join(_moves(series, sheet) for series in chart.series)}]" for chart in sheet.charts
    )
    arrays = ", ".join(f"{name}: ${name}" for name in sheet.blocks)
    body = "\n".join(
        [
            *(_array(name, sheet) for name in sheet.blocks),
            *(f"const _next_{name} = new Float64Array(${name}.length);" for name in sheet.carried),
            f"const _said = new Float64Array({len(sheet.sentences)});",
            f"const _follows = {{ {_follows(sheet)} }};",
            f"const _affects = {_affects(formulas, sheet)};",
            *functions,
            "const _formulas = [",
            *(_computed(name, loops[name], calls, sheet) for name in formulas),
            "];",
            "const _all = _formulas.map((_, k) => k);",
            "const run = (chosen = _all) => {",
            "for (const k of chosen) _formulas[k]();",
            *(f"{{ {condition} }}" for condition in conditions),
            "};",
            f"const step = () => {{ {' '.join(_carries(sheet))} run(_affects['']); }};",
            f"const blocks = {{ {arrays} }};",
            f"const moves = [{', '.join(moves)}];",
            *("const branches = {", *_branches(sheet), "};"),
            "return { blocks, said: _said, follows: _follows, affects: _affects, moves,"
            " branches, run, step };",
        ]
    )
    return f"(_rows) => {{\n{called(body)}\n{body}\n}}"
