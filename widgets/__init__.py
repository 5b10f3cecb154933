"""What people touch: `SheetWidget(sheet)` in a notebook, `static_page` as a file."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .sheet_widget import SheetWidget

__all__ = ["SheetWidget"]


def __getattr__(name: str) -> Any:
    """`SheetWidget` when it is first asked for: the lessons' server needs small modules of this
    package, and would wait for all that a widget imports.
    """
    if name != "SheetWidget":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .sheet_widget import SheetWidget

    return SheetWidget
