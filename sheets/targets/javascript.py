"""One JavaScript program over Float64Arrays: a loop nest per block, nothing allocated per step.

`program(sheet)` is the source of a function of the number of data rows. What it returns has:
* blocks: each name's Float64Array, row by row;
* follows: whether the formula of an input that has one is in force;
* run(): recomputes every formula in place, run(affects[name]) those that the input `name` reaches; sets said[k] to sentence k's condition;
* step(): carries each next value into its input, all at once, and runs what that reaches;
* moves[c][s](x, y, i): what dragging marker i of series s of chart c to (x, y) sets: numbers by name of input, for its row i or, of
  an input that is one number, for that;
* branches[name](i, j): of a cell whose formula is a choice, the number of the branch in force (`language/choices.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from ..language.cells import at
from ..language.charts import Series
from ..language.choices import in_force, is_choice
from ..language.expr import Expr, Rows, is_number
from ..language.grad import reaching
from ..language.ops import OPS, Test, Text, spell
from ..language.sheet import Sheet
from .javascript_functions import called

TEST = Test("+({0})", "({0})")
START = {"sum": "0", "mean": "0", "max": "-Infinity", "min": "Infinity"}
ARRAY_OR_NUMBER = re.compile(r"\$\w+|(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?")
SINGLE = re.compile(r"\$\w+\[0\]")
STEP = {
    "sum": "{0} += {1}",
    "mean": "{0} += {1}",
    "max": "{0} = Math.max({0}, {1})",
    "min": "{0} = Math.min({0}, {1})",
}


def _number(x: float) -> Text:
    """Data rows are the program's argument, never a written number."""
    if isinstance(x, Rows):
        return Text("_rows")
    return Text(repr(float(x)).removesuffix(".0"), "atom" if x >= 0 else "add")


def _source(e: Expr, sheet: Sheet, lines: list[str], fresh: Iterator[int]) -> Text:
    """The source of a cell's expression. A sum or max needs statements first; they are appended to lines."""

    def index(i) -> str:
        if isinstance(i, Expr):
            return f"Math.floor({_source(i, sheet, lines, fresh)})"
        return f"_{i}" if isinstance(i, str) else str(i)

    match e.op:
        case "const":
            return _number(e.arg)
        case "index":
            return Text(index(e.arg))
        case "pointer":
            return Text(f"_pointer_{e.arg}")
        case "cell":
            name, i, j = e.arg
            columns = int(sheet.blocks[name].shape[1])
            row = (
                ""
                if i == 0 and not isinstance(i, Expr)
                else index(i)
                if columns == 1
                else f"{index(i)} * {columns}"
            )
            parts = [row] * (row != "") + [index(j)] * (j != 0)
            return Text(f"${name}[{' + '.join(parts) or '0'}]")
        case "over":
            kind, k, length = e.arg
            total = f"_t{next(fresh)}"
            inner: list[str] = []
            term = _source(e.args[0], sheet, inner, fresh)
            step = STEP[kind].format(total, f"{term}")
            lines.append(
                f"let {total} = {START[kind]}; for (let _{k} = 0; _{k} < {_number(length)}; _{k}++) {{ {' '.join(inner)} {step}; }}"
            )
            return Text(f"{total}/{_number(length)}", "mul") if kind == "mean" else Text(total)
        case "power" if is_number(e.args[1], 2):  # Math.pow takes longer and may round twice
            return Text(f"_square({_source(e.args[0], sheet, lines, fresh)})")
        case "choose":
            number, *said = (_source(a, sheet, lines, fresh) for a in e.args)
            return Text(
                "("
                + "".join(f"{number:number}==={k}?{text}:" for k, text in enumerate(said[:-1]))
                + f"{said[-1]})"
            )
        case op:
            return spell(
                OPS[op].javascript, [_source(a, sheet, lines, fresh) for a in e.args], TEST
            )


def _assignment(target: str, e: Expr, sheet: Sheet, lines_prefix: str = "") -> str:
    lines: list[str] = []
    value = _source(e, sheet, lines, count())
    return f"{lines_prefix}{' '.join(lines)} {target} = {value};".strip()


def _row(name: str, sheet: Sheet, i: str | int) -> str:
    """The cells of one row of a block: of the loop's row, or of row number i."""
    block = sheet.blocks[name]
    assert block.expr is not None
    columns, row = int(block.shape[1]), f"_{i}" if isinstance(i, str) else str(i)
    body = _assignment(
        f"${name}[{row} * {columns} + _j]" if columns > 1 else f"${name}[{row}]",
        at(block.expr, i, "j"),
        sheet,
    )
    return (
        f"for (let _j = 0; _j < {columns}; _j++) {{ {body} }}"
        if columns > 1
        else f"const _j = 0; {body}"
    )


def _loop(name: str, sheet: Sheet) -> str:
    """Over the rows of a block. A number that every cell reads is read once, before it."""
    body, shape = _row(name, sheet, "i"), sheet.blocks[name].shape
    singles = (
        {}
        if shape == (1, 1)
        else {text: f"_s{k}" for k, text in enumerate(dict.fromkeys(SINGLE.findall(body)))}
    )
    read = "".join(f"const {single} = {text}; " for text, single in singles.items())
    written = SINGLE.sub(lambda found: singles.get(found[0], found[0]), body)
    return f"{read}for (let _i = 0; _i < {_number(shape[0])}; _i++) {{ {written} }}"


def _loops(name: str, sheet: Sheet) -> list[str]:
    """What computes a block, one statement after another."""
    block = sheet.blocks[name]
    assert block.expr is not None
    e, (rows, columns) = block.expr, block.shape
    if e.op == "stack":  # each row has its own formula; a loop would compute them all for every row
        return [f"{{ {_row(name, sheet, i)} }}" for i in range(len(e.args))]
    if e.op == "matmul" and all(factor.op == "ref" for factor in e.args):
        a, b = e.args
        return [
            f"_product(${name}, ${a.arg}, ${b.arg}, {_number(rows)}, {_number(a.shape[1])}, {int(columns)});"
        ]
    return [_loop(name, sheet)]


def _shared(loops: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Loops that differ only in their arrays and numbers as one function, and what is written in the place of each.

    A browser makes fast code of a function when it has run often: with one for all layers of a network, the first layers do that.
    """
    alike: dict[str, list[str]] = {}
    for loop in dict.fromkeys(loops):
        alike.setdefault(
            ARRAY_OR_NUMBER.sub(lambda found: found[0][0] if found[0][0] == "$" else "0", loop), []
        ).append(loop)
    functions: list[str] = []
    written: dict[str, str] = {}
    for found in alike.values():
        if len(found) == 1 or "for (" not in found[0]:
            continue
        name, told = (
            f"_loop_{len(functions)}",
            list(zip(*map(ARRAY_OR_NUMBER.findall, found), strict=True)),
        )
        different = {
            column: f"_a{k}"
            for k, column in enumerate(dict.fromkeys(each for each in told if len(set(each)) > 1))
        }
        gaps, texts = (
            ARRAY_OR_NUMBER.split(found[0]),
            [different.get(column, column[0]) for column in told],
        )
        body = "".join(gap + text for gap, text in zip(gaps, [*texts, ""], strict=True))
        functions.append(f"const {name} = ({', '.join(different.values())}) => {{ {body} }};")
        written |= {
            loop: f"{name}({', '.join(arguments)});"
            for loop, arguments in zip(found, zip(*different, strict=True), strict=True)
        }
    return functions, written


def _computed(name: str, sheet: Sheet, written: Mapping[str, str]) -> str:
    unless = f"if (!_follows.{name}) return; " if sheet.blocks[name].editable else ""
    return (
        f"() => {{ {unless}{' '.join(written.get(loop, loop) for loop in _loops(name, sheet))} }},"
    )


def _moves(series: Series, sheet: Sheet) -> str:
    found = [
        _assignment(f"const _to_{name}", at(moved, "i", 0), sheet)
        for name, moved in series.moves.items()
    ]
    told = ", ".join(f"{name}: _to_{name}" for name in series.moves)
    return (
        f"(_pointer_x, _pointer_y, _i) => {{ {' '.join(found)} return {{ {told} }}; }}"
        if found
        else "null"
    )


def _branches(sheet: Sheet) -> list[str]:
    cells = {
        name: at(block.expr, "i", "j")
        for name, block in sheet.blocks.items()
        if block.expr is not None
    }
    chosen = {
        name: _assignment("const _branch", in_force(e), sheet)
        for name, e in cells.items()
        if is_choice(e)
    }
    return [f"{name}: (_i, _j) => {{ {body} return _branch; }}," for name, body in chosen.items()]


def program(sheet: Sheet) -> str:
    """The source of the function. Block names carry a $, generated ones a _, so none can meet."""
    names = list(sheet.blocks)
    arrays = [
        f"const ${name} = new Float64Array({_number(sheet.blocks[name].shape[0])} * {int(sheet.blocks[name].shape[1])});"
        for name in names
    ]
    formulas = [name for name in names if sheet.blocks[name].expr is not None]
    functions, written = _shared([loop for name in formulas for loop in _loops(name, sheet)])
    follows = [
        f"{name}: {str(block.value is None).lower()}"
        for name, block in sheet.inputs.items()
        if block.expr is not None
    ]
    reached = {name: reaching(sheet, [name]) for name in sheet.inputs} | {
        "": reaching(sheet, sheet.carried)
    }
    affects = {
        name: [k for k, formula in enumerate(formulas) if formula in reached[name]]
        for name in reached
    }
    conditions = [
        f"{{ {_assignment(f'_said[{k}]', at(s.when, 0, 0), sheet)} }}"
        for k, s in enumerate(sheet.sentences)
    ]
    # Two passes, so that an input carried into another's source still gives its old value.
    held = [f"const _next_{name} = new Float64Array(${name}.length);" for name in sheet.carried]
    carries = [f"_next_{name}.set(${source});" for name, source in sheet.carried.items()]
    carries += [f"${name}.set(_next_{name});" for name in sheet.carried]
    carries += [
        f"_follows.{name} = false;" for name in sheet.carried if sheet.blocks[name].expr is not None
    ]
    moves = [
        f"[{', '.join(_moves(series, sheet) for series in chart.series)}]" for chart in sheet.charts
    ]
    body = "\n".join(
        [
            *arrays,
            *held,
            f"const _said = new Float64Array({len(sheet.sentences)});",
            f"const _follows = {{ {', '.join(follows)} }};",
            f"const _affects = {json.dumps(affects)};",
            *functions,
            "const _formulas = [",
            *(_computed(name, sheet, written) for name in formulas),
            "];",
            "const _all = _formulas.map((_, k) => k);",
            "const run = (chosen = _all) => {",
            "for (const k of chosen) _formulas[k]();",
            *conditions,
            "};",
            f"const step = () => {{ {' '.join(carries)} run(_affects['']); }};",
            f"const blocks = {{ {', '.join(f'{name}: ${name}' for name in names)} }};",
            f"const moves = [{', '.join(moves)}];",
            *("const branches = {", *_branches(sheet), "};"),
            "return { blocks, said: _said, follows: _follows, affects: _affects, moves, branches, run, step };",
        ]
    )
    return f"(_rows) => {{\n{called(body)}\n{body}\n}}"
