"""What people touch: `SheetWidget(sheet)` in a notebook, `static_page` as a file."""

from .sheet_widget import SheetWidget

__all__ = ["SheetWidget"]
