"""The library's sheets, each made once a process: no test changes one of these. A test that wants a
sheet of its own calls its function in `sheets.library`.
"""

from __future__ import annotations

from functools import cache

from sheets.library import catalogue

SHEETS = {name: cache(make) for name, make in catalogue.SHEETS.items()}
