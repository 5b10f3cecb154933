"""The rooms of fine-tuning: imports run downwards between them, and in no circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import widgets.fine_tuning

HOUSE = Path(widgets.fine_tuning.__file__).parent
# What each room may import from, besides itself.
BELOW = {
    "data": set(),
    "learning": {"data"},
    "takeaway": {"data", "learning"},
    "panel": {"data", "learning", "takeaway", "front_end"},
    "command": {"data", "learning", "takeaway"},
}


def modules() -> dict[str, Path]:
    """By their dotted names within fine-tuning; a room's own `__init__` has the room's name."""
    names = {}
    for path in HOUSE.rglob("*.py"):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        names[".".join(part for part in parts if part != "__init__")] = path
    return names


def imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of fine-tuning that this one names in an import, wherever in it that stands."""
    package = ["widgets", "fine_tuning", *name.split(".")]
    if path.name != "__init__.py":
        package = package[:-1]
    targets = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            targets |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    prefix = "widgets.fine_tuning."
    return {target.removeprefix(prefix) for target in targets if target.startswith(prefix)} & {
        *known
    }


MODULES = modules()
IMPORTS = {name: imports(name, path, MODULES) for name, path in MODULES.items() if name}


@pytest.mark.parametrize("name", sorted(IMPORTS))
def test_a_module_imports_from_its_own_room_and_from_those_below(name):
    room = name.partition(".")[0]
    if room == "front_end":
        assert not IMPORTS[name], f"front_end holds the page's files and imports {IMPORTS[name]}"
        return
    assert room in BELOW, f"{name}: a new room; say in BELOW which rooms it stands on"
    rooms = {target.partition(".")[0] for target in IMPORTS[name]}
    above = sorted(rooms - BELOW[room] - {room})
    assert not above, (
        f"{name} imports from {', '.join(above)}; {room} stands on"
        f" {', '.join(sorted(BELOW[room])) or 'no other room'}"
    )


def test_no_import_goes_in_a_circle():
    edges = {name: {t for t in targets if t not in BELOW} for name, targets in IMPORTS.items()}
    edges = {name: targets for name, targets in edges.items() if name not in BELOW}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other in a circle: {' -> '.join(error.args[1])}")


def test_the_imports_are_found():
    assert "data.files" in IMPORTS["learning.learner"]
    assert "learning.learner" in IMPORTS["command.finetune"]
