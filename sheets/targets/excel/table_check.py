"""What a workbook says of a table of data that somebody has edited so that its numbers are not
right: a row without formulas, a gap, rows further down than formulas look.
"""

from __future__ import annotations

from ...language.expr import is_data
from ...language.sheet import Sheet
from .formulas import Corner, Formula, Reference, data_inputs, edited_tables
from .layout import Layout, Place
from .words import excel_text

UNTIL = " Until then, what is computed is not right."
NO_FORMULAS = (
    "A row of the table has no formulas: select the row above it, and fill its computed cells down."
)
GAP = (
    "A row of the table is empty, or a cell of it, or holds a text: fill it, or delete the whole"
    " row."
)
BELOW = (
    "Numbers stand below the last ruled row of the table: insert rows inside the table for them,"
    " and fill its formulas down."
)
TOO_MANY = (
    "The table has more rows than this workbook was made for: take a new one from the lesson, with"
    " as many rows."
)
LOOKED_AT = 200  # rows below the table


def table_check(sheet: Sheet, where: Layout) -> Formula | None:
    """The formula of a cell that says what is wrong with the tables; None: they cannot grow."""
    if not where.spare:
        return None
    asked = _Check(sheet, where)
    conditions = (
        (asked.without_formulas(), NO_FORMULAS),
        (asked.gaps(), GAP),
        (asked.below(), BELOW),
        (asked.too_many(), TOO_MANY),
    )
    template = '""'
    for tests, sentence in reversed(conditions):
        if tests:
            template = f"IF(OR({','.join(tests)}),{excel_text(sentence + UNTIL)},{template})"
    return Formula(template, asked.references, int(sheet.rows or 0) + where.spare)


class _Check:
    """Conditions over the columns of the tables, from their first row to their last."""

    def __init__(self, sheet: Sheet, where: Layout):
        self.sheet, self.where = sheet, where
        self.references: list[Reference] = []
        edited = edited_tables(sheet, where.blocks)
        self.data = [name for name, block in sheet.blocks.items() if is_data(block.shape)]
        here = lambda name: (where.blocks[name].worksheet, where.blocks[name].row) in edited
        self.edited = [name for name in self.data if here(name)]
        self.computed = [name for name in self.edited if name not in sheet.inputs]
        self.inputs = data_inputs(sheet)
        self.key = self._column(self.inputs[0], 0)
        self.count = f"COUNT({self.key})"

    def _mark(self, place: Place, first: Corner, last: Corner) -> str:
        self.references.append(Reference(place.worksheet, first, last))
        return f"\x01{len(self.references) - 1}\x02"

    def _columns(self, name: str, first: int, last: int, below: bool = False) -> str:
        """Rows of some of the block's columns: the table's, or those below it."""
        place = self.where.blocks[name]
        left, right = place.column + first, place.column + last
        if below:
            top = Corner(place.row + 1, "last", left, "")
            return self._mark(place, top, Corner(place.row + LOOKED_AT, "last", right, ""))
        return self._mark(
            place, Corner(place.row, "", left, ""), Corner(place.row, "last", right, "")
        )

    def _column(self, name: str, j: int) -> str:
        return self._columns(name, j, j)

    def _whole(self, name: str, below: bool = False) -> str:
        return self._columns(name, 0, int(self.sheet.blocks[name].shape[1]) - 1, below)

    def _wide(self, name: str) -> str:
        columns = int(self.sheet.blocks[name].shape[1])
        return self.count + (f"*{columns}" if columns > 1 else "")

    def without_formulas(self) -> list[str]:
        cells = (self._whole(name) for name in self.computed)
        return [f"COUNTA({each})<ROWS({each})*COLUMNS({each})" for each in cells]

    def gaps(self) -> list[str]:
        """A cell of a row is empty, or rows stand after an empty one, whose numbers add up to more;
        or a formula goes on where its row was cleared.
        """
        each = [
            f"COUNT({self._column(name, j)})<>{self.count}"
            for name in self.inputs
            for j in range(int(self.sheet.blocks[name].shape[1]))
        ]
        texts = [f"COUNTA({self._whole(name)})<>{self._wide(name)}" for name in self.inputs]
        place = self.where.blocks[self.inputs[0]]
        corner = Corner(place.row, "", place.column, "")
        first = self._mark(place, corner, corner)
        numbers = f'SUMPRODUCT(({self.key}<>"")*(ROW({self.key})-ROW({first})+1))'
        cleared = [f"COUNT({self._whole(name)})>{self._wide(name)}" for name in self.computed]
        return [*each, *texts, f"{numbers}<>{self.count}*({self.count}+1)/2", *cleared]

    def below(self) -> list[str]:
        return [f"COUNT({self._whole(name, below=True)})>0" for name in self.inputs]

    def too_many(self) -> list[str]:
        """More rows than stand in tables that nobody edits, or in a step."""
        others = [name for name in self.data if name not in self.edited]
        return [f"{self.count}>ROWS({self._whole(others[0])})"] if others else []
