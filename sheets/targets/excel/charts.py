"""Native charts of the sheet's charts: series over cells, over the steps' columns, and segments as
error bars.

What only a page can do has no counterpart: ghosts and dragging. A contour is a table of coloured
cells.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from ...language.blocks import Block, Computed, Group, may_be_empty
from ...language.charts import STEP, Axis, Chart, Limit, Series
from ...language.expr import Expr, elementwise, is_data, is_single
from ...language.functions import row_index
from ...language.roles import ROLES
from ...language.sheet import Sheet
from ..numpy import Values
from .book import Workbook
from .formulas import copy_of
from .layout import NOTE_ROWS, Layout, Place, contours, row_name
from .steps import Steps
from .styles import NARROWEST, Styles, pixels
from .words import plain

LENGTHS = "Chart_data"  # the worksheet of the segments' lengths
DASHES = ("solid", "dash", "round_dot", "dash_dot")  # as on the page
SYMBOLS = ("circle", "diamond", "square", "triangle", "x")
WIDTH, HEIGHT = 620, 400  # pixels, of a sheet beside the main one
ROW, CHART_GAP = 20, 8  # pixels
LOG_LABELS = "[<0.0001]0E+00;[>999999]0E+00;General"  # 1E-05, 0.0001, 100, 1E+06
MOST_LABELS = 10  # along an axis
TALL = HEIGHT // ROW + NOTE_ROWS + 1  # rows from one such chart to the next
COLOURS = (
    "#FFF3B0",
    "#A6D8C8",
    "#7FB0DD",
)  # of a contour's low, middle and high cells: light enough for black numbers


def cells_of(block: Block, place: Place, spare: int = 0) -> str:
    """`=Sheet!$B$5:$B$9`: the block's cells, with the empty rows below a table of data."""
    rows = int(block.shape[0]) + spare * is_data(block.shape)
    last = place.row + rows - 1, place.column + int(block.shape[1]) - 1
    return f"={place.worksheet}!{xl_range_abs(place.row, place.column, *last)}"


# --- segments


def _lengths(chart: int, series: int) -> tuple[str, str]:
    """The blocks that hold how far a segment runs up and down."""
    return (
        f"chart_{chart + 1}_series_{series + 1}_up",
        f"chart_{chart + 1}_series_{series + 1}_down",
    )


def lengths_drawn(sheet: Sheet, over_steps: bool) -> set[str]:
    """The lengths of segments that are drawn over steps, or of those that are not."""
    series = [
        (c, s, series)
        for c, chart in enumerate(sheet.charts)
        for s, series in enumerate(chart.series)
    ]
    return {
        name
        for c, s, each in series
        if each.mode == "segments" and each.steps == over_steps
        for name in _lengths(c, s)
    }


def with_lengths(sheet: Sheet) -> Sheet:
    """The sheet with blocks for its segments' lengths: a native error bar wants lengths, a series
    says where it ends.
    """
    segments = [
        (c, s, series)
        for c, chart in enumerate(sheet.charts)
        for s, series in enumerate(chart.series)
        if series.mode == "segments"
    ]
    if not segments:
        return sheet
    note = "How far each segment of a chart runs up or down"
    new = _beside(sheet, "Lengths of segments", note)
    for c, s, series in segments:
        start, end = sheet[series.y], sheet[series.to]
        for name, length, way in zip(
            _lengths(c, s), (end - start, start - end), ("up", "down"), strict=True
        ):
            new.let(
                name,
                np.maximum(0, length),
                role=series.role,
                note=f"{series.label}: how far {way} from {series.y} to {series.to}",
            )
    return new


# --- points of a table of data


def _points(sheet: Sheet) -> dict[tuple[int, int, str], str]:
    """Of each series over rows of data: chart, series and block to the block that is drawn."""
    return {
        (c, s, name): f"chart_{c + 1}_series_{s + 1}_{axis}"
        for c, chart in enumerate(sheet.charts)
        for s, series in enumerate(chart.series)
        for axis, name in (("x", series.x), ("y", series.y))
        if not series.steps and is_data(sheet.blocks[name].shape)
    }


def _with_gaps(sheet: Sheet) -> dict[tuple[int, int, str], str]:
    """The same of each series over computed cells of which some may show no number."""
    return {
        (c, s, series.y): f"chart_{c + 1}_series_{s + 1}_y"
        for c, chart in enumerate(sheet.charts)
        for s, series in enumerate(chart.series)
        if not series.steps and isinstance(sheet.blocks[series.y], Computed)
        if may_be_empty(sheet.blocks[series.y])
    }


def points_drawn(sheet: Sheet) -> set[str]:
    return set((_points(sheet) | _with_gaps(sheet)).values()) & sheet.blocks.keys()


def with_copies(sheet: Sheet, names: Iterable[str]) -> Sheet:
    """The sheet with a copy of each of these blocks, apart from the table that a person edits."""
    if not names:
        return sheet
    note = "As they stand in the table, row by row: rows may be inserted there."
    new = _beside(sheet, "Rows of the table", note)
    for name in names:
        block = sheet.blocks[name]
        new.let(copy_of(name), sheet[name], role=block.role, note=f"{block.words}, row by row")
    order = {name: k for k, name in enumerate(sheet.blocks)}
    place = lambda name: order.get(name, order.get(name.removeprefix(copy_of("")), 0) + 0.5)
    new.blocks = {name: new.blocks[name] for name in sorted(new.blocks, key=place)}
    return new


def drawn_as(sheet: Sheet, chart: int, k: int, name: str) -> str:
    """The block that is drawn in the place of `name`."""
    drawn = (_points(sheet) | _with_gaps(sheet)).get((chart, k, name), name)
    return drawn if drawn in sheet.blocks else name


def _beside(sheet: Sheet, title: str, note: str) -> Sheet:
    """The sheet with a group of its own for blocks that only charts draw."""
    new = sheet.copied()
    new.groups.append(Group(title, note, LENGTHS))
    return new


def with_points(sheet: Sheet) -> Sheet:
    """The sheet with blocks for the points of its tables of data, of which empty rows repeat the
    last: Excel would draw a formula's empty text as 0, and a text among the numbers of x makes
    them 1, 2, 3.
    """
    points = _points(sheet)
    if not points:
        return sheet
    note = "As charts draw them: rows that are still empty repeat the last point."
    new = _beside(sheet, "Points of the tables", note)
    for (c, s, name), drawn in points.items():
        block = sheet.blocks[name]
        row = elementwise("minimum", row_index(block.shape[0]), block.shape[0] - 1)
        label = sheet.charts[c].series[s].label
        new.let(drawn, sheet[name][row], role=block.role, note=f"{label}: {block.words}")
    return new


def with_gaps(sheet: Sheet) -> Sheet:
    """The sheet with blocks for what a chart draws of cells that may show no number: there they
    hold #N/A, which every program draws as a gap, and a formula's empty text as 0.
    """
    gaps = {key: name for key, name in _with_gaps(sheet).items() if name not in sheet.blocks}
    if not gaps:
        return sheet
    note = "As charts draw them: #N/A is a gap."
    new = _beside(sheet, "Points with gaps", note)
    for (c, s, name), drawn in gaps.items():
        block, label = sheet.blocks[name], sheet.charts[c].series[s].label
        new.let(drawn, sheet[name], role=block.role, note=f"{label}: {block.words}")
    return new


# --- charts


class Drawn(NamedTuple):
    """A sheet as its charts see it. steps: the last one written."""

    sheet: Sheet
    where: Layout
    plan: Steps | None
    steps: int
    numbers: Values

    def names(self, name: str) -> str:
        """The cells that say what those of a row or column are called; "" where none does."""
        sheet, place = self.sheet, self.where.seen(name)
        group = next(each for each in self.where.groups if name in each.group.blocks)
        rows, columns = map(int, sheet.blocks[name].shape)
        if rows == 1 and sheet.blocks[name].columns_named:
            where = xl_range_abs(
                place.row - 1, place.column, place.row - 1, place.column + columns - 1
            )
        elif columns == 1 and all(row_name(sheet, group.group, i) for i in range(rows)):
            where = xl_range_abs(place.row, group.column, place.row + rows - 1, group.column)
        else:
            return ""
        return f"={place.worksheet}!{where}"

    def cells(self, name: str, chart: int, k: int) -> str:
        """What the chart's series number k draws of the block `name`."""
        series = self.sheet.charts[chart].series[k]
        if series.steps and self.plan is not None:
            return self.plan.cells(name, self.steps)
        name = drawn_as(self.sheet, chart, k, name)
        return cells_of(self.sheet.blocks[name], self.where.shown[name], self.where.spare)


def write_charts(
    book: Workbook,
    page: Worksheet,
    drawn: Drawn,
    styles: Styles,
    corner: tuple[int, int],
    across: int,
    size: tuple[int, int],
    widths: Mapping[int, float],
    heights: Mapping[int, int] | None = None,
) -> None:
    """The sheet's charts from this cell on, `across` of them beside each other.

    size: of each, in pixels, about: it begins and ends where a column does, so that its words stand
    below it. widths: of the worksheet's columns, in characters. heights: of its rows, in pixels,
    where they are not ROW.
    """
    heights = heights or {}
    rows = -(-size[1] // ROW)
    for k, chart in enumerate(drawn.sheet.charts):
        row, left = corner[0] + (k // across) * (rows + NOTE_ROWS + 1), (k % across) * size[0]
        first, after = (column_near(widths, corner[1], each) for each in (left, left + size[0]))
        last = max(first, after - 1)
        if chart.series:
            wide = sum(pixels(widths.get(column, NARROWEST)) for column in range(first, last + 1))
            made = _chart(book, drawn, k, (wide, size[1]))
            options = {"description": _note(chart) or chart.title, "x_offset": CHART_GAP}
            page.insert_chart(row, first, made, options)
        note = " ".join(text for text in (_note(chart), _contour_note(drawn, chart)) if text)
        if note:
            below = row_at(heights, row, size[1])
            page.merge_range(below, first, below + NOTE_ROWS - 1, last, note, styles.caption)


def row_at(heights: Mapping[int, int], first: int, down: int) -> int:
    """The row that begins at, or below, so many pixels below the top of the first one."""
    row, taken = first, 0
    while taken < down - CHART_GAP:
        taken += heights.get(row, ROW)
        row += 1
    return row


# What a legend or a caption says of the page alone: nothing is dragged in a workbook, and no
# earlier line is left standing.
ON_THE_PAGE = re.compile(
    r" with faint copies of earlier ones| \(drag [^)]*\)|: (drag|draw)( it| them)?$", re.IGNORECASE
)


def without_dragging(note: str) -> str:
    """A group's note without what it says of dragging and clicking; nothing where it begins so."""
    clauses = re.findall(r"[^,;]+[,;]?", note)
    kept = [clause for clause in clauses if not DRAGGING.search(clause)]
    if not kept or kept[0] != clauses[0]:
        return "" if len(kept) < len(clauses) else note
    return "".join(kept).rstrip(",;")


DRAGGING = re.compile(r"\b(drag|click)", re.IGNORECASE)


def label_of(series: Series) -> str:
    """What the series is called where nothing can be dragged."""
    return ON_THE_PAGE.sub("", series.label)


def _note(chart: Chart) -> str:
    return ON_THE_PAGE.sub("", chart.note)


def column_at(widths: Mapping[int, float], first: int, left: int) -> int:
    """The column that begins at, or right of, so many pixels right of the first one."""
    column, taken = first, 0
    while taken < left:
        taken += pixels(widths.get(column, NARROWEST))
        column += 1
    return column


def column_near(widths: Mapping[int, float], first: int, left: int) -> int:
    """The column that begins nearest to so many pixels right of the first one."""
    column, taken = first, 0
    while taken + pixels(widths.get(column, NARROWEST)) / 2 < left:
        taken += pixels(widths.get(column, NARROWEST))
        column += 1
    return column


def _contour_note(drawn: Drawn, chart: Chart) -> str:
    if chart.contour is None:
        return ""
    place = drawn.where.blocks[chart.contour.z]
    return (
        f"The page also draws contour lines: here, the coloured table {chart.contour.z} on the"
        f" worksheet {place.worksheet}."
    )


def colour_contours(pages: dict[str, Worksheet], sheet: Sheet, where: Layout) -> None:
    """Tables of z from low to high; the middle colour at the median, which suits linear and
    logarithmic levels alike.
    """
    for z in dict.fromkeys(contour.z for contour in contours(sheet)):
        rows, columns = sheet.blocks[z].shape
        place = where.blocks[z]
        scale = dict(zip(("min_color", "mid_color", "max_color"), COLOURS, strict=True))
        options = {"type": "3_color_scale", "mid_type": "percentile", "mid_value": 50, **scale}
        last = place.row + int(rows) - 1, place.column + int(columns) - 1
        pages[place.worksheet].conditional_format(place.row, place.column, *last, options)


def _series(drawn: Drawn, chart: int, k: int) -> dict[str, Any]:
    """The chart's series number k: told by colour, and by its dashes or its marker's shape.

    Over steps, each point has its dot.
    """
    series = drawn.sheet.charts[chart].series[k]
    colour = ROLES[series.role].colour
    symbol, size = {
        "lines": (SYMBOLS[k % len(SYMBOLS)] if series.steps else "none", 4),
        "markers": (SYMBOLS[k % len(SYMBOLS)], 8),
        "bars": ("", 0),  # which have none
        "segments": ("circle", 3),
    }[series.mode]
    options: dict[str, Any] = {
        "name": plain(label_of(series)),
        "categories": drawn.cells(series.x, chart, k),
        "values": drawn.cells(series.y, chart, k),
        "line": (
            {"color": colour, "width": 2, "dash_type": DASHES[k % len(DASHES)]}
            if series.mode == "lines"
            else {"none": True}
        ),
    }
    if symbol == "none":
        options["marker"] = {"type": "none"}
    elif symbol:
        options["marker"] = {
            "type": symbol,
            "size": size,
            "fill": {"color": colour},
            "border": {"color": "white" if size == 8 else colour},
        }
    if series.mode == "segments":
        plus, minus = (drawn.cells(name, chart, k) for name in _lengths(chart, k))
        line = {"color": colour, "width": 1.5}
        options["y_error_bars"] = {
            "type": "custom",
            "plus_values": plus,
            "minus_values": minus,
            "end_style": 0,
            "line": line,
        }
    return options


def _limit(limit: Limit, numbers: Values) -> float | None:
    """A limit as it is now; None where the program finds it from what is drawn."""
    if isinstance(limit, str):
        number = float(numbers[limit][0, 0])
        return number if math.isfinite(number) else None
    assert not isinstance(limit, Expr), "a chart that is checked has names"
    return limit


def _axis(axis: Axis, over_steps: bool, numbers: Values) -> dict[str, Any]:
    """Widened to round numbers, since a program labels an axis from its low end on.

    over_steps: it ends where the steps do.
    """
    from_, to = (_limit(limit, numbers) for limit in (axis.low, axis.high))
    options: dict[str, Any] = {
        "name": plain(", ".join([axis.title, *(f"{k} {x}" for k, x in enumerate(axis.names))])),
        "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}},
    }
    if from_ is None or to is None or from_ >= to:  # it scales itself, on one side or both
        given = {"min": from_, "max": None if over_steps else to}
        told = {key: x for key, x in given.items() if x is not None}
        log = {"log_base": 10, "num_format": LOG_LABELS} if axis.scale == "log" else {}
        return options | told | log | {"crossing": "min", "label_position": "low"}
    if axis.scale == "log":
        low, high = 10.0 ** math.floor(math.log10(from_)), 10.0 ** math.ceil(math.log10(to))
        options |= {"log_base": 10, "num_format": LOG_LABELS}
    else:
        unit = _round_up((to - from_) / MOST_LABELS)
        low, high = (
            float(f"{ends * unit:.12g}")
            for ends in (math.floor(from_ / unit), math.ceil(to / unit))
        )
    options |= {"label_position": "low"}
    if axis.follows:
        return options  # the program's own choice, as what is drawn may lie anywhere
    options |= {"min": low, "crossing": low}
    if not over_steps:
        options |= {"max": high} | ({} if axis.scale == "log" else {"major_unit": unit})
    return options


def _round_up(x: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(x))
    return next(
        float(f"{digit * power:.12g}") for digit in (1, 2, 5, 10) if digit * power >= x * (1 - 1e-9)
    )


def _chart(book: Workbook, drawn: Drawn, number: int, size: tuple[int, int]):
    chart = drawn.sheet.charts[number]
    over_steps = any(series.x == STEP for series in chart.series)
    across = _axis(chart.x, over_steps, drawn.numbers)
    up = _axis(chart.y, False, drawn.numbers)
    named: dict[int, int] = {}
    if any(series.mode == "bars" for series in chart.series):
        made = _bars(book, drawn, number)
        across = {"name": plain(chart.x.title), "label_position": "low"}
        up |= {"crossing": 0}
    else:
        made = book.add_lines()
        named = {} if chart.equal else _named_at_ends(drawn, chart, across, up)
        for k, series in enumerate(chart.series):
            made.add_series(_series(drawn, number, k) | _end_name(series, named.get(k)))
    if chart.equal and {"min", "max"} <= across.keys() & up.keys():
        made.set_plotarea({"layout": _equal(across, up, size)})
    made.set_title({"name": plain(chart.title), "name_font": {"size": 12}, "overlay": False})
    made.set_x_axis(across)
    made.set_y_axis(up)
    apart = [
        k for k, each in enumerate(chart.series) if k in named or _is_a_handle(drawn, chart, each)
    ]
    if len(apart) == len(chart.series):
        made.set_legend({"none": True})
    else:
        made.set_legend({"position": "bottom", "delete_series": apart})
    if named:
        longest = max(len(label_of(chart.series[k])) for k in named)
        two_lines = len(chart.title) * TITLE_LETTER > size[0]
        made.set_plotarea({"layout": _beside_names(longest, size, two_lines)})
    if any(key[0] == number for key in _with_gaps(drawn.sheet)):
        made.show_na_as_empty_cell()
    made.set_size({"width": size[0] - CHART_GAP, "height": size[1] - CHART_GAP})
    return made


def _bars(book: Workbook, drawn: Drawn, number: int):
    """Columns, and lines over the same places; categories are their names, or numbers."""
    chart = drawn.sheet.charts[number]
    bars, lines = book.add_chart({"type": "column"}), book.add_chart({"type": "line"})
    for k, series in enumerate(chart.series):
        told = _series(drawn, number, k)
        if chart.x.names:
            told["categories"] = drawn.names(series.y) or told["categories"]
        if series.mode == "bars":
            fill = {"color": ROLES[series.role].colour}
            bars.add_series({**told, "fill": fill, "border": {"none": True}, "gap": 25})
        else:
            lines.add_series(told)
    if lines.series:
        bars.combine(lines)
    return bars


def _is_a_handle(drawn: Drawn, chart: Chart, series: Series) -> bool:
    """Whether it is one point that the page drags something else by: the end of a line, which has
    its name already.
    """
    lines = {each.role for each in chart.series if each.mode == "lines" and not each.steps}
    is_one = is_single(drawn.sheet.blocks[series.y].shape)
    return bool(series.moves) and is_one and series.role in lines


def _named_at_ends(
    drawn: Drawn, chart: Chart, across: Mapping[str, Any], up: Mapping[str, Any]
) -> dict[int, int]:
    """Which series are named at their last point, and that point's number: lines over as many cells
    whatever is typed, that end apart within the chart.
    """
    blocks, ends, last = drawn.sheet.blocks, {}, {}
    for k, series in enumerate(chart.series):
        rows = blocks[series.y].shape
        if series.mode != "lines" or series.steps or is_data(rows) or is_single(rows):
            continue
        end = [float(drawn.numbers[name].ravel()[-1]) for name in (series.x, series.y)]
        parts = [_part_of(axis, x) for axis, x in zip((across, up), end, strict=True)]
        if not all(0 <= part <= 1 for part in parts):
            return {}
        ends[k], last[k] = parts, int(np.prod(rows)) - 1
    if any(end[0] < FURTHEST_LEFT for end in ends.values()):
        return {}
    heights = sorted(end[1] for end in ends.values())
    close = any(b - a < CLOSEST_NAMES for a, b in itertools.pairwise(heights))
    return {} if close else last


def _part_of(axis: Mapping[str, Any], x: float) -> float:
    """Where a number lies along an axis, from 0 to 1; NaN where that is not known."""
    if not {"min", "max"} <= axis.keys() or not math.isfinite(x):
        return math.nan
    low, high = axis["min"], axis["max"]
    if "log_base" in axis:
        if x <= 0:
            return math.nan
        low, high, x = (math.log10(each) for each in (low, high, x))
    return (x - low) / (high - low)


def _end_name(series: Series, point: int | None) -> dict[str, Any]:
    if point is None:
        return {}
    font = {"color": ROLES[series.role].colour, "bold": True}
    return {"data_labels": {"at": point, "font": font}}


def _beside_names(longest: int, size: tuple[int, int], two_lines: bool) -> dict[str, float]:
    """The plot with room at its right for names of so many letters. two_lines: of its title."""
    left, top, width, height = PLOT
    lower = TITLE_LINE * two_lines
    top, height = top + lower, height - lower
    room = min(WIDEST_NAMES, LETTER * longest / size[0])
    return {"x": left, "y": top, "width": width + left / 3 - room, "height": height}


FURTHEST_LEFT, CLOSEST_NAMES = 0.6, 0.09  # parts of the plot, where a line may end and be named
WIDEST_NAMES, LETTER = 0.3, 7.0  # a part of the chart; pixels
TITLE_LETTER, TITLE_LINE = 9, 0.06  # pixels; a part of the chart
PLOT = (0.12, 0.14, 0.82, 0.58)  # left, top, width, height of the plot, as parts of a chart


def _equal(across: Mapping[str, Any], up: Mapping[str, Any], size: tuple[int, int]) -> dict:
    """A plot in which a unit is as long across as up."""
    left, top, width, height = PLOT
    units = [axis["max"] - axis["min"] for axis in (across, up)]
    long = min(width * size[0] / units[0], height * size[1] / units[1])
    wide, tall = long * units[0] / size[0], long * units[1] / size[1]
    return {"x": left + (width - wide) / 2, "y": top, "width": wide, "height": tall}
