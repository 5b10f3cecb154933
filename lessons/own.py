"""A teacher's own sheets: the functions of a file that return a `Sheet`, and the sheets that stand
in it. `my_sheets.py` is all of them, `my_sheets.py:squares` one, a folder those of its files.

The file is run as Python runs it; what goes wrong in it is said at its line.
"""

from __future__ import annotations

import html
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from sheets import InputError, Sheet, SheetError
from sheets.language.errors import nearest

from .without_script import story_told

OWN = re.compile(r"(.+\.py)(?::(\w+))?")  # Windows' own colon stands before it
RULE = "a sheet is what a function without arguments returns, or what stands in the file"
Makers = dict[str, Callable[[], Sheet]]


def is_own(given: str) -> bool:
    """Whether it names a file of Python, and no sheet of the library."""
    return OWN.fullmatch(given) is not None


def file_and_name(given: str) -> tuple[Path, str]:
    """`my_sheets.py:squares` in its parts; the name is "" where none is said."""
    match = OWN.fullmatch(given)
    return (Path(match[1]), match[2] or "") if match else (Path(given), "")


def absolute(given: str) -> str:
    """The same, from wherever it is read."""
    path, name = file_and_name(given)
    return f"{path.resolve()}{f':{name}' if name else ''}"


def makers_at(given: str) -> Makers:
    """Who makes each sheet of a file, of one name in it, or of a folder's files in the order of
    their names. Raises InputError where there is none; SheetError, at its line, for a file that
    cannot be run.
    """
    path, name = file_and_name(given)
    if not path.exists():
        raise InputError(f"{path}: there is no such {'file' if path.suffix else 'folder'}")
    files = sorted(path.glob("[!_.]*.py")) if path.is_dir() else [path]
    makers: Makers = {}
    for file in files:
        for each, make in _makers_of(file).items():
            if each in makers:
                raise InputError(f"{file} has a sheet {each!r}, as another file: rename one")
            makers[each] = make
    if not makers:
        raise InputError(f"{path} has no sheets: {RULE}")
    if name and name not in makers:
        raise InputError(f"{path} has no sheet {name!r}; {nearest(name, makers)} ({RULE})")
    return {name: makers[name]} if name else makers


def sheets_at(given: str) -> dict[str, Sheet]:
    """The sheets that `makers_at` knows, made."""
    return {name: make() for name, make in makers_at(given).items()}


def sheet_at(given: str) -> Sheet:
    """The one sheet that is meant. Raises InputError where there are more."""
    makers = makers_at(given)
    if len(makers) > 1:
        names = ", ".join(makers)
        raise InputError(f"{given} has {names}: say which, such as {given}:{next(iter(makers))}")
    return next(iter(makers.values()))()


def _makers_of(file: Path) -> Makers:
    makers: Makers = {}
    for name, value in vars(_run(file)).items():
        if isinstance(value, Sheet):
            makers[value.name] = value.copied
        elif _makes_a_sheet(value, _module_name(file)):
            makers[name] = _maker(file, value)
    return makers


def _module_name(file: Path) -> str:
    return f"own_{file.stem}"


def _makes_a_sheet(value: Any, module: str) -> bool:
    """Whether it is a function of this file that says it returns a Sheet, or else names Sheet, and
    needs no arguments. It is not called to find out.
    """
    function = inspect.unwrap(value) if callable(value) else None
    if not inspect.isfunction(function) or function.__module__ != module:
        return False
    needed = inspect.signature(function).parameters.values()
    named = function.__name__
    if named.startswith("_") or any(one.default is one.empty for one in needed):
        return False
    said = function.__annotations__.get("return", inspect.Signature.empty)
    if said is inspect.Signature.empty:
        return "Sheet" in function.__code__.co_names
    return said is Sheet or str(said).rpartition(".")[2] == "Sheet"


def _maker(file: Path, function: Callable[[], Any]) -> Callable[[], Sheet]:
    def make() -> Sheet:
        with _at_its_line(file):
            sheet = function()
        if not isinstance(sheet, Sheet):
            code = inspect.unwrap(function).__code__
            line = f"{file.name}:{code.co_firstlineno}"
            what = f"{code.co_name} returned {type(sheet).__name__}"
            raise SheetError(f"{what}; its last line returns the sheet: return s", line)
        return sheet

    return make


def _run(file: Path) -> ModuleType:
    """The file as a module, run anew."""
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # behind ours: a file called sheets.py does not take our place
    name = _module_name(file)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file} is no file of Python")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    with _at_its_line(file):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _at_its_line(file: Path) -> Iterator[None]:
    """What goes wrong inside is a SheetError at the file's own line. What is printed inside goes to
    where errors are said: our output may be JSON.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (SheetError, InputError):
        raise
    except SyntaxError as error:
        where = f"{Path(error.filename or file).name}:{error.lineno}"
        raise SheetError(f"Python cannot read it: {error.msg}", where) from None
    except (Exception, SystemExit) as error:
        lines = [
            one.lineno
            for one in traceback.extract_tb(error.__traceback__)
            if Path(one.filename).resolve() == file.resolve()
        ]
        where = f"{file.name}:{lines[-1]}" if lines else file.name
        raise SheetError(f"{type(error).__name__}: {error}", where) from None


# --- as lessons


def own_page(sheet: Sheet, inputs: Mapping[str, Any] | None = None, **around: Any) -> str:
    """The page of a sheet that has no notebook: its title, its summary, itself. Raises InputError.

    around: what `static_page` is told besides.
    """
    from widgets.static_page import static_page

    started = sheet.with_inputs(inputs or {})
    summary = f"<p>{html.escape(sheet.summary)}</p>" if sheet.summary else ""
    heading = f"<h1>{html.escape(sheet.title)}</h1>{summary}"
    shown: list[str | Sheet] = [heading, started, story_told(started)]
    return static_page(sheet.title, shown, about=sheet.summary, **around)


def short_titles(sheets: Mapping[str, Sheet]) -> dict[str, str]:
    """What links between them say, as HTML."""
    return {name: html.escape(sheet.title.partition(":")[0]) for name, sheet in sheets.items()}
