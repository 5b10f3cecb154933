"""What one cell of a spreadsheet cannot hold is given blocks of its own, named after the block that
they are a part of: `p_logits` of `p = softmax(x @ W)`.

Every face shows them folded beside that block. A part that is a block of the sheet already is that
block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .cells import at
from .dependencies import rebuilt, walk
from .expr import ALL_REDUCTIONS, COMPOSED, Expr, Rows, expand, transpose
from .functions import powers_of
from .one_cell import Length, fits, length_of
from .ops import OPS
from .scans import has_hole

PLAIN = ("const", "ref", "transpose", "expand")  # of a block: nothing to be worked out before
# What a part is called, after the block that it is a part of: by what it is, or by what uses it.
CALLED = {
    "matmul": "product",
    "take": "rows",
    "take_along": "taken",
    "rank": "rank",
    "order": "order",
    "stack": "rows",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "pad": "padded",
    "repeat": "repeated",
    "join": "joined",
    "reshape": "reshaped",
    "row_index": "row",
    "column_index": "column",
}
CALLED_IN = {  # argument by argument
    **dict.fromkeys(ALL_REDUCTIONS, ("each",)),
    **dict.fromkeys(COMPOSED, ("logits", "exp")),
    "matmul": ("left", "right"),
    "take": ("table", "row"),
    "take_along": ("table", "place"),
    "put_along": ("each", "place"),
    "order": ("rank",),
    "put": ("each", "row"),
    "window": ("each", "filter"),
    "match": ("ids", "who"),
}


def is_plain(e: Expr) -> bool:
    """Whether e is a block, a number, or one of them turned or stretched."""
    return e.op in PLAIN and all(map(is_plain, e.args))


def is_whole(e: Expr) -> bool:
    """Whether e is a block as it is, or turned: cells side by side."""
    return e.op == "ref" or (e.op == "transpose" and e.args[0].op == "ref")


def alike(e: Expr) -> Any:
    """What two expressions share that say the same: operations, numbers and blocks."""
    keys: dict[Expr, Any] = {}
    numbers: dict[Any, int] = {}
    for node in walk(e):
        data = tuple(isinstance(n, Rows) for n in node.shape)
        arg = repr(node.arg) if isinstance(node.arg, float) else node.arg
        key = (node.op, arg, type(node.arg), node.shape, data, *(keys[a] for a in node.args))
        keys[node] = numbers.setdefault(key, len(numbers))
    return tuple(numbers)


def with_names(e: Expr, names: Mapping[str, str]) -> Expr:
    """e, with other names for some of the blocks that it reads."""
    renamed: dict[Expr, Expr] = {}
    for node in walk(e):
        args = tuple(renamed[a] for a in node.args)
        arg = node.arg
        if node.op == "ref":
            arg = names.get(arg, arg)
        elif node.op == "scan":
            arg = (names.get(arg[0], arg[0]), arg[1])
        same = arg == node.arg and all(a is b for a, b in zip(args, node.args, strict=True))
        renamed[node] = node if same else Expr(node.op, args, node.shape, arg)
    return renamed[e]


def _with(e: Expr, k: int, argument: Expr) -> Expr:
    """e with another argument k."""
    return Expr(e.op, (*e.args[:k], argument, *e.args[k + 1 :]), e.shape, e.arg)


class Parts:
    """The parts of one block's formula. `held(called, part)` makes a block of a part and returns
    what refers to it.
    """

    def __init__(self, held: Callable[[str, Expr], Expr]) -> None:
        self.held = held
        self.rebuilt: dict[Expr, Expr] = {}
        self.lengths: dict[Expr, Length] = {}

    def of(self, e: Expr) -> Expr:
        """e, over blocks of their own where one cell cannot hold it."""
        return rebuilt(e, lambda node: self._shortened(self._fitted(node)), self.rebuilt)

    def _measured(self, e: Expr) -> Length:
        if e not in self.lengths:
            for a in e.args:
                self._measured(a)
            self.lengths[e] = length_of(e, self.lengths)
        return self.lengths[e]

    def _fitted(self, e: Expr) -> Expr:
        """e, with as few of its arguments as blocks as it takes. An operation on single elements
        fits wherever they do.
        """
        if e.op in COMPOSED:
            return self._with_powers(e)
        if e.op in OPS or is_plain(e):
            return e
        simple = e.op == "matmul" or e.op in ALL_REDUCTIONS  # of whole blocks, these always fit
        if (simple and all(map(is_whole, e.args))) or fits(at(e, "i", "j")):
            return e
        open_ = [k for k, a in enumerate(e.args) if not is_plain(a)]
        for chosen in ([k] for k in open_):
            tried = self._with_blocks(e, chosen, only_try=True)
            if fits(at(tried, "i", "j")):
                return self._with_blocks(e, chosen)
        return self._turned(self._with_blocks(e, open_))

    def _turned(self, e: Expr) -> Expr:
        """e, with one of its arguments turned into a block where ranges would lie across others."""
        for k, a in enumerate(e.args):
            if fits(at(e, "i", "j")):
                return e
            if has_hole(a) or isinstance(a.T.shape[1] if a.op != "transpose" else a.shape[1], Rows):
                continue
            turn = (lambda x: x) if a.op == "transpose" else transpose
            if fits(at(_with(e, k, turn(Expr("ref", (), turn(a).shape, ""))), "i", "j")):
                return _with(e, k, turn(self.held("turned", turn(a))))
        return e

    def _with_powers(self, e: Expr) -> Expr:
        """A softmax over blocks of what it raises and of the powers, which a reader then sees."""
        x = self._block(e, 0, e.args[0])
        powers = powers_of(e if x is e.args[0] else Expr(e.op, (x,), e.shape, e.arg))
        return Expr(e.op, (x, self._block(e, 1, powers)), e.shape, e.arg) if is_plain(x) else e

    def _shortened(self, e: Expr) -> Expr:
        """e, with its longest arguments as blocks where it is longer or deeper than Excel takes."""
        while not self._measured(e).is_short:
            open_ = [k for k, a in enumerate(e.args) if not is_plain(a)]
            if not open_:
                return e
            longest = max(open_, key=lambda k: self._measured(e.args[k]))
            e = self._with_blocks(e, [longest])
        return e

    def _with_blocks(self, e: Expr, chosen: list[int], only_try: bool = False) -> Expr:
        """e, with these of its arguments as blocks. only_try: as they would be, none is made."""
        args = [
            a
            if k not in chosen
            else Expr("ref", (), a.shape, "")
            if only_try
            else self._block(e, k, a)
            for k, a in enumerate(e.args)
        ]
        return Expr(e.op, tuple(args), e.shape, e.arg)

    def _block(self, parent: Expr, k: int, part: Expr) -> Expr:
        """Argument k of `parent` as a block, which has rows of data down and never across."""
        down, across = (isinstance(n, Rows) for n in part.shape)
        if is_plain(part) or has_hole(part):  # a row of a scan stands in no block of its own
            return part
        if part.op == "expand":
            return expand(self._block(parent, k, part.args[0]), part.shape)
        if down and across:
            return part  # rows of data by rows of data is no block
        if across or (part.op == "transpose" and not down):
            return self._block(parent, k, part.T).T
        uses = CALLED_IN.get(parent.op, ())
        return self.held(CALLED.get(part.op) or (uses[k] if k < len(uses) else "part"), part)
