"""What a chart says over blocks: drawn by the page, and as a native chart by the workbook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real

from .blocks import Block, Input, words_of
from .dependencies import refs
from .errors import InputError, SheetError, nearest
from .expr import Expr, Rows, is_single, size
from .roles import ROLES

# Where the reader drags a marker to.
POINTER_X, POINTER_Y = (Expr("pointer", (), (1, 1), axis) for axis in ("x", "y"))

STEP = "step"  # as the x of a series over steps: the step's number
LABELS = "labels"  # as the x of a series: what the cells of y are called, along the axis
MODES = ("lines", "markers", "bars", "segments")


@dataclass(frozen=True)
class Series:
    """Points (x, y) of two blocks with as many cells; x may be "labels": the names of y's cells.

    mode: `lines`, `markers`, `bars` that stand on 0 (beside them lines and markers over the same
    x), or `segments` that stand upright from y to the block `to`. steps: one
    point a step so far; x and y are single numbers, and x may be "step". ghosts: up to so many
    faint copies of a line as it was at earlier steps.

    drag: markers of inputs that the reader may drag along "x", "y" or both, "xy"; or "draw": the
    pointer, held down, sets y at the x nearest to it. moves: of a marker that is computed, what
    dragging it does: to each input named, an expression of POINTER_X, POINTER_Y and blocks. Both
    are single numbers, or columns with a row for each marker: then the dragged marker's own row.
    absent: of markers, the x beyond the axis that stands for none; others that have left the chart
    are told of.
    """

    x: str
    y: str
    label: str
    mode: str = "lines"
    role: str = "activation"
    to: str = ""
    steps: bool = False
    ghosts: int = 0
    drag: str = ""
    moves: Mapping[str, Expr] = field(default_factory=dict)
    absent: float | None = None


@dataclass(frozen=True)
class Contour:
    """Lines of equal z, a block (rows of y, columns of x), over x (1, columns) and y (rows, 1).

    levels: linear or log.
    """

    x: str
    y: str
    z: str
    label: str
    levels: str = "linear"


Limit = float | str | Expr | None


@dataclass(frozen=True)
class Axis:
    """title with what is measured; scale linear or log.

    low, high: fixed while dragging. Each is a number; or a block of one number, or its name; None:
    the least and the largest number that the chart draws. names: of a linear axis, words that stand
    in place of the numbers 0, 1, 2, ... follows: low and high, which are numbers then, hold as long
    as what is drawn lies within them; where it does not, the axis goes where it is.
    """

    title: str
    low: Limit = None
    high: Limit = None
    scale: str = "linear"
    names: tuple[str, ...] = ()
    follows: bool = False


@dataclass(frozen=True)
class Chart:
    """Series over two axes, and a contour behind them; of either there may be none.

    equal: a unit is as long across as up.
    """

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    note: str = ""
    contour: Contour | None = None
    adds: bool = False  # a click where nothing stands adds a row of data there
    equal: bool = False


def new_chart(blocks: Mapping[str, Block], chart: Chart) -> Chart:
    """The chart itself, checked, its limits numbers, names of blocks or None.

    Raises SheetError for axes, series or a contour that cannot be drawn.
    """
    what = f"chart {chart.title!r}"
    wrong = next((x for x in chart.series if not isinstance(x, Series)), None)
    if wrong is not None or not all(isinstance(x, Axis) for x in (chart.x, chart.y)):
        rule = "it has two axes, Axis(title, low, high), and a list of Series(x, y, label)"
        raise SheetError(f"{what}: {rule}")
    try:
        across, up = (_checked_axis(blocks, axis) for axis in (chart.x, chart.y))
        if not chart.series and chart.contour is None:
            raise InputError("it draws nothing: give it a series, or a contour")
        for series in chart.series:
            check_series(blocks, series)
        if chart.contour is not None:
            check_contour(blocks, chart.contour)
        _check_bars(chart.series, across, up)
    except InputError as error:
        raise SheetError(f"{what}: {error}") from None
    if chart.equal and "log" in (across.scale, up.scale):
        raise SheetError(f"{what}: equal=True is for two linear axes")
    if chart.adds and not _takes_points(blocks, chart.series):
        rule = "adds=True needs data rows as its first series, with drag='xy'"
        raise SheetError(f"{what}: {rule}")
    return replace(chart, x=across, y=up)


def _checked_axis(blocks: Mapping[str, Block], axis: Axis) -> Axis:
    """The axis with its limits as numbers, names of blocks or None. Raises InputError."""
    low, high = (_limit(blocks, axis, limit) for limit in (axis.low, axis.high))
    starts = axis.scale in ("linear", "log")
    if isinstance(low, float) and axis.scale == "log":
        starts = low > 0
    if not starts or (isinstance(low, float) and isinstance(high, float) and not low < high):
        raise InputError(f"{axis} is not linear, or log from above 0, with low below high")
    if axis.follows and not (isinstance(low, float) and isinstance(high, float)):
        raise InputError(f"{axis} follows what is drawn from two numbers: give it low and high")
    last = len(axis.names) - 1
    outside = (isinstance(low, float) and low > 0) or (isinstance(high, float) and high < last)
    if axis.names and (axis.scale == "log" or outside):
        raise InputError(f"{axis} has names on a linear axis, from 0 to the number of the last")
    if axis.names:
        low, high = (-0.5 if low is None else low), (last + 0.5 if high is None else high)
    return replace(axis, low=low, high=high, names=tuple(axis.names))


def _limit(blocks: Mapping[str, Block], axis: Axis, limit: Limit) -> float | str | None:
    if limit is None:
        return None
    if isinstance(limit, Expr) and limit.op != "ref":
        raise InputError(f"axis {axis.title!r}: {limit!r} is no block; give it one, by s.let")
    name = limit.arg if isinstance(limit, Expr) else limit
    if isinstance(name, str):
        if not is_single(_known(blocks, name).shape):
            size = blocks[name].size
            raise InputError(f"axis {axis.title!r}: {name} is {size}; a limit is one number")
        return name
    if isinstance(name, bool) or not isinstance(name, Real) or not math.isfinite(name):
        raise InputError(f"axis {axis.title!r}: {limit!r} is no number and no block")
    return float(name)


def _check_bars(series: Sequence[Series], across: Axis, up: Axis) -> None:
    """Raises InputError where bars are not on 0, or stand beside what has other places."""
    bars = [each for each in series if each.mode == "bars"]
    if not bars:
        return
    reaches = (up.low, 0.0, up.high)
    known = [x for x in reaches if isinstance(x, float)]
    if "log" in (across.scale, up.scale) or known != sorted(known):
        raise InputError(f"{bars[0].label!r}: bars stand on 0, so {up} is linear and holds 0")
    for each in series:
        if each.steps or each.mode == "segments" or each.x != bars[0].x:
            rule = f"beside bars stand lines and markers over the same {bars[0].x}, not over steps"
            raise InputError(f"{each.label!r}: {rule}")


def labelled(block: Block) -> tuple[str, ...]:
    """What the cells of a column, or of a row, are called. Raises SheetError where they are not."""
    rows, columns = block.shape
    names = block.rows_named if columns == 1 else block.columns_named if rows == 1 else ()
    if not names:
        rule = "give what it is made of rows_named= or columns_named="
        raise SheetError(f"{block.name}: the cells of this row or column have no names: {rule}")
    return names


def renamed(chart: Chart, names: Mapping[str, str]) -> Chart:
    """The chart where blocks are called otherwise."""
    other = [
        replace(one, x=names.get(one.x, one.x), y=names.get(one.y, one.y)) for one in chart.series
    ]
    return replace(chart, series=tuple(other))


def _takes_points(blocks: Mapping[str, Block], series: Sequence[Series]) -> bool:
    """Whether a click can add a row: the first series is data that is dragged both ways."""
    if not series or series[0].drag != "xy":
        return False
    return isinstance(blocks[series[0].x].shape[0], Rows)


def _known(blocks: Mapping[str, Block], name: str) -> Block:
    if name not in blocks:
        raise InputError(f"there is no block {name!r}; {nearest(name, blocks)}")
    if words_of(blocks[name]):
        advice = f's.let("{name}_number", {name}) has their numbers'
        raise InputError(f"{name} holds words; {advice}")
    return blocks[name]


def check_series(blocks: Mapping[str, Block], series: Series) -> None:
    """Raises InputError for a series that cannot be drawn, or dragged."""
    if series.mode not in MODES or series.role not in ROLES:
        modes, roles = ", ".join(MODES), ", ".join(ROLES)
        rule = f"mode {series.mode!r} is one of {modes}, role {series.role!r} one of {roles}"
        raise InputError(f"{series.label!r}: {rule}")
    if (series.mode == "segments") != bool(series.to):
        raise InputError(f"{series.label!r}: segments, and only they, run to a block: to=")
    names = [series.x, series.y, *([series.to] if series.to else [])]
    if series.steps:
        for name in names:
            if name != STEP and not is_single(_known(blocks, name).shape):
                rule = "over steps, x and y are single numbers, or x is 'step'"
                raise InputError(f"{series.label!r}: {name} is {blocks[name].size}; {rule}")
    else:
        _check_lengths(blocks, names)
        if series.to and blocks[series.y].shape != blocks[series.to].shape:
            both = f"{series.y} is {blocks[series.y].size}, {series.to} {blocks[series.to].size}"
            raise InputError(f"{series.label!r}: segments run between blocks of one shape; {both}")
    if series.ghosts and (series.mode != "lines" or series.steps):
        raise InputError(
            f"{series.label!r}: ghosts are copies of a line as it was at earlier steps"
        )
    if series.absent is not None and series.mode != "markers":
        raise InputError(f"{series.label!r}: absent={series.absent} is the x of a marker")
    _check_drag(blocks, series)


def _check_lengths(blocks: Mapping[str, Block], names: list[str]) -> None:
    first = _known(blocks, names[0])
    for name in names[1:]:
        both = [
            (int(block.shape[0]) * int(block.shape[1]), isinstance(block.shape[0], Rows))
            for block in (first, _known(blocks, name))
        ]
        if both[0] != both[1]:
            first_has, has = (f"{count} cells{' in data rows' * data}" for count, data in both)
            raise InputError(f"{names[0]} has {first_has} and {name} has {has}")


def _check_drag(blocks: Mapping[str, Block], series: Series) -> None:
    dragged = {
        "": (),
        "x": (series.x,),
        "y": (series.y,),
        "xy": (series.x, series.y),
        "draw": (series.y,),
    }
    if series.drag not in dragged:
        raise InputError(f"{series.label!r}: drag {series.drag!r} is one of x, y, xy, draw")
    if (series.drag not in ("", "draw") or series.moves) and series.mode != "markers":
        raise InputError(f"{series.label!r}: only markers can be dragged")
    for name in (*dragged[series.drag], *series.moves):
        if not isinstance(_known(blocks, name), Input):
            raise InputError(f"{series.label!r}: {name} is computed; only an input can be dragged")
    for name, moved in series.moves.items():
        markers, target = blocks[series.x].shape, blocks[name].shape
        one = is_single(moved.shape) and is_single(target)
        a_column = target == markers and markers[1] == 1
        if not one and not (a_column and moved.shape in (markers, (1, 1))):
            rule = f"both are one number, or a column with a row for each marker ({size(markers)})"
            sets = f"dragging sets {name} ({size(target)}) to {size(moved.shape)}"
            raise InputError(f"{series.label!r}: {sets}; {rule}")
        for read in refs(moved):
            _known(blocks, read)


def check_contour(blocks: Mapping[str, Block], contour: Contour) -> None:
    """Raises InputError where z is not rows of y by columns of x."""
    x, y, z = (_known(blocks, name).shape for name in (contour.x, contour.y, contour.z))
    data = any(isinstance(n, Rows) for n in (*x, *y, *z))
    if x[0] != 1 or y[1] != 1 or z != (y[0], x[1]) or data:
        sizes = f"they are {size(x)}, {size(y)}, {size(z)}"
        rule = "x is 1 x columns, y rows x 1, z rows x columns"
        raise InputError(f"contour {contour.label!r}: {rule}; {sizes}")
    if contour.levels not in ("linear", "log"):
        raise InputError(f"contour {contour.label!r}: levels {contour.levels!r} is linear or log")
