"""Mathematics: a block's equation, q = clip(p, ...), the same for one cell, q_i = ..., and that
with the current numbers in it.

The numbers are slots: `numbers(e)` gives LaTeX in which `\\text{@n@}` stands for slot n, a cell
that is read. Python fills them with `with_numbers`, the page fills the same slots from its own
arrays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import Any, NamedTuple

from ..language.blocks import Block, gradient_of, may_be_empty, words_of
from ..language.categories import Word
from ..language.cells import Index, Running, Shifted, at, placed, symbols
from ..language.errors import NeedsBlock
from ..language.expr import ALL_REDUCTIONS, Expr, Rows, is_number
from ..language.formats import shown
from ..language.ops import OPS
from ..language.sheet import Sheet
from ..language.spelling import LEVELS, Test, Text, spell

TEST = Test(r"\left[{0}\right]", r"\left[{0}\right]")  # Iverson's bracket: 1 where it holds
# Of a sum inside sums: k, l, m, n, then what is left of the alphabet's middle.
INDEX = {"i": "i", "j": "j"} | {f"k{depth}": letter for depth, letter in enumerate("klmnopqrsuvw")}
REDUCED = {
    "sum": r"\sum",
    "mean": r"\mathrm{mean}",
    "max": r"\max",
    "min": r"\min",
    "argmax": r"\arg\max",
    "argmin": r"\arg\min",
    "prod": r"\prod",
}
NAMES = {
    **REDUCED,
    "match": r"\mathrm{match}",
    **{f"nan{kind}": name for kind, name in REDUCED.items()},
    "softmax": r"\mathrm{softmax}",
}
EMPTY = r"\text{empty}"
MOST_TERMS = (
    6  # of a sum written out with its numbers; a longer one shows its first, second and last
)
FEWEST_ROWS = 3  # of data, for a sum shown as first, second, ..., last
SLOT = re.compile(r"\\text\{@(\d+)@\}")


class Slot(NamedTuple):
    """A cell read by another: block, row and column ("i" and "j": the cell's own; "last": the last
    data row).

    A place (symbol, times, plus) moves with the cell's own. An empty block stands for the row
    number itself, counted from 0.
    """

    block: str
    row: Any
    column: Any
    tight: bool  # a negative number needs parentheses here


@dataclass
class SlotText:
    """A number not known yet: in a tight place it asks for parentheses when it is negative.

    Stands where a Text does.
    """

    number: int
    slots: list[Slot]
    level: str = "atom"

    def __format__(self, need: str) -> str:
        if LEVELS.get(need or "any", 0) > LEVELS["add"]:
            self.slots[self.number] = self.slots[self.number]._replace(tight=True)
        return rf"\text{{@{self.number}@}}"


Piece = Text | SlotText


def word(name: str) -> str:
    """A block's own symbol: W_1 -> W_{1}; a longer name stays a word."""
    head, _, rest = name.partition("_")
    if len(head) == 1 and rest:
        return f"{head}_{{{rest.replace('_', ',')}}}"
    return head if len(name) == 1 else rf"\text{{{name.replace('_', ' ')}}}"


def symbol(sheet: Sheet, name: str, index: str = "") -> str:
    """The block's symbol with an index: p_{i}, W_{1}[i,j]; a gradient is written as the quotient it
    is.
    """
    block = sheet.blocks[name]
    differentiated = gradient_of(block)
    if differentiated:
        loss, of = differentiated
        return rf"\frac{{\partial {symbol(sheet, loss)}}}{{\partial {symbol(sheet, of, index)}}}"
    own = block.symbol or word(name)
    if not index:
        return own
    plain = "_" not in own and "text" not in own
    return (
        f"{own}_{{{index.replace(',', '')}}}"
        if plain and not any(c.isdigit() for c in index)
        else f"{own}[{index}]"
    )


def _shifted_text(place: Shifted, plus: int) -> str:
    """A place in letters that count from 1: `2i + k`. plus: 1 for the place itself from 1, too."""
    words = [
        f"{'+' if factor > 0 else '-'} {'' if abs(factor) == 1 else abs(factor)}{INDEX[symbol]}"
        for symbol, factor in place.terms
    ]
    rest = place.plus + plus - sum(factor for _, factor in place.terms)
    words += [f"{'+' if rest > 0 else '-'} {abs(rest)}"] if rest else []
    return " ".join(words).removeprefix("+ ").replace(" ", "")


def _index_text(i: Index, sheet: Sheet) -> str:
    if isinstance(i, Expr):  # a looked-up row number counts from 0
        return _index_text(i.arg, sheet) if i.op == "index" else f"{_tex(i, sheet):pow}+1"
    if isinstance(i, Shifted):
        return _shifted_text(i, 1)
    if isinstance(i, int):
        return str(i + 1)
    return INDEX.get(i, i)


def _subscript(block: Block, i: Index, j: Index, sheet: Sheet) -> str:
    """Rows and columns are counted from 1, as a reader does; an axis of one is not written."""
    rows, columns = block.shape
    parts = [_index_text(i, sheet)] * (rows != 1 or isinstance(rows, Rows)) + [
        _index_text(j, sheet)
    ] * (columns != 1)
    return ",".join(parts)


def number(x: float) -> Text:
    """A constant: 0.5, and 10^{-7} for the very small and large.

    Whole numbers keep all their digits.
    """
    if isinstance(x, Rows):
        return Text("n")
    if x == float("inf"):
        return Text(r"\infty")
    if isnan(x):
        return Text(EMPTY)
    if isinstance(x, Word):
        return Text(rf"\text{{{x.word}}}")
    if x < 0:
        return Text(f"-{number(-x).text}", "add")
    text = f"{x:.6g}"
    if float(text) != x == int(x) and x < 1e15:
        text = str(int(x))
    if "e" in text:
        digits, _, exponent = text.partition("e")
        power = f"10^{{{int(exponent)}}}"
        return Text(power, "pow") if digits == "1" else Text(rf"{digits} \cdot {power}", "mul")
    return Text(text)


def _symbol_text(sheet: Sheet, name: str, index: str = "") -> Text:
    return Text(symbol(sheet, name, index), "pow" if gradient_of(sheet.blocks[name]) else "atom")


def _tex(e: Expr, sheet: Sheet) -> Text:
    """LaTeX of a block expression or of a cell expression."""
    match e.op:
        case "const":
            return number(e.arg)
        case "ref":
            return _symbol_text(sheet, e.arg)
        case "index" if isinstance(e.arg, Shifted):
            return Text(_shifted_text(e.arg, 0), "add")
        case "index":
            return Text(f"{INDEX.get(e.arg, e.arg)}-1", "add")
        case "slice" | "window" | "pad" | "repeat" | "join" | "reshape":
            return _part(e, sheet)
        case "hole":
            return Text(r"\text{before}" if e.arg == "before" else f"x_{{{e.arg + 1}}}")
        case "scan":
            over = ", ".join(f"{_tex(x, sheet)}" for x in e.args[1:-2])
            return Text(rf"\mathrm{{scan}}\left({_tex(e.args[-1], sheet)};\; {over}\right)")
        case "shift":
            way = r"\downarrow" if e.arg == 1 else r"\uparrow"
            return Text(f"{_tex(e.args[0], sheet):atom}^{{{way}}}", "pow")
        case "row_index":
            return Text("i-1", "add")
        case "column_index":
            return Text("j-1", "add")
        case "transpose":
            return Text(f"{_tex(e.args[0], sheet):atom}^\\top", "pow")
        case "expand":
            return _tex(e.args[0], sheet)
        case "matmul":
            a, b = (_tex(x, sheet) for x in e.args)
            return Text(rf"{a:mul}\, {b:pow}", "mul")
        case "take":
            x, rows = e.args
            return Text(f"{_tex(x, sheet):atom}[{_tex(rows, sheet)}]")
        case "put":
            g, rows = e.args
            return Text(
                rf"\sum_{{k:\, {_tex(rows, sheet):atom}[k] = i-1}} {_tex(g, sheet):atom}[k]", "term"
            )
        case "stack":
            return Text(_listed([f"{_tex(x, sheet)}" for x in e.args]))
        case "choose":
            chosen, *formulas = e.args
            listed = _listed([f"{_tex(formula, sheet)}" for formula in formulas])
            place = f"{_tex(chosen, sheet):add}+1".replace("-1+1", "")
            return Text(f"{listed}_{{{place}}}", "pow")
        case "log_softmax":
            under = _direction(e.arg, across="")
            return Text(rf"\ln\mathrm{{softmax}}{under}\left({_tex(e.args[0], sheet)}\right)")
        case "match":
            ids, who = (_tex(x, sheet) for x in e.args)
            return Text(rf"\mathrm{{match}}\left({ids}, {who}\right)")
        case "rank" | "order" | "take_along" | "put_along":
            inside = ", ".join(f"{_tex(x, sheet)}" for x in e.args)
            word_of = {"take_along": "take", "put_along": "put"}.get(e.op, e.op)
            under = _direction(e.arg, across=r"_{\rightarrow}")
            return Text(rf"\mathrm{{{word_of}}}{under}\left({inside}\right)")
        case "number":
            return Text(rf"\mathrm{{number}}\left({_tex(e.args[0], sheet)}\right)")
        case "known":
            return Text(rf"{_tex(e.args[0], sheet):add} \text{{ known}}", "test", TEST)
        case "cumsum":
            axis, up = e.arg
            under = _direction(axis if up else None, across=r"_{\rightarrow}")
            return Text(rf"\mathrm{{cumsum}}{under}\left({_tex(e.args[0], sheet)}\right)")
        case kind if kind in ALL_REDUCTIONS or kind == "softmax":
            under = _direction(e.arg, across="" if kind == "softmax" else r"_{\rightarrow}")
            if kind in ("sum", "nansum"):
                return Text(f"{NAMES[kind]}{under} {_tex(e.args[0], sheet):term}", "term")
            return Text(rf"{_name_of(e)}{under}\left({_tex(e.args[0], sheet)}\right)")
        case "cell":
            name, i, j = e.arg
            return _symbol_text(sheet, name, _subscript(sheet.blocks[name], i, j, sheet))
        case "over":
            return _over(e, sheet)
        case "where":
            return _cases(e, lambda x: _tex(x, sheet))
        case op:
            return spell(OPS[op].latex, [_tex(a, sheet) for a in e.args], TEST)


def _name_of(e: Expr) -> str:
    """What a reduction is called."""
    kind = e.arg[0] if e.op == "over" else e.op
    if not kind.endswith("quantile"):
        return NAMES[kind]
    q = e.args[1]
    plain = is_number(q, 0.5) or q.op != "const"
    return (
        r"\mathrm{median}"
        if is_number(q, 0.5)
        else (r"\mathrm{quantile}" if plain else rf"\mathrm{{quantile}}^{{{q.arg:g}}}")
    )


def _part(e: Expr, sheet: Sheet) -> Text:
    """Parts of blocks by fixed numbers."""
    first, *others = (_tex(x, sheet) for x in e.args)
    match e.op:
        case "slice":
            places = [
                _taken(steps.start, steps.step, int(n))
                for steps, n in zip(e.arg, e.shape, strict=True)
            ]
            return Text(f"{first:atom}[{', '.join(places)}]")
        case "window" if others:
            under = "" if e.arg[2] == (1, 1) else rf"_{{{e.arg[2][0]},{e.arg[2][1]}}}"
            return Text(rf"{first:mul} \star{under} {others[0]:pow}", "mul")
        case "window":
            kind, (rows, columns), _ = e.arg
            return Text(rf"{NAMES[kind]}_{{{rows} \times {columns}}}\left({first}\right)")
        case "join":
            between = r" \\ " if e.arg == 0 else " & "
            inside = between.join(f"{x}" for x in (first, *others))
            return Text(rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}")
        case name:
            return Text(rf"\mathrm{{{name}}}\left({first}\right)")


def _taken(start: int, step: int, count: int) -> str:
    """The rows or columns of a slice, counted from 1: 2, 1:3, 1:2:9."""
    last = start + step * (count - 1)
    if count == 1:
        return f"{start + 1}"
    between = "" if step == 1 else f"{step}{{:}}"
    return f"{start + 1}{{:}}{between}{last + 1}"


def _direction(axis: int | None, across: str) -> str:
    """The arrow under a reduction: down or across."""
    return {0: r"_{\downarrow}", 1: across}.get(axis, "") if axis is not None else ""


def _listed(said: list[str]) -> str:
    """(a, b, \\ldots, z): what stands below each other."""
    shown_rows = said if len(said) <= MOST_TERMS else [*said[:2], r"\ldots", said[-1]]
    return rf"\left({', '.join(shown_rows)}\right)"


def _over(e: Expr, sheet: Sheet) -> Text:
    kind, k, length = e.arg
    body = _tex(e.args[0], sheet)
    if kind == "match":
        return Text(rf"\min \{{ {INDEX[k]}-1 : {body} = {_tex(e.args[1], sheet)} \}}")
    if kind == "nansum":
        return Text(rf"\sum_{{{INDEX[k]}:\,\text{{known}}}} {body:term}", "term")
    if kind.startswith("nan"):
        return Text(rf"{_name_of(e)}_{{{INDEX[k]}:\,\text{{known}}}}\left({body}\right)")
    if kind in ("sum", "mean"):
        lower, upper = _ends(length, sheet)
        total = Text(rf"\sum_{{{INDEX[k]}={lower}}}^{{{upper}}} {body:term}", "term")
        return total if kind == "sum" else Text(rf"\frac{{1}}{{{upper}}} {total}", "term")
    return Text(rf"{_name_of(e)}_{{{INDEX[k]}}}\left({body}\right)")


def _ends(length: int | Running, sheet: Sheet) -> tuple[str, str]:
    """From where to where a sum goes, counted from 1."""
    if isinstance(length, Running):
        here, last = _index_text(length.place, sheet), _ends(length.n, sheet)[1]
        return ("1", here) if length.up else (here, last)
    return "1", "n" if isinstance(length, Rows) else str(int(length))


def _cases(e: Expr, tex: Callable[[Expr], Piece]) -> Text:
    """Nested choices as one list: a choice that falls back to the same number joins its conditions
    by `and`, a choice in the last place adds lines.
    """
    lines = []
    while e.op == "where":
        condition, yes, no = e.args
        conditions = [condition]
        while (
            yes.op == "where"
            and yes.args[2].op == "const"
            and no.op == "const"
            and yes.args[2].arg == no.arg
        ):
            conditions.append(yes.args[0])
            yes = yes.args[1]
        both = r" \text{ and } ".join(_condition(tex(c)) for c in conditions)
        lines.append(rf"{tex(yes)} & \text{{if }} {both}")
        e = no
    lines.append(rf"{tex(e)} & \text{{else}}")
    return Text(r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}", "pow")


def _condition(text: Piece) -> str:
    return f"{text:test}" if isinstance(text, Text) and text.test else rf"{text:add} \neq 0"


def equation(sheet: Sheet, name: str) -> str:
    """The block form: `q = clip(p, ...)`."""
    expr = sheet.blocks[name].expr
    return symbol(sheet, name) + ("" if expr is None else f" = {_tex(expr, sheet)}")


def cell_equation(sheet: Sheet, name: str) -> str:
    """The cell form, in i and j: `q_i = ...`."""
    block = sheet.blocks[name]
    left = symbol(sheet, name, _subscript(block, "i", "j", sheet))
    return left + ("" if block.expr is None else f" = {_tex(at(block.expr, 'i', 'j'), sheet)}")


# --- the cell form with its numbers


def numbers(e: Expr) -> tuple[str, list[Slot]]:
    """LaTeX of a cell expression (from `at`), a slot for each number it reads; sums written out,
    long ones shortened. Raises NeedsBlock.
    """
    slots: list[Slot] = []
    text = f"{_slotted(e, {}, slots)}"
    return text, slots


def _slotted(e: Expr, spans: dict, slots: list[Slot]) -> Piece:
    match e.op:
        case "const" if isinstance(e.arg, Rows):
            return Text("n")
        case "const":
            return number(e.arg)
        case "index":
            slots.append(Slot("", _spanned(e.arg, spans), 0, False))
            return SlotText(len(slots) - 1, slots)
        case "cell":
            name, i, j = e.arg
            if isinstance(i, Expr) or isinstance(j, Expr):
                slots.append(Slot(name, "lookup", "lookup", False))
                raise NeedsBlock(f"{name} is looked up")
            slots.append(Slot(name, _spanned(i, spans), _spanned(j, spans), False))
            return SlotText(len(slots) - 1, slots)
        case "over":
            return _terms(e, spans, slots)
        case "choose":
            raise NeedsBlock("a row is chosen by its number")
        case "number":
            return Text(rf"\mathrm{{number}}\left({_slotted(e.args[0], spans, slots)}\right)")
        case "known":
            return Text(rf"{_slotted(e.args[0], spans, slots):add} \text{{ known}}", "test", TEST)
        case "where":
            return _cases(e, lambda x: _slotted(x, spans, slots))
        case op:
            return spell(OPS[op].latex, [_slotted(a, spans, slots) for a in e.args], TEST)


def _spanned(i: Any, spans: dict) -> Any:
    """A place with the terms of its sums in it: what is left moves with the cell's own, as (symbol,
    times, plus).
    """
    if not isinstance(i, Shifted):
        return spans.get(i, i)
    for symbol in symbols(i):
        i = placed(i, symbol, spans[symbol]) if symbol in spans else i
    if not isinstance(i, Shifted):
        return i
    if len(i.terms) > 1:
        raise NeedsBlock("a place that moves with its row and its column")
    return (*i.terms[0], i.plus)


def _terms(e: Expr, spans: dict, slots: list[Slot]) -> Text:
    kind, k, length = e.arg
    if kind == "match":
        raise NeedsBlock("a row is looked for")
    if isinstance(length, Running):
        raise NeedsBlock("how many terms it has differs from cell to cell")
    shown_terms: list[int | str] = (
        list(range(length))
        if length <= MOST_TERMS and not isinstance(length, Rows)
        else [0, 1, "last"]
    )
    written = [
        _slotted(
            e.args[0], {**spans, k: term if not isinstance(term, str) else _last(length)}, slots
        )
        for term in shown_terms
    ]
    if kind not in ("sum", "nansum", "mean"):
        inside = [f"{t}" for t in written]
        inside = inside if len(inside) == length else [*inside[:-1], r"\ldots", inside[-1]]
        return Text(rf"{_name_of(e)}\left({', '.join(inside)}\right)")
    inside = [f"{written[0]:add}", *(f"{t:term}" for t in written[1:])]
    if "last" in shown_terms:
        inside.insert(-1, r"\cdots")
    total = Text(" + ".join(inside), "add" if len(inside) > 1 else written[0].level)
    count = "n" if isinstance(length, Rows) else str(int(length))
    return Text(rf"\frac{{{total}}}{{{count}}}") if kind == "mean" else total


def _last(length: int) -> int | str:
    return "last" if isinstance(length, Rows) else length - 1


def shown_tex(x: float, block: Block) -> str:
    """A number as the block's cells show it, in LaTeX: 97.5\\%, 10^{-5}, \\infty."""
    if isnan(x) and may_be_empty(block):
        return EMPTY
    if words_of(block):
        return rf"\text{{{words_of(block)[int(x)]}}}"
    said = shown(x, block.format)
    if "infinite" in said:
        return said.replace("infinite", r"\infty")
    if "e" in said and "undefined" not in said:
        return number(float(said)).text
    return rf"\text{{{said}}}" if said == "undefined" else said.replace("%", r"\%")


def with_numbers(sheet: Sheet, name: str, i: int, j: int, blocks: dict) -> str:
    """The cell form with the current numbers: `q_i = ... = 0.98`. Rows and columns from 0."""
    expr = sheet.blocks[name].expr
    try:
        text, slots = ("", []) if expr is None else numbers(at(expr, "i", "j"))
    except NeedsBlock:
        return ""
    if any(slot.row == "last" for slot in slots) and int(sheet.rows or 0) < FEWEST_ROWS:
        return ""
    own: dict[Any, int] = {"i": i, "j": j, "last": int(sheet.rows or 1) - 1}

    def place(symbol: Any) -> int:
        if isinstance(symbol, tuple):
            return own[symbol[0]] * symbol[1] + symbol[2]
        return symbol if isinstance(symbol, int) else own[symbol]

    def fill(match: re.Match) -> str:
        slot = slots[int(match[1])]
        row, column = place(slot.row), place(slot.column)
        if not slot.block:
            return str(row)
        x = float(blocks[slot.block][row, column])
        said = shown_tex(x, sheet.blocks[slot.block])
        return f"({said})" if slot.tight and (x < 0 or "^" in said) else said

    result = shown_tex(float(blocks[name][i, j]), sheet.blocks[name])
    return f"{result} = {SLOT.sub(fill, text)}" if text else result
