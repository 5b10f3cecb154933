"""The workbook: where blocks stand (layout), what their cells say (formulas), the file (workbook), and the way back (reading)."""

from .reading import read_inputs
from .workbook import write

__all__ = ["read_inputs", "write"]
