"""One fillable formula per block: refs are relative in the cell's own row and column, absolute
elsewhere.

A formula is kept as a template, text with references in it that know how they depend on i, j and
the number of data rows. Written out for a cell it is the workbook's; sent to the page as pieces it
is what the formula bar shows. No dynamic arrays: sums over ranges are SUM, AVERAGE, MAX, SUMPRODUCT
and MMULT inside SUM, which every Excel and LibreOffice know.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from xlsxwriter.utility import xl_col_to_name

from ...language.blocks import Input, infinity_of, words_of
from ...language.categories import Word
from ...language.cells import (
    Running,
    Shifted,
    as_shifted,
    at,
    index,
    index_of,
    placed,
    reads,
    symbols,
)
from ...language.dependencies import walk
from ...language.errors import NeedsBlock
from ...language.expr import Expr, Rows, const, elementwise, is_data, is_number, is_single
from ...language.ops import OPS
from ...language.sheet import Sheet
from ...language.spelling import Test, Text, spell
from .layout import Place
from .limits import check_formula

MOST_TERMS = 255  # of a sum that has to be written out term by term: as many as MAX takes
MOST_CHOICES = 28  # of one CHOOSE: LibreOffice takes no more than some thirty, Excel 254
MARK = re.compile("\x01(\\d+)\x02")
TEST = Test("1*({0})", "({0})")
WHOLE = {
    "sum": "SUM({0})",
    "mean": "AVERAGE({0})",
    "max": "MAX({0})",
    "min": "MIN({0})",
    "argmax": "add|MATCH(MAX({0}),{0},0)-1",
    "argmin": "add|MATCH(MIN({0}),{0},0)-1",
    "count": "COUNT({0})",
    "prod": "PRODUCT({0})",
}
WHOLE |= {f"nan{kind}": spelling for kind, spelling in WHOLE.items()}  # they skip what is no number
WHOLE["nanprod"] = "IF(COUNT({0})=0,1,PRODUCT({0}))"  # of nothing at all it would be 0
BLANK = '""'  # what a formula shows that has no number to show
GAP = "NA()"  # the same where a chart draws it
# What stands for minus infinity under a softmax or a max: EXP of it is 0, and cells show it empty.
LARGEST = 9e307


class Rigid(Exception):
    """A formula that would count empty rows of a table, or that not every program reads with them:
    the table keeps the rows it is written with.
    """


class OtherRows(Exception):
    """A sum of products of a table that a person edits with one of other rows: it needs a copy of
    the block `name` beside the others.
    """

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


def copy_of(name: str) -> str:
    """The block that repeats another row by row, away from the table that a person edits."""
    return f"rows_of_{name}"


# What stands in a column of a block: text with %d where a row's number moves, and how each of those
# follows from the row i of the block: what it begins with, and how many times i is added.
InColumn = tuple[str, tuple[tuple[int, int], ...]]


class Corner(NamedTuple):
    """A cell: row + what `row_with` adds ("", "i", "j", or "last": the table's rows - 1) so many
    times, and the same for its column.
    """

    row: int
    row_with: str
    column: int
    column_with: str
    row_times: int = 1
    column_times: int = 1

    def in_column(self, i: int, j: int, rows: int) -> InColumn:
        add = {"": 0, "i": i, "j": j, "last": rows - 1}
        column = self.column + add[self.column_with] * self.column_times
        name = xl_col_to_name(column, self.column_with != "j")
        if self.row_with == "i":
            return f"{name}%d", ((self.row + 1, self.row_times),)
        return f"{name}${self.row + add[self.row_with] * self.row_times + 1}", ()

    def told(self) -> list[Any]:
        """For the page: without what is the same of nearly all."""
        return list(self)[: 4 if self.row_times == self.column_times == 1 else 6]


class Reference(NamedTuple):
    worksheet: str  # empty: the formula's own
    first: Corner
    last: Corner | None

    def in_column(self, i: int, j: int, rows: int) -> InColumn:
        ends = [corner.in_column(i, j, rows) for corner in (self.first, self.last) if corner]
        ends = list(dict.fromkeys(ends))
        prefix = f"{self.worksheet}!" if self.worksheet else ""
        text = prefix + ":".join(address for address, _ in ends)
        return text, tuple(moves for _, all_moves in ends for moves in all_moves)

    def told(self) -> list[Any]:
        """For the page."""
        return [self.worksheet, self.first.told(), self.last.told() if self.last else None]


@dataclass(frozen=True)
class Formula:
    """template: text with \\x01n\\x02 where reference n stands, without the leading `=`.

    columns: what was written out of it so far, by the column of its block; where columns move with
    the block's row, by that too.
    """

    template: str
    references: list[Reference]
    rows: int
    columns: dict[tuple[int, int], InColumn] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def at(self, i: int, j: int) -> str:
        """`=...` for the cell in row i, column j of its block."""
        key = (i if self._transposes else 0), j
        if key not in self.columns:
            self.columns[key] = self._in_column(i, j)
        text, moves = self.columns[key]
        return text % tuple([row + times * i for row, times in moves])

    @cached_property
    def _transposes(self) -> bool:
        corners = (corner for each in self.references for corner in (each.first, each.last))
        return any(corner.column_with == "i" for corner in corners if corner)

    def _in_column(self, i: int, j: int) -> InColumn:
        pieces = MARK.split("=" + self.template.replace("%", "%%"))
        moves: list[tuple[int, int]] = []
        for k in range(1, len(pieces), 2):
            pieces[k], step = self.references[int(pieces[k])].in_column(i, j, self.rows)
            moves += step
        return "".join(pieces), tuple(moves)

    def pieces(self) -> list:
        """For the page: text, or [worksheet, first corner, last corner or None]."""
        return [
            self.references[int(piece)].told() if k % 2 else piece
            for k, piece in enumerate(MARK.split("=" + self.template))
            if piece
        ]


@dataclass
class Writer:
    """Writes the formulas of one block (or of a sentence) that stands at `here`.

    spare: how many empty rows a table of data has below its own, where a person may type. With
    them, formulas pass over what is empty, and read a table that a person edits from elsewhere by
    the number of its row, so that rows can be inserted there, and deleted.
    spans: of each symbol, the rows or columns it stands for, first and last: ("i", "i") for the
    cell's own, (0, n - 1) in a sum.
    """

    sheet: Sheet
    places: dict[str, Place]
    here: Place
    what: str
    line: str
    references: list[Reference] = field(default_factory=list)
    # block -> the ranges of it that were reduced, and whether each runs over all rows of a table
    ranges: dict[str, list[tuple[Text, bool]]] = field(default_factory=dict)
    spare: int = 0
    blank: str = BLANK

    # --- references

    def _refuse(self, e: Expr, why: str) -> NeedsBlock:
        return NeedsBlock(
            f"{self.what}: Excel cannot state {why} in one cell; give the inner part a block of"
            " its own",
            self.line,
        )

    def _mark(self, reference: Reference) -> Text:
        if reference not in self.references:
            self.references.append(reference)
        return Text(f"\x01{self.references.index(reference)}\x02")

    def _end(self, symbol, spans: dict, which: int) -> tuple[int, str, int]:
        """(number, with, times) of a place's first (0) or last (1) row or column."""
        if isinstance(symbol, Shifted):
            return self._shifted_end(symbol, spans, which)
        return *self._plain_end(symbol, spans, which), 1

    def _shifted_end(self, place: Shifted, spans: dict, which: int) -> tuple[int, str, int]:
        """Of a place that moves with at most one symbol of the cell's own, and runs with others."""
        number, moves = place.plus, ("", 1)
        for symbol, factor in place.terms:
            if symbol in spans:
                number += factor * (int(spans[symbol]) - 1) * which
            else:
                moves = (symbol, factor)
        return number, *moves

    def _plain_end(self, symbol, spans: dict, which: int) -> tuple[int, str]:
        if isinstance(symbol, int):
            return symbol, ""
        if symbol in spans:
            last = spans[symbol]
            if isinstance(last, Running):
                return self._running_end(last, which)
            return (
                (0, "") if which == 0 else (0, "last") if isinstance(last, Rows) else (last - 1, "")
            )
        return 0, symbol

    def _running_end(self, span: Running, which: int) -> tuple[int, str]:
        """The first (0) or last (1) of what a running sum takes."""
        if which == (1 if span.up else 0):
            place = span.place
            assert not isinstance(place, Expr)
            if isinstance(place, Shifted):
                raise self._refuse(const(0), "a running sum over every other cell")
            return (place, "") if isinstance(place, int) else (0, place)
        if which == 0:
            return 0, ""
        return (0, "last") if isinstance(span.n, Rows) else (span.n - 1, "")

    def _range(self, name: str, i, j, spans: dict) -> Text | None:
        """The cells of a block for these symbols, or None where they do not stand side by side (in
        a flat block).
        """
        place, (_, columns) = self.places[name], self.sheet.blocks[name].shape
        if self._is_edited_elsewhere(name) and not any(s in spans for s in symbols(i)):
            return self._row_by_number(name, i, j, spans)
        ends = []
        for which in (0, 1):
            (row, row_with, row_times), (column, column_with, column_times) = (
                self._end(i, spans, which),
                self._end(j, spans, which),
            )
            if place.flat:
                if "last" in (
                    row_with,
                    column_with,
                ):  # a flat table has the number of rows it was written with
                    last = int(self.sheet.blocks[name].shape[0]) - 1 + self.spare
                    row = last if row_with == "last" else row
                    row_with = ""
                if row_with == "i" or column_with == "j":
                    raise self._refuse(const(0), "a cell that moves in a flat block")
                ends.append(
                    Corner(
                        place.row,
                        "i" if place.flat == "moving" else "",
                        place.column + row * int(columns) + column,
                        "",
                    )
                )
            else:
                ends.append(
                    Corner(
                        place.row + row,
                        row_with,
                        place.column + column,
                        column_with,
                        row_times,
                        column_times,
                    )
                )
        if place.flat and columns > 1 and self._is_strided(i, j, spans, int(columns)):
            return None
        worksheet = "" if place.worksheet == self.here.worksheet else place.worksheet
        return self._mark(Reference(worksheet, ends[0], ends[1] if ends[1] != ends[0] else None))

    def _is_edited_elsewhere(self, name: str) -> bool:
        """Whether the block is of a table that a person edits, in other rows than this formula."""
        if not self.spare or not self._is_edited(name):
            return False
        place = self.places[name]
        return (place.worksheet, place.row) != (self.here.worksheet, self.here.row)

    def _is_edited(self, name: str) -> bool:
        place = self.places[name]
        if place.flat or not is_data(self.sheet.blocks[name].shape):
            return False
        return (place.worksheet, place.row) in edited_tables(self.sheet, self.places)

    def _row_by_number(self, name: str, i, j, spans: dict) -> Text:
        """A cell of a table by its row's number."""
        if any(s in spans for s in symbols(j)):
            raise Rigid(self.what)  # Gnumeric finds no row by INDEX(x,k,0)
        whole = self._range(name, "rows", j, {**spans, "rows": self.sheet.blocks[name].shape[0]})
        row = i + 1 if isinstance(i, int) else self._counted(index(i), spans)
        return Text(f"INDEX({whole},{row},1)")

    @staticmethod
    def _is_strided(i, j, spans: dict, columns: int) -> bool:
        """Whether rows of a flat block are taken of which cells between are not."""
        runs = [any(symbol in spans for symbol in symbols(place)) for place in (i, j)]
        return runs[0] and not (runs[1] and isinstance(j, str) and spans[j] == columns)

    def _shape(self, cell: Expr, spans: dict) -> tuple[str, str]:
        """Which symbols run down and across the range of this cell node."""
        name = cell.arg[0]
        running = ([s for s in symbols(place) if s in spans] for place in cell.arg[1:])
        down, across = (names[0] if names else "" for names in running)
        return ("", down + across) if self.places[name].flat else (down, across)

    def _cell(self, e: Expr, spans: dict) -> Text:
        name, i, j = e.arg
        if isinstance(j, Expr) and j.op == "const":  # a row of a transposed block
            j = int(j.arg) if j.arg in range(int(self.sheet.blocks[name].shape[1])) else j
        if isinstance(j, Expr):
            return self._lookup_both(name, i, j, spans)
        if isinstance(i, Expr):
            return self._lookup(name, i, j, spans)
        if is_single(self.sheet.blocks[name].shape) and not self.places[name].flat:
            return Text(self.places[name].name)
        reference = self._range(name, i, j, spans)
        if reference is None:
            raise self._refuse(e, f"a strided range of {name}")
        return reference

    def _lookup_both(self, name: str, i, j: Expr, spans: dict) -> Text:
        """A cell by the numbers of its row and its column."""
        if self.places[name].flat and self.sheet.blocks[name].shape[0] > 1:
            columns = int(self.sheet.blocks[name].shape[1])
            place = index(i) * columns + elementwise("floor", j)
            return Text(f"INDEX({self._whole(name)},1,{self._counted(place, spans)})")
        row, column = (self._counted(index(place), spans) for place in (i, j))
        return Text(f"INDEX({self._whole(name)},{row},{column})")

    def _counted(self, number: Expr, spans: dict) -> str:
        """A row's number as INDEX counts it, from 1; INDEX(x,0) would be all of x."""
        if number.op == "index":
            place = as_shifted(number.arg)
            return f"{self.text(index_of(place._replace(plus=place.plus + 1)), spans)}"
        text = self.text(number, spans)
        if _never_negative(number, self.sheet):
            counted = f"{text:add}"  # ROWS(A$1:A3)-1+1 is ROWS(A$1:A3)
            return counted.removesuffix("-1") if counted.endswith(")-1") else f"{counted}+1"
        return f"IF({text:number}<0,-1,{text:add}+1)"

    def _lookup(self, name: str, i: Expr, j, spans: dict) -> Text:
        if any(reads(i, k) for k in spans):
            raise self._refuse(i, "a look-up with a different row for each term of a sum")
        number = self.text(i, spans)
        if self.places[name].flat and self.sheet.blocks[name].shape[1] > 1:
            return self._flat_lookup(name, number, j, spans)
        row = self._counted(i, spans)
        whole = {
            **spans,
            "rows": self.sheet.blocks[name].shape[0],
            "columns": self.sheet.blocks[name].shape[1],
        }
        across = self.places[name].flat  # then its rows lie beside each other
        if j in spans and not across:
            return Text(f"INDEX({self._range(name, 'rows', 'columns', whole)},{row},0)")
        both = f"1,{row}" if across else f"{row},1"  # one index alone is not the same everywhere
        return Text(f"INDEX({self._range(name, 'rows', j, whole)},{both})")

    def _flat_lookup(self, name: str, number: Text, j, spans: dict) -> Text:
        """In a flat block of several columns, row number and column make one place: row * columns +
        column.
        """
        if j in spans:
            raise self._refuse(const(0), f"a row of {name} in a flat block")
        whole, columns = self._whole(name), int(self.sheet.blocks[name].shape[1])
        place = f"IF({number:number}<0,-1,{number:mul}*{columns}+{j + 1})"
        return Text(f"INDEX({whole},1,{place})")

    def _whole(self, name: str) -> Text:
        """All cells of a block."""
        rows, columns = self.sheet.blocks[name].shape
        reference = self._range(name, "rows", "columns", {"rows": rows, "columns": columns})
        assert reference is not None
        return reference

    # --- text

    def text(self, e: Expr, spans: dict) -> Text:
        match e.op:
            case "const" if isinstance(e.arg, Rows):
                return self.row_count()
            case "const" if isinstance(e.arg, Word):
                return Text(f'"{e.arg.word}"')
            case "const" if math.isnan(e.arg):
                return Text(self.blank)
            case "const":
                number = math.copysign(LARGEST, e.arg) if math.isinf(e.arg) else float(e.arg)
                text = repr(number).removesuffix(".0").upper()
                return Text(text, "atom" if e.arg >= 0 else "add")
            case "index":
                return self._index(e, spans)
            case "cell":
                return self._cell(e, spans)
            case "over":
                return self._over(e, spans)
            case "choose":
                return self._choose(e, spans)
            case "general_power" if _never_negative(e.args[0], self.sheet):
                return spell(
                    "IF({1}=0,1,{0:atom}^{1:atom})", [self.text(a, spans) for a in e.args], TEST
                )
            case "number":
                words = ",".join(f'"{word}"' for word in self._words(e.args[0]))
                cell = self.text(e.args[0], spans)
                return Text(f"MATCH({cell},{{{words}}},0)-1", "add")
            case "minimum" | "maximum" if (k := self._infinite_elsewhere(e.args)) is not None:
                x, other = (self.text(e.args[place], spans) for place in (k, 1 - k))
                formula = spell(OPS[e.op].excel, [x, other], TEST)
                return Text(f"IF(ISNUMBER({x}),{formula},{other})")
            case "known" if self._words(e.args[0]):
                return Text(f"{self.text(e.args[0], spans):number}<>{BLANK}", "test", TEST)
            case "known":
                return Text(f"ISNUMBER({self.text(e.args[0], spans)})", "test", TEST)
            case op:
                return spell(OPS[op].excel, [self.text(a, spans) for a in e.args], TEST)

    def _infinite_elsewhere(self, args: tuple[Expr, ...]) -> int | None:
        """Which of them is read by its row's number and may hold the word `infinite`: MIN and MAX
        pass over a word in a cell, but in IronCalc not over one that INDEX finds.
        """
        places = (
            k
            for k, e in enumerate(args)
            if e.op == "cell"
            and self._is_edited_elsewhere(e.arg[0])
            and infinity_of(self.sheet.blocks[e.arg[0]]) is not None
        )
        return next(places, None)

    def _words(self, e: Expr) -> tuple[str, ...]:
        """The words that a cell may hold; none of a number."""
        return words_of(self.sheet.blocks[e.arg[0]]) if e.op == "cell" else ()

    def absent(self, i) -> str:
        """Whether the table has no row i: its first input is empty, or, seen from elsewhere, it has
        fewer rows.
        """
        key = data_inputs(self.sheet)[0]
        if self._is_edited_elsewhere(key):
            number = i + 1 if isinstance(i, int) else self._counted(index(i), {})
            return f"{number}>{self.row_count()}"
        return f'{self._range(key, i, 0, {})}=""'

    def row_count(self) -> Text:
        data = data_inputs(self.sheet)[0]
        if self.spare:
            return self._rows_filled(data)
        columns = int(self.sheet.blocks[data].shape[1])
        if self.places[data].flat:
            return Text(
                f"COLUMNS({self._whole(data)})" + (f"/{columns}" if columns > 1 else ""),
                "mul" if columns > 1 else "atom",
            )
        return Text(f"ROWS({self._range(data, 'rows', 0, {'rows': self.sheet.rows})})")

    def _rows_filled(self, data: str) -> Text:
        columns = int(self.sheet.blocks[data].shape[1])
        if not self.places[data].flat:
            return Text(f"COUNT({self._range(data, 'rows', 0, {'rows': self.sheet.rows})})")
        per_row = f"/{columns}" if columns > 1 else ""
        return Text(f"COUNT({self._whole(data)}){per_row}", "mul" if per_row else "atom")

    def _index(self, e: Expr, spans: dict) -> Text:
        """The cell's own row or column number, counted from its block's corner."""
        if isinstance(e.arg, Shifted):
            return self._shifted_index(e.arg, spans)
        if e.arg not in ("i", "j") or e.arg in spans or self.here.flat:
            raise self._refuse(e, "the number of a row inside a sum")
        row, column = self.here.row, self.here.column
        if e.arg == "i":
            span = Reference("", Corner(row, "", column, "j"), Corner(row, "i", column, "j"))
            return Text(f"ROWS({self._mark(span)})-1", "add")
        span = Reference("", Corner(row, "i", column, ""), Corner(row, "i", column, "j"))
        return Text(f"COLUMNS({self._mark(span)})-1", "add")

    def _shifted_index(self, place: Shifted, spans: dict) -> Text:
        """That number, times what it is multiplied with, and what is added."""
        text = Text("")
        for symbol, factor in place.terms:
            one = self._index(Expr("index", (), (1, 1), symbol), spans)
            one = one if factor == 1 else Text(f"{one:mul}*{factor}", "mul")
            text = Text(f"{text.text}+{one:mul}" if text.text else one.text, "add")
        counted = text.text.endswith(")-1")  # ROWS(A$1:A1)-1+3 is ROWS(A$1:A1)+2
        rest = place.plus - counted
        more = f"{rest:+d}" if rest else ""
        return Text(text.text.removesuffix("-1") + more if counted else text.text + more, "add")

    def _choose(self, e: Expr, spans: dict) -> Text:
        row, *said = e.args
        if any(reads(e, k) for k in spans):
            raise self._refuse(e, "a choice inside a sum")
        number, rows = self.text(row, spans), [f"{self.text(one, spans)}" for one in said]
        chosen = ""
        for start in reversed(range(0, len(rows), MOST_CHOICES)):
            place = f"{number:add}{1 - start:+d}".removesuffix("-1+1")
            few = f"CHOOSE({place},{','.join(rows[start : start + MOST_CHOICES])})"
            chosen = f"IF({number:number}<{start + MOST_CHOICES},{few},{chosen})" if chosen else few
        return Text(chosen)

    # --- sums

    def _over(self, e: Expr, spans: dict) -> Text:
        kind, k, length = e.arg
        x, inner = e.args[0], {**spans, k: length}
        if kind == "match":
            return Text(f"MATCH({self.text(e.args[1], spans)},{self._cell(x, inner)},0)-1", "add")
        if any(reads(e, outer) for outer in spans):
            raise self._refuse(e, f"a {kind} inside a sum over the same cells")
        if x.op == "over" and x.arg[0] == kind:  # over both axes: one rectangle
            inner[x.arg[1]] = x.arg[2]
            x = x.args[0]
        new = {symbol: n for symbol, n in inner.items() if symbol not in spans}
        whole = WHOLE.get(kind) or self._quantile_of(e.args[1], spans)
        if kind == "sum" and x.op == "known":
            kind, whole, (x,) = "count", WHOLE["count"], x.args
        if x.op == "cell" and not isinstance(x.arg[1], Expr):
            reference = self._range(x.arg[0], x.arg[1], x.arg[2], inner)
            if reference is not None:
                tall = any(isinstance(new.get(s), Rows) for s in symbols(x.arg[1]))
                self.ranges.setdefault(x.arg[0], []).append((reference, tall))
                return spell(whole, [reference], TEST)
        elif x.op == "cell" and not (
            self.places[x.arg[0]].flat and self.sheet.blocks[x.arg[0]].shape[1] > 1
        ):
            return spell(whole, [self._cell(x, inner)], TEST)
        if self._lined_up(x, inner) and kind in ("sum", "mean"):
            over_data = self.spare and any(map(_over_data, new.values()))
            terms = self._terms_of_rows(x, inner) if over_data else self.text(x, inner)
            total = Text(f"SUMPRODUCT({terms})")
            return total if kind == "sum" else self._divided(total, new)
        if kind == "sum" and len(new) == 1:
            product = self._product(e, spans, "", "")
            if product is not None:
                return Text(f"SUM({product})")
        if self.here.flat:
            return self._written_out(kind, whole, x, new, spans)
        raise self._refuse(e, f"this {kind}: its ranges do not line up")

    def _terms_of_rows(self, x: Expr, spans: dict) -> str:
        """x as SUMPRODUCT's arguments: it counts an argument's empty cells and texts as 0, but
        cannot multiply with a text.
        """
        plain = lambda e: e.op == "cell" and not isinstance(e.arg[1], Expr)
        x, terms, bare = self._beside_each_other(x), [], False
        for factor in _factors(x):
            squared = factor.op == "power" and factor.args[1].op == "const"
            if plain(factor):
                terms.append(f"{self.text(factor, spans)}")
                bare = True
            elif squared and factor.args[1].arg == 2 and plain(factor.args[0]):
                terms += [f"{self.text(factor.args[0], spans)}"] * 2
                bare = True
            elif self._passes_over(factor):
                terms.append(f"{self.text(factor, spans)}")
            else:
                raise Rigid(self.what)
        if not bare:  # a row that is not there counts as 0
            cell = next(node for node in walk(x) if plain(node))
            terms.append(f'1*({self.text(cell, spans)}<>"")')
        return ",".join(terms)

    def _beside_each_other(self, x: Expr) -> Expr:
        """x with copies in the place of what stands in an edited table, where it reads others too:
        rows that a person inserts or deletes are not theirs.
        """
        names = {e.arg[0] for e in walk(x) if e.op == "cell" and not self.places[e.arg[0]].flat}
        names = {name for name in names if is_data(self.sheet.blocks[name].shape)}
        edited = {name for name in names if self._is_edited(name)}
        if edited in (set(), names):
            return x
        for name in sorted(edited):
            if copy_of(name) not in self.sheet.blocks:
                raise OtherRows(name)
        return _renamed(x, {name: copy_of(name) for name in edited})

    def _passes_over(self, e: Expr) -> bool:
        """Whether it is a number also where cells are empty: a comparison, whatever it compares; or
        arithmetic with what stands empty, not with what a formula shows as empty.
        """
        if OPS[e.op].excel.startswith("test|") if e.op in OPS else False:
            return all(a.op == "cell" or self._passes_over(a) for a in e.args)
        if e.op == "cell":
            block, place = self.sheet.blocks[e.arg[0]], self.places[e.arg[0]]
            empty = isinstance(block, Input) and not place.flat
            return not isinstance(e.arg[1], Expr) and (not is_data(block.shape) or empty)
        if e.op == "power":
            return e.args[1].op == "const" and e.args[1].arg > 0 and self._passes_over(e.args[0])
        simple = ("add", "subtract", "multiply", "negative", "absolute")
        return e.op == "const" or (e.op in simple and all(map(self._passes_over, e.args)))

    def _divided(self, total: Text, new: dict) -> Text:
        for length in new.values():
            total = Text(f"{total:mul}/{self.text(const(length), {}):pow}", "mul")
        return total

    def _lined_up(self, x: Expr, spans: dict) -> bool:
        """Whether every range in x has the same rows and columns, so that Excel can take them
        element by element.
        """
        shapes = set()
        for node in walk(x):
            if node.op == "cell" and not isinstance(node.arg[1], Expr):
                shapes.add(self._shape(node, spans))
                if self._range(node.arg[0], node.arg[1], node.arg[2], spans) is None:
                    return False
            elif node.op == "cell" and node.arg[2] in spans:
                if self.places[node.arg[0]].flat and self.sheet.blocks[node.arg[0]].shape[1] > 1:
                    return False
                shapes.add(("", node.arg[2]))
        return len(shapes - {("", "")}) == 1

    def _product(self, e: Expr, spans: dict, down: str, across: str) -> str | None:
        """e as a matrix whose rows run with `down` and columns with `across`: a range, or MMULT of
        two. None: it is neither.
        """
        if e.op == "cell" and not isinstance(e.arg[1], Expr):
            product = (
                self._range(e.arg[0], e.arg[1], e.arg[2], spans)
                if self._shape(e, spans) == (down, across)
                else None
            )
            return None if product is None else product.text
        if e.op != "over" or e.arg[0] != "sum" or e.args[0].op != "multiply":
            return None
        _, k, length = e.arg
        a, b = e.args[0].args
        inner = {**spans, k: length}
        pairs = ((a, b), (b, a)) if not down and not across else ((a, b),)
        for left, right in pairs:
            first, second = (
                self._product(left, inner, down, k),
                self._product(right, inner, k, across),
            )
            if first is not None and second is not None:
                return f"MMULT({first},{second})"
        return None

    def _quantile_of(self, q: Expr, spans: dict) -> str:
        """How a quantile of a range is written."""
        if is_number(q, 0.5):
            return "MEDIAN({0})"
        return f"PERCENTILE({{0}},{self.text(q, spans)})"

    def _written_out(self, kind: str, whole: str, x: Expr, new: dict, spans: dict) -> Text:
        """Term by term, where the cells of a flat block do not stand side by side."""
        terms = [x]
        for symbol, length in new.items():
            terms = [_with_index(term, symbol, n) for term in terms for n in range(length)]
        if len(terms) > MOST_TERMS:
            raise self._refuse(x, f"a {kind} of {len(terms)} terms")
        written = [self.text(term, spans) for term in terms]
        if whole.startswith("PERCENTILE"):
            raise self._refuse(x, "a percentile of cells that do not stand side by side")
        if kind in ("max", "min", "count", "prod", "quantile") or kind.startswith("nan"):
            return spell(whole, [Text(",".join(f"{t}" for t in written))], TEST)
        total = Text(
            "+".join([f"{written[0]:add}", *(f"{t:mul}" for t in written[1:])]),
            "add" if len(written) > 1 else written[0].level,
        )
        return total if kind == "sum" else self._divided(total, new)


def _over_data(span: Any) -> bool:
    return isinstance(span.n if isinstance(span, Running) else span, Rows)


def _factors(e: Expr) -> list[Expr]:
    if e.op != "multiply":
        return [e]
    return [factor for a in e.args for factor in _factors(a)]


def _renamed(e: Expr, names: dict[str, str]) -> Expr:
    """e with cells of other blocks."""
    arg = (names.get(e.arg[0], e.arg[0]), *e.arg[1:]) if e.op == "cell" else e.arg
    return Expr(e.op, tuple(_renamed(a, names) for a in e.args), e.shape, arg)


def edited_tables(sheet: Sheet, places: dict[str, Place]) -> set[tuple[str, int]]:
    """Where the tables of data begin in whose rows a person types: worksheet and row."""
    return {(places[name].worksheet, places[name].row) for name in data_inputs(sheet)}


def data_inputs(sheet: Sheet) -> list[str]:
    """The inputs whose rows are data; a row of the table is there where the first is not empty."""
    return [
        name
        for name, block in sheet.blocks.items()
        if is_data(block.shape) and isinstance(block, Input)
    ]


def _never_negative(e: Expr, sheet: Sheet) -> bool:
    """Whether e is sure to be 0 or more: a remainder of a positive number, a count, or an input
    with that limit.
    """
    match e.op:
        case "const":
            return e.arg >= 0
        case "index" | "row_index" | "column_index":
            return True
        case "over":
            return e.arg[0] == "match"
        case "remainder":
            return e.args[1].op == "const" and e.args[1].arg > 0
        case "divide":
            return (
                e.args[1].op == "const" and e.args[1].arg > 0 and _never_negative(e.args[0], sheet)
            )
        case "floor" | "add" | "multiply":
            return all(_never_negative(a, sheet) for a in e.args)
        case "cell" | "ref":
            block = sheet.blocks[e.arg[0] if e.op == "cell" else e.arg]
            if not isinstance(block, Input):
                return block.expr is not None and _never_negative(block.expr, sheet)
            return block.low is not None and block.low >= 0 and block.name not in sheet.carried
    return False


def _with_index(e: Expr, symbol: str, n: int) -> Expr:
    """e with the number n in place of an index symbol."""
    if e.op == "cell":
        name, i, j = e.arg
        i, j = (
            _with_index(x, symbol, n) if isinstance(x, Expr) else placed(x, symbol, n)
            for x in (i, j)
        )
        return Expr("cell", tuple(x for x in (i, j) if isinstance(x, Expr)), e.shape, (name, i, j))
    if e.op == "index":
        return index(placed(e.arg, symbol, n))
    return Expr(e.op, tuple(_with_index(a, symbol, n) for a in e.args), e.shape, e.arg)


def _or_nothing(core: Text, spelled: Expr, there: Expr, writer: Writer) -> Text:
    """core, or nothing where there is no number to show."""
    if spelled.op == "const" or (spelled.op == "where" and spelled.args[0] is there):
        return core  # it says so itself
    return Text(f"IF({writer.text(there, {}):test},{core},{writer.blank})")


def _guarded(core: Text, sign: Expr, writer: Writer) -> str:
    """core, or the word `infinite` where core is an error or a range it sums holds that word."""
    word = (
        '"infinite"'
        if is_number(sign, 1)
        else f'IF({writer.text(sign, {}):add}>0,"infinite","-infinite")'
    )
    infinite = [
        r
        for name, ranges in writer.ranges.items()
        if infinity_of(writer.sheet.blocks[name]) is not None
        for r in ranges
    ]
    if not infinite:
        return f"IFERROR({core},{word})"
    rows = lambda r, tall: f"{writer.row_count():mul}" if tall and writer.spare else f"ROWS({r})"
    uncounted = (
        "+".join(f"COUNT({r})" for r, _ in infinite),
        "+".join(f"{rows(r, tall)}*COLUMNS({r})" for r, tall in infinite),
    )
    return f"IF({uncounted[0]}<{uncounted[1]},{word},{core})"


def formula(
    sheet: Sheet,
    places: dict[str, Place],
    here: Place,
    e: Expr,
    what: str,
    line: str,
    infinite: Expr | None = None,
    last: tuple[int, int] = (0, 0),
    spare: int = 0,
    row_of_table: Any = None,
    blank: str = BLANK,
) -> Formula:
    """The formula of a cell expression (from `at`) standing at `here`. last: the cell furthest from
    there that it fills, whose addresses are longest. spare: empty rows below a table of data.
    row_of_table: the row of the data, "i" or a number, without which the cell shows nothing.
    blank: what it shows where it has no number.

    Raises NeedsBlock, naming `what` and the author's line.
    """
    writer = Writer(sheet, places, here, what, line, spare=spare, blank=blank)
    spelled, there = sheet.gaps.spelled(e) if sheet.has_gaps else (e, None)
    core = writer.text(spelled, {})
    if there is not None:
        core = _or_nothing(core, spelled, there, writer)
    if infinite is None:
        guilty = [name for name in writer.ranges if infinity_of(sheet.blocks[name]) is not None]
        if guilty:
            raise NeedsBlock(
                f"{what} reduces {guilty[0]}, which may be infinite: declare infinite= for"
                f" {what} too",
                line,
            )
        template = f"{core}"
    else:
        template = _guarded(core, infinite, writer)
    if row_of_table is not None:
        template = f'IF({writer.absent(row_of_table)},"",{template})'
    made = Formula(template, writer.references, int(sheet.rows or 0) + spare)
    check_formula(made.at(*last), what, line)
    return made


def block_formula(
    sheet: Sheet,
    places: dict[str, Place],
    name: str,
    spare: int = 0,
    passes_over: bool = False,
    blank: str = BLANK,
) -> Formula:
    """passes_over: it shows nothing beside an empty row of data."""
    block = sheet.blocks[name]
    assert block.expr is not None
    infinity = infinity_of(block)
    sign = None if infinity is None else at(infinity, "i", "j")
    last = int(block.shape[0]) - 1, int(block.shape[1]) - 1
    cell = at(block.expr, "i", "j")
    row = "i" if passes_over else None
    return formula(
        sheet, places, places[name], cell, name, block.line, sign, last, spare, row, blank
    )
