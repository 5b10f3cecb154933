"""What depends on what: the nodes of an expression, and the blocks it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from .expr import Expr


def walk(e: Expr) -> Iterator[Expr]:
    """Every node once, arguments before the node that uses them."""
    return iter(_nodes(e))


@lru_cache(maxsize=4096)  # a new formula is walked by each of the language's rooms
def _nodes(e: Expr) -> tuple[Expr, ...]:
    nodes: list[Expr] = []
    seen: set[Expr] = set()
    stack = [(e, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            nodes.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(a, False) for a in reversed(node.args)]
    return tuple(nodes)


def rebuilt(e: Expr, change: Callable[[Expr], Expr], known: dict[Expr, Expr] | None = None) -> Expr:
    """e with each node changed, after its arguments were. A node whose arguments stay is not made
    anew.

    known: what nodes became before, where several expressions are rebuilt alike; it grows.
    """
    known = {} if known is None else known
    for node in walk(e):
        args = tuple(known[a] for a in node.args)
        same = all(new is old for new, old in zip(args, node.args, strict=True))
        known[node] = change(node if same else Expr(node.op, args, node.shape, node.arg))
    return known[e]


def depth(e: Expr) -> int:
    """How many nodes stand inside each other, at most."""
    depths: dict[Expr, int] = {}
    for node in walk(e):
        depths[node] = 1 + max((depths[a] for a in node.args), default=0)
    return depths[e]


@lru_cache(maxsize=4096)  # asked of every block for every input
def refs(e: Expr) -> tuple[str, ...]:
    """Names of the blocks that e reads, in order."""
    return tuple(dict.fromkeys(node.arg for node in walk(e) if node.op == "ref"))


def has_pointer(e: Expr) -> bool:
    """Whether e depends on where the reader drags: only a chart's `moves` may."""
    return any(node.op == "pointer" for node in walk(e))
