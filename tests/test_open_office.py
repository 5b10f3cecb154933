"""The LibreOffice that tests keep open: it recalculates what a file says it gave, ends with the
process that started it, and another starts where one has hung or gone.
"""

import subprocess
import sys
from pathlib import Path

import engines
import openpyxl
import psutil
import pytest
from open_office import OpenOffice, converted, open_office
from xlsxwriter import Workbook

pytestmark = pytest.mark.processes
TESTS = Path(__file__).parent


def poisoned(path: Path) -> Path:
    """A workbook whose formula stands beside a value that it does not give."""
    with Workbook(path) as book:
        page = book.add_worksheet("Sheet")
        page.write_number("A1", 20)
        page.write_formula("B1", "=A1*2+2", value=1)
    assert engines.cached_cells(path)["Sheet", 1, 2] == 1
    return path


def recalculated(path: Path) -> float:
    return openpyxl.load_workbook(path, data_only=True)["Sheet"]["B1"].value


def processes(office: OpenOffice) -> list[psutil.Process]:
    return psutil.Process(office.keeper.pid).children(recursive=True)


def wait_until_gone(these: list[psutil.Process]) -> None:
    assert not psutil.wait_procs(these, timeout=30)[1]


@pytest.fixture
def program() -> str:
    return engines.needs_libreoffice()


def test_one_start_serves_several_conversions_each_recalculated(program, tmp_path):
    first, second = poisoned(tmp_path / "first.xlsx"), poisoned(tmp_path / "second.xlsx")
    (saved,) = converted(program, [first], tmp_path / "out")
    office, running = open_office(program), processes(open_office(program))
    assert [recalculated(path) for path in converted(program, [second], tmp_path / "out")] == [42]
    assert recalculated(saved) == 42
    assert open_office(program) is office and processes(office) == running


def test_what_it_saved_before_is_not_taken_for_its_answer(program, tmp_path):
    path = poisoned(tmp_path / "book.xlsx")
    converted(program, [path], tmp_path / "out")
    path.unlink()
    with pytest.raises(AssertionError, match=r"could not open or save book\.xlsx"):
        converted(program, [path], tmp_path / "out")


def test_another_starts_where_it_was_ended_by_force(program, tmp_path):
    path = poisoned(tmp_path / "book.xlsx")
    converted(program, [path], tmp_path / "out")
    office = open_office(program)
    for process in processes(office):
        process.kill()
    office.keeper.wait(timeout=30)
    (saved,) = converted(program, [path], tmp_path / "out")
    assert recalculated(saved) == 42
    assert open_office(program) is not office and processes(open_office(program))


def test_another_starts_where_it_hangs(program, tmp_path):
    path = poisoned(tmp_path / "book.xlsx")
    office = open_office(program)
    hung, office.seconds = processes(office), 1.0
    for process in hung:
        process.suspend()
    with pytest.raises(subprocess.TimeoutExpired):
        converted(program, [path], tmp_path / "out")
    wait_until_gone(hung)
    (saved,) = converted(program, [path], tmp_path / "out")
    assert recalculated(saved) == 42


def test_it_ends_with_a_process_that_is_ended_by_force(program):
    code = f"""
import sys, time
sys.path.insert(0, {str(TESTS)!r})
from open_office import open_office
print(open_office({program!r}).keeper.pid, flush=True)
time.sleep(600)
"""
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    keeper = psutil.Process(int(starter.stdout.readline()))
    began = [keeper, *keeper.children(recursive=True)]
    assert len(began) > 1
    starter.kill()
    starter.wait()
    starter.stdout.close()
    wait_until_gone(began)
