"""What a chart says over blocks: drawn by the page, and as a native chart by the workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .blocks import Block, Input, words_of
from .dependencies import refs
from .errors import InputError, SheetError, nearest
from .expr import Expr, Rows, is_single, size
from .roles import ROLES

# Where the reader drags a marker to.
POINTER_X, POINTER_Y = (Expr("pointer", (), (1, 1), axis) for axis in ("x", "y"))

STEP = "step"  # as the x of a series over steps: the step's number
MODES = ("lines", "markers", "segments")


@dataclass(frozen=True)
class Series:
    """Points (x, y) of two blocks with as many cells.

    mode: `lines`, `markers`, or `segments` that stand upright from y to the block `to`. steps: one
    point a step so far; x and y are single numbers, and x may be "step". ghosts: up to so many
    faint copies of a line as it was at earlier steps.

    drag: markers of inputs that the reader may drag along "x", "y" or both, "xy"; or "draw": the
    pointer, held down, sets y at the x nearest to it. moves: of a marker that is computed, what
    dragging it does: to each input named, an expression of POINTER_X, POINTER_Y and blocks. Both
    are single numbers, or columns with a row for each marker: then the dragged marker's own row.
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


@dataclass(frozen=True)
class Axis:
    """title with what is measured; low and high fixed while dragging; scale linear or log.

    names: of a linear axis, words that stand in place of the numbers 0, 1, 2, ...
    """

    title: str
    low: float
    high: float
    scale: str = "linear"
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Series over two axes, and a contour behind them."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    note: str = ""
    contour: Contour | None = None
    adds: bool = False  # a click where nothing stands adds a row of data there


def new_chart(blocks: Mapping[str, Block], chart: Chart) -> Chart:
    """The chart itself, checked.

    Raises SheetError for axes, series or a contour that cannot be drawn.
    """
    for axis in (chart.x, chart.y):
        starts = axis.scale == "linear" or (axis.scale == "log" and axis.low > 0)
        if not starts or not axis.low < axis.high:
            rule = "is not linear, or log from above 0, with low below high"
            raise SheetError(f"chart {chart.title!r}: {axis} {rule}")
        if axis.names and (
            axis.scale == "log" or not axis.low <= 0 <= len(axis.names) - 1 <= axis.high
        ):
            rule = "has names on a linear axis, from 0 to the number of the last"
            raise SheetError(f"chart {chart.title!r}: {axis} {rule}")
    try:
        for series in chart.series:
            check_series(blocks, series)
        if chart.contour is not None:
            check_contour(blocks, chart.contour)
    except InputError as error:
        raise SheetError(f"chart {chart.title!r}: {error}") from None
    if chart.adds and not _takes_points(blocks, chart.series):
        rule = "adds=True needs data rows as its first series, with drag='xy'"
        raise SheetError(f"chart {chart.title!r}: {rule}")
    return chart


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
    if series.ghosts and (series.mode != "lines" or series.steps):
        raise InputError(
            f"{series.label!r}: ghosts are copies of a line as it was at earlier steps"
        )
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
