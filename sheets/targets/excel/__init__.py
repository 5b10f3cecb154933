"""The workbook: what it is made of (parts), where blocks stand (layout), what their cells say
(formulas, words), steps and charts, the file (workbook), what it can hold (limits), and the way
back (reading).
"""

from .reading import read_inputs
from .workbook import write

__all__ = ["read_inputs", "write"]
