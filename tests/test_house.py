"""The house that README draws: which room may import which, and what no line or name may be."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("sheets", "widgets", "lessons")
# What a room may not import: `lessons` over `widgets` over `sheets`, and torch in fine-tuning
# alone.
FORBIDDEN = {
    "sheets": {"widgets", "lessons", "anywidget", "ipywidgets", "voila", "plotly", "playwright"},
    "sheets.language": {"sheets.targets", "sheets.library"},
    "sheets.library": {"sheets.targets"},
    "sheets.targets": {"sheets.library"},
    "widgets": {"lessons", "voila"},
}
TARGETS = ("numpy", "javascript", "javascript_functions", "excel", "latex")
TORCH = {"torch", "transformers", "safetensors"}
LONGEST_LINE = 100


def source_files() -> list[Path]:
    return sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


def name_of(file: Path) -> str:
    """The module in a file: `sheets/language/__init__.py` is `sheets.language`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in source_files()}


def imported_by(node: ast.AST, package: str) -> Iterator[str]:
    """The full names that an import statement names: modules, or names in a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        source = ".".join([*parts, *filter(None, [node.module])])
        yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def imports(module: str, inside_functions: bool = True) -> frozenset[str]:
    """All that a module imports: of ours the modules, of others' the full names.

    inside_functions: also what is imported only when a function is called. Imports for types alone
    (`if TYPE_CHECKING`) count as any other.
    """
    file = MODULES[module]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    names: set[str] = set()
    while waiting:
        node = waiting.pop()
        names.update(imported_by(node, package))
        if inside_functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting.extend(ast.iter_child_nodes(node))
    ours = {name if name in MODULES else name.rpartition(".")[0] for name in names}
    return frozenset((ours & MODULES.keys() | (names - ours)) - {module})


def is_in(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


# --- arrows


@pytest.mark.parametrize("room", FORBIDDEN)
def test_arrows_run_downwards_only(room):
    upwards = [
        f"{module} imports {name}"
        for module in MODULES
        if is_in(module, room)
        for name in imports(module)
        if any(is_in(name, other) for other in FORBIDDEN[room])
    ]
    assert not upwards, f"{room} stands below what it imports (README, How it is built): {upwards}"


def test_targets_never_import_each_other():
    beside = [
        f"{module} imports {name}"
        for target in TARGETS
        for module in MODULES
        if is_in(module, f"sheets.targets.{target}")
        for name in imports(module)
        for other in TARGETS
        if is_in(name, f"sheets.targets.{other}")
        and other.partition("_")[0] != target.partition("_")[0]
        and other != "numpy"  # the reference, whose numbers a workbook keeps beside its formulas
    ]
    assert not beside, f"a target reads the language and no other target: {beside}"


def test_torch_is_imported_by_fine_tuning_alone():
    heavy = [
        f"{module} imports {name}"
        for module in MODULES
        if not is_in(module, "widgets.fine_tuning")
        for name in imports(module)
        if name.partition(".")[0] in TORCH
    ]
    assert not heavy, f"torch and what stands on it belong to widgets/fine_tuning: {heavy}"


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Names that lead back to the first of them, or nothing."""
    left = {name: set(others) for name, others in graph.items()}
    while ends := [name for name, others in left.items() if not others & left.keys()]:
        for name in ends:
            del left[name]
    path = list(left)[:1]
    while path:
        following = min(left[path[-1]] & left.keys())
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
    return []


def test_a_circle_is_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c", "b"]
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_no_module_imports_itself_through_others():
    graph = {module: set(imports(module)) & MODULES.keys() for module in MODULES}
    assert not (names := circle(graph)), "an import circle: " + " -> ".join(names)


# --- names

# Functions that nothing here calls by name, and who does.
CALLED_ELSEWHERE = {
    "_prepare_formula": "XlsxWriter",
    "_get_packager": "XlsxWriter",
    "_write_styles_file": "XlsxWriter",
    "_write_cell_style_xfs": "XlsxWriter",
    "_write_cell_styles": "XlsxWriter",
    "forward": "PyTorch",
    "find_kernel_specs": "jupyter_client",
    "get_all_specs": "jupyter_client",
    "check_xsrf_cookie": "jupyter_server",
    "_hub_scopes": "JupyterHub",
    "parse_url_path": "tornado",
    "get_content_type": "tornado",
    "set_extra_headers": "tornado",
    "by_function": "who labels their pictures in a notebook",
    "by_lists": "who labels their pictures in a notebook",
    "enclosed": "tests, which run a module of the page in V8",
}


def named_once() -> dict[str, str]:
    """Functions and classes that are named where they are defined and nowhere else: name -> place.

    Named in tests alone is not used; dunder methods are Python's.
    """
    texts = {file: file.read_text(encoding="utf-8") for file in source_files()}
    asking = [*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "lessons").glob("*.ipynb")]
    asking += [ROOT / "README.md", ROOT / "pyproject.toml"]
    everything = [*texts.values(), *(file.read_text(encoding="utf-8") for file in asking)]
    words = Counter(word for text in everything for word in re.findall(r"\w+", text))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name: f"{file.relative_to(ROOT)}:{node.lineno}"
        for file, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, kinds) and words[node.name] == 1 and not node.name.startswith("__")
    }


def test_no_function_is_without_a_use():
    single = named_once()
    unused = {name: place for name, place in single.items() if name not in CALLED_ELSEWHERE}
    assert not unused, (
        f"nothing names these but their definition: {unused}. Take them away; one that only tests"
        " need moves to tests/; one that a library calls is named in CALLED_ELSEWHERE, with who"
        " calls it"
    )
    assert not (gone := CALLED_ELSEWHERE.keys() - single), f"take out of CALLED_ELSEWHERE: {gone}"


# --- tests


def test_no_test_module_imports_another():
    imports = [
        f"{file.name} imports {name}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in imported_by(node, "")
        if name.startswith("test_") and isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert not imports, (
        f"{imports}: what several tests use stands in a module named for what it holds, as"
        " pages.py, engines.py or example_sheets.py, and a fixture in conftest.py"
    )


# --- lines


def test_no_line_of_the_pages_code_is_longer_than_100_columns():
    """Of JavaScript: ruff holds Python to it, and biome leaves long texts and comments alone."""
    long = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in sorted((ROOT / "widgets").rglob("*.js"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not long, f"{len(long)} lines of more than {LONGEST_LINE} columns: {long[:10]}"
