"""The page's JavaScript: rooms with arrows downwards, no circles, an engine without a page."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import engines
import pytest
import tree_sitter
import tree_sitter_javascript
from quick import thorough

from widgets.front_end import FOLDER, LOOK, ROOMS, enclosed, imported, in_full, joined_from, ordered

PANEL = FOLDER.parent / "fine_tuning" / "front_end"
MODULES = [*sorted(FOLDER.glob("*/*.js")), *sorted(PANEL.glob("*.js"))]
ENTRIES = [FOLDER / "host" / "widget.js", FOLDER / "host" / "static.js", PANEL / "panel.js"]
MAP_ROOM = re.compile(r"^// (\w+): \S", re.MULTILINE)
MAP_MODULE = re.compile(r"^//   (\w+)  +\S", re.MULTILINE)
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))
WHOLE = ("string", "regex", "template_string")  # whose text counts with its spaces


def named(path: Path) -> str:
    return path.relative_to(FOLDER.parent).as_posix()


def room(path: Path) -> str:
    return "fine_tuning" if path.is_relative_to(PANEL) else path.parent.name


def code(path: Path) -> list[tree_sitter.Node]:
    """The leaves of a module's syntax: its tokens without comments."""
    return leaves(path.read_text(encoding="utf-8"))


def leaves(text: str) -> list[tree_sitter.Node]:
    def below(node: tree_sitter.Node) -> list[tree_sitter.Node]:
        if node.type == "comment":
            return []
        if node.type in WHOLE or not node.children:
            return [node]
        return [leaf for child in node.children for leaf in below(child)]

    return below(PARSER.parse(text.encode()).root_node)


def test_every_module_stands_in_a_room():
    stray = [named(path) for path in FOLDER.glob("*.js")]
    assert not stray, f"{stray}: move each into one of {ROOMS} in widgets/front_end"
    rooms = {path.parent.name for path in FOLDER.glob("*/*.js")}
    assert rooms == set(ROOMS), "ROOMS in widgets/front_end/__init__.py names each folder once"
    styles = {path.stem for path in FOLDER.glob("**/*.css")}
    assert styles == set(LOOK), "LOOK in widgets/front_end/__init__.py names each file of styles"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_imports_from_its_own_room_and_those_below(path):
    order = [*ROOMS, "fine_tuning"]
    for other in imported(path):
        assert other.is_file(), f"{named(path)} imports {other}, which is not there"
        assert order.index(room(other)) <= order.index(room(path)), (
            f"{named(path)} imports {named(other)}: {room(other)} stands above {room(path)} in"
            " ROOMS of widgets/front_end/__init__.py; hand over what is needed, or move it down"
        )


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_import_is_of_the_one_form_that_joining_understands(path):
    lines = re.findall(r"^import\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == len(imported(path)), (
        f'{named(path)}: write each import as `import {{ names }} from "./module.js";`, so that'
        " widgets/front_end/__init__.py can join the modules"
    )


def test_no_imports_go_round_in_a_circle():
    order = ordered(*MODULES)  # raises CycleError, which names the modules of the circle
    assert set(order) == {path.resolve() for path in MODULES}
    for path in order:
        assert all(order.index(other) < order.index(path) for other in imported(path))


def test_every_module_is_part_of_a_bundle():
    used = {path for entry in ENTRIES for path in ordered(entry)}
    types = {FOLDER / "engine" / "description.js"}  # read by editors and tsc alone
    unused = [named(path) for path in MODULES if path not in used | types]
    assert not unused, f"{unused}: nothing imports them; remove them, or import them"


@pytest.mark.parametrize("path", sorted((FOLDER / "engine").glob("*.js")), ids=named)
def test_the_engine_knows_no_page(path):
    words = {leaf.text.decode() for leaf in code(path) if leaf.type == "identifier"}
    assert not words & {"document", "window"}, (
        f"{named(path)} names document or window: what touches the page stands in a room above"
    )


def test_the_engine_loads_in_a_bare_v8():
    source = enclosed(*sorted((FOLDER / "engine").glob("*.js")))
    assert engines.in_v8(f"{source}\ntypeof engine_state.State") == "function"


@thorough
@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_what_is_joined_is_what_was_written(entry):
    """rjsmin takes out comments and spaces, and nothing else: token for token."""
    before, after = leaves(in_full(entry)), leaves(joined_from(entry))
    pairs = [[leaf.text.decode() for leaf in two] for two in zip(before, after, strict=False)]
    different = [f"{a} became {b}" for a, b in pairs if a != b]
    assert not different, (
        "rjsmin changes this; write no template inside a template, and give a regular expression"
        f" after => a name: {different[:3]}"
    )
    assert len(before) == len(after) and len(joined_from(entry)) < 0.8 * len(in_full(entry))


def test_the_map_names_each_module_in_its_room():
    text = (FOLDER / "page" / "page.js").read_text(encoding="utf-8").split("\nimport ")[0]
    starts = [*MAP_ROOM.finditer(text), None]
    mapped = {}
    for here, there in pairwise(starts):
        assert here is not None
        part = text[here.start() : there.start() if there else None]
        mapped[here[1]] = set(MAP_MODULE.findall(part))
    modules = {name: {path.stem for path in (FOLDER / name).glob("*.js")} for name in ROOMS}
    assert mapped == modules, (
        "the map at the top of widgets/front_end/page/page.js: a line a module"
    )
    assert tuple(mapped) == ROOMS, "the map's rooms stand in the order of ROOMS, the lowest first"
