"""The install behind `python3 lessons` and `python3 tests`: what it decides and says.

Nothing here is installed.
"""

import ast
import base64
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path, PureWindowsPath

import pytest

from lessons import install, small_plotly
from widgets import plotly_script

PYTHON = tuple(sys.version_info[:2])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project folder, with a space and an accent in its path, that holds what decides the
    packages.
    """
    folder = tmp_path / "données de cours" / "grad sheet"
    folder.mkdir(parents=True)
    for name in install.SOURCES:
        (folder / name).write_text(f"# {name}\n", encoding="utf-8")
    return folder


@pytest.fixture
def environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that looks installed: its `python` is this one's answer, its `gradsheet` an
    empty file.
    """
    folder = root / ".venv"
    gradsheet = install.program(folder, "gradsheet")
    gradsheet.parent.mkdir(parents=True)
    gradsheet.touch()
    monkeypatch.setattr(install, "version_in", lambda environment: PYTHON)
    return folder


@pytest.fixture
def pip_calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of every call of pip, which does nothing."""
    calls: list[list[str]] = []
    monkeypatch.setattr(
        install, "pip_install", lambda root, environment, arguments: calls.append(arguments)
    )
    monkeypatch.setattr(install, "fetch_bundle", lambda environment: True)
    return calls


# ------------------------------------------------------------------------------------------------
# which Python


@pytest.mark.parametrize("version", [(3, 11), (3, 11, 0), (3, 12, 1), (3, 20, 0), (4, 0)])
def test_a_python_that_is_new_enough_is_taken(version):
    assert install.complaint_about(version) is None


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 9), (3, 9, 18), (3, 10, 14)])
def test_a_python_that_is_too_old_is_told_so_with_both_versions_and_where_to_get_one(version):
    complaint = install.complaint_about(version)
    assert install.dotted(version) in complaint
    assert "3.11 or newer" in complaint
    assert "https://www.python.org/downloads/" in complaint


def test_an_old_python_ends_with_code_2_before_anything_is_touched(root, monkeypatch, capsys):
    monkeypatch.setattr(install, "OLDEST", (9, 9))
    assert install.quietly(lambda arguments: install.prepare(root), []) == 2
    assert f"this is Python {install.dotted(PYTHON)}" in capsys.readouterr().err
    assert not (root / ".venv").exists()


@pytest.mark.parametrize(
    "path",
    ["lessons/install.py", "lessons/small_plotly.py", "lessons/__main__.py", "tests/__main__.py"],
)
def test_old_pythons_can_read_the_files_that_tell_them_so(path):
    ast.parse((install.ROOT / path).read_text(encoding="utf-8"), feature_version=(3, 6))


def test_install_needs_the_standard_library_alone():
    files = [install.ROOT / "lessons" / name for name in ("install.py", "small_plotly.py")]
    tree = ast.parse("\n".join(file.read_text(encoding="utf-8") for file in files))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert imported and imported <= sys.stdlib_module_names | {"lessons"}


def test_the_oldest_python_is_the_one_pyproject_names():
    project = tomllib.loads((install.ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    assert project["requires-python"] == ">=" + install.dotted(install.OLDEST)


# ------------------------------------------------------------------------------------------------
# the pins


def test_every_package_the_project_asks_for_is_pinned():
    pins = (install.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower() for line in pins if line and not line.startswith("#")}
    project = tomllib.loads((install.ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    asked = ["setuptools", *project["dependencies"], *project["optional-dependencies"]["test"]]
    assert {wish.partition(">=")[0].lower() for wish in asked} <= pinned


def test_every_pin_is_exact_and_none_is_a_path():
    lines = (install.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert [
        pin for pin in pins if pin.count("==") < 1 or "/" in pin or "\\" in pin or "@" in pin
    ] == []


# ------------------------------------------------------------------------------------------------
# where programs are


def test_programs_are_in_bin_and_on_windows_in_scripts():
    assert install.program(Path("e"), "gradsheet", windows=False) == Path("e/bin/gradsheet")
    assert install.program(PureWindowsPath("e"), "python", windows=True) == PureWindowsPath(
        "e\\Scripts\\python.exe"
    )


def test_the_python_that_runs_the_tests_is_found_and_asked_for_its_version():
    assert install.version_in(Path(sys.prefix)) == PYTHON


def test_no_version_where_there_is_no_python_or_one_that_does_not_run(tmp_path):
    assert install.version_in(tmp_path) == ()
    python = install.program(tmp_path, "python")
    python.parent.mkdir()
    python.write_bytes(b"no program")
    python.chmod(0o755)
    assert install.version_in(tmp_path) == ()


@pytest.mark.parametrize("name", sorted(install.UNWANTED))
def test_variables_of_another_python_do_not_reach_the_programs(name):
    variables = install.variables_for(
        Path("here"), {name: "elsewhere", "HOME": "kept", "PIP_INDEX_URL": "kept too"}
    )
    assert name not in variables
    assert variables["HOME"] == "kept"
    assert variables["PIP_INDEX_URL"] == "kept too"


def test_another_environment_the_person_is_in_gives_way():
    before = {"VIRTUAL_ENV": "other", "PATH": "other/bin", "PIP_USER": "1"}
    variables = install.variables_for(Path("here"), before, windows=False)
    assert variables["VIRTUAL_ENV"] == "here"
    assert variables["PATH"].split(":") == [str(Path("here/bin")), "other/bin"]
    assert variables["PIP_USER"] == "0"
    assert before["VIRTUAL_ENV"] == "other"


def test_without_a_path_the_environments_own_is_all():
    assert install.variables_for(Path("here"), {}, windows=False)["PATH"] == str(Path("here/bin"))


# ------------------------------------------------------------------------------------------------
# what is up to date


def test_the_fingerprint_stays_while_nothing_changes(root):
    assert install.fingerprint(root, (3, 11)) == install.fingerprint(root, (3, 11))


@pytest.mark.parametrize("name", install.SOURCES)
def test_the_fingerprint_changes_with_each_source(root, name):
    before = install.fingerprint(root, (3, 11))
    (root / name).write_text("something else\n", encoding="utf-8")
    assert install.fingerprint(root, (3, 11)) != before


def test_the_fingerprint_changes_when_text_moves_from_one_source_to_the_next(root):
    first, second = (root / name for name in install.SOURCES)
    first.write_text("ab", encoding="utf-8")
    second.write_text("c", encoding="utf-8")
    before = install.fingerprint(root, (3, 11))
    first.write_text("a", encoding="utf-8")
    second.write_text("bc", encoding="utf-8")
    assert install.fingerprint(root, (3, 11)) != before


def test_the_fingerprint_changes_with_the_python_and_with_the_folder(root, tmp_path):
    before = install.fingerprint(root, (3, 11))
    assert install.fingerprint(root, (3, 12)) != before
    moved = root.rename(tmp_path / "moved")
    assert install.fingerprint(moved, (3, 11)) != before


def test_each_set_of_extras_has_a_stamp_of_its_own_whatever_their_order():
    plain, test, both = (
        install.stamp_file(Path("e"), extras) for extras in [(), ("test",), ("test", "more")]
    )
    assert len({plain, test, both}) == 3
    assert both == install.stamp_file(Path("e"), ("more", "test"))


def test_nothing_is_current_before_the_install_and_everything_after(root, environment, pip_calls):
    assert not install.is_current(root, environment)
    install.install(root, environment)
    assert install.is_current(root, environment)
    assert not install.is_current(root, environment, ("test",))


def test_the_tests_add_their_packages_and_keep_what_the_lessons_have(root, environment, pip_calls):
    install.install(root, environment)
    install.install(root, environment, ("test",))
    assert [arguments[-1] for arguments in pip_calls] == [
        "setuptools",
        ".",
        "setuptools",
        ".[test]",
    ]
    assert install.is_current(root, environment, ("test",))
    assert install.is_current(root, environment)


@pytest.mark.parametrize("name", install.SOURCES)
def test_a_changed_source_is_installed_again(root, environment, pip_calls, name):
    install.install(root, environment)
    (root / name).write_text("changed\n", encoding="utf-8")
    assert not install.is_current(root, environment)


def test_another_python_in_the_environment_is_not_current(
    root, environment, pip_calls, monkeypatch
):
    install.install(root, environment)
    monkeypatch.setattr(install, "version_in", lambda environment: (3, 99))
    assert not install.is_current(root, environment)
    monkeypatch.setattr(install, "version_in", lambda environment: ())
    assert not install.is_current(root, environment)


def test_a_missing_gradsheet_command_is_installed_again(root, environment, pip_calls):
    install.install(root, environment)
    install.program(environment, "gradsheet").unlink()
    assert not install.is_current(root, environment)


def test_an_install_that_fails_leaves_nothing_that_looks_current(
    root, environment, pip_calls, monkeypatch
):
    install.install(root, environment, ("test",))

    def failing(root, environment, arguments):
        raise install.InstallError("no")

    monkeypatch.setattr(install, "pip_install", failing)
    with pytest.raises(install.InstallError):
        install.install(root, environment)
    assert not install.is_current(root, environment)
    assert not install.is_current(root, environment, ("test",))


# ------------------------------------------------------------------------------------------------
# what is made again


def test_a_linked_environment_is_not_emptied(tmp_path):
    """It belongs to another folder: clearing it would take that one's packages away."""
    (tmp_path / "theirs" / "bin").mkdir(parents=True)
    link = tmp_path / ".venv"
    link.symlink_to(tmp_path / "theirs")
    with pytest.raises(install.InstallError, match="is a link to another folder"):
        install.make_environment(link)
    assert (tmp_path / "theirs" / "bin").is_dir()


def pip_that_answers(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let `python -m pip --version` end with this code."""
    monkeypatch.setattr(
        install.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, code)
    )


def test_a_whole_environment_is_sound_and_one_without_pip_is_not(root, environment, monkeypatch):
    pip_that_answers(monkeypatch, 0)
    assert install.is_sound(root, environment)
    pip_that_answers(monkeypatch, 1)
    assert not install.is_sound(root, environment)


def test_an_environment_of_another_folder_is_not_sound(
    root, environment, pip_calls, monkeypatch, tmp_path
):
    pip_that_answers(monkeypatch, 0)
    install.install(root, environment)
    assert install.is_sound(root, environment)
    moved = root.rename(tmp_path / "moved")
    assert not install.is_sound(moved, moved / ".venv")


@pytest.mark.parametrize("version", [(), (3, 10)])
def test_an_environment_whose_python_is_gone_or_too_old_is_not_sound(
    root, environment, monkeypatch, version
):
    pip_that_answers(monkeypatch, 0)
    monkeypatch.setattr(install, "version_in", lambda environment: version)
    assert not install.is_sound(root, environment)


@pytest.mark.parametrize("sound", [True, False])
def test_only_what_is_unsound_is_made_again(root, environment, pip_calls, monkeypatch, sound):
    environments = []
    monkeypatch.setattr(install, "is_sound", lambda root, environment: sound)
    monkeypatch.setattr(install, "make_environment", environments.append)
    assert install.prepare(root) == environment
    assert environments == ([] if sound else [environment])
    assert install.is_current(root, environment)


def test_what_is_current_is_left_alone(root, environment, pip_calls, monkeypatch, capsys):
    install.install(root, environment)
    pip_calls.clear()
    capsys.readouterr()
    monkeypatch.setattr(
        install, "is_sound", lambda root, environment: pytest.fail("asked for no reason")
    )
    install.prepare(root)
    assert pip_calls == []
    assert capsys.readouterr() == ("", "")


# ------------------------------------------------------------------------------------------------
# what the person hears


OFFLINE = [
    (
        "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by"
        " 'NewConnectionError(...)'"
    ),
    "urllib3.exceptions: Temporary failure in name resolution",
    "socket.gaierror: [Errno 11001] getaddrinfo failed",
    "ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed'))",
    "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(...): Read timed out.",
]


@pytest.mark.parametrize("line", OFFLINE)
def test_being_offline_is_said(line):
    said = install.explain(
        line + "\nERROR: these package versions have conflicting dependencies.\n", (3, 11)
    )
    assert "cannot be reached" in said
    assert "conflicting" not in said  # pip's conclusion, and wrong


def test_an_untrusted_certificate_is_said_although_the_connection_broke_by_it():
    line = (
        "Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL:"
        " CERTIFICATE_VERIFY_FAILED]"
    )
    assert "PIP_CERT" in install.explain(line, (3, 11))


def test_a_full_disk_is_said():
    line = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    assert "disk is full" in install.explain(line, (3, 11))


def test_any_other_failure_gives_pips_errors_and_not_its_whole_talk():
    said = install.explain("Collecting numpy\nERROR: it is broken\nmore talk\n", (3, 11))
    assert "ERROR: it is broken" in said
    assert "Collecting" not in said and "more talk" not in said


def test_a_failure_without_an_error_line_gives_the_end():
    assert install.last_words("one\n\ntwo\nthree\nfour\n").split() == ["two", "three", "four"]


def test_a_python_newer_than_the_pins_were_tried_with_is_said_only_then():
    newer = (install.NEWEST_TRIED[0], install.NEWEST_TRIED[1] + 1)
    assert f"This is Python {install.dotted(newer)}" in install.explain("ERROR: no wheel", newer)
    assert "This is Python" not in install.explain("ERROR: no wheel", install.NEWEST_TRIED)
    assert "This is Python" not in install.explain("ERROR: no wheel", ())


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_or_ensurepip_says_what_to_install(tmp_path, monkeypatch, missing):
    find = install.importlib.util.find_spec
    monkeypatch.setattr(
        install.importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    with pytest.raises(
        install.InstallError, match=rf"sudo apt install python{install.dotted(PYTHON)}-venv"
    ):
        install.make_environment(tmp_path / ".venv")


@pytest.mark.parametrize("name", install.SOURCES)
def test_half_a_project_is_told_what_is_missing(root, name):
    (root / name).unlink()
    with pytest.raises(install.InstallError, match=f"{name} is missing"):
        install.prepare(root)


def test_a_folder_that_cannot_be_written_gets_a_sentence(root, monkeypatch):
    def refuse(environment):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(install, "make_environment", refuse)
    with pytest.raises(install.InstallError, match="Could not write"):
        install.prepare(root)


def interrupt(arguments):
    raise KeyboardInterrupt


def fail(arguments):
    raise install.InstallError("It rained.", code=7)


def test_an_error_is_its_sentence_and_ctrl_c_is_quiet(capsys):
    assert install.quietly(len, ["a", "b"]) == 2
    assert install.quietly(fail, []) == 7
    assert capsys.readouterr().err == "It rained.\n"
    assert install.quietly(interrupt, []) == 130
    assert capsys.readouterr().err.strip() == ""


# ------------------------------------------------------------------------------------------------
# running


def test_run_gives_the_exit_code_and_the_folder(tmp_path):
    environment = Path(sys.prefix)
    code = "import os, sys; sys.exit(7 if os.getcwd() == sys.argv[1] else 1)"
    assert (
        install.run(environment, ["python", "-c", code, os.path.realpath(tmp_path)], tmp_path) == 7
    )


def test_after_ctrl_c_the_program_may_end_in_its_own_time(monkeypatch):
    """Its first wait is interrupted, as by Ctrl-C: KeyboardInterrupt is raised only when the
    program has ended.
    """
    ended = []

    class Interrupted(subprocess.Popen):
        def wait(self, timeout=None):
            if not ended:
                ended.append("interrupted")
                raise KeyboardInterrupt
            code = super().wait(timeout)
            ended.append(code)
            return code

    monkeypatch.setattr(install.subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        install.run(
            Path(sys.prefix), ["python", "-c", "import sys, time; time.sleep(.3); sys.exit(5)"]
        )
    assert ended[:2] == ["interrupted", 5]


# ------------------------------------------------------------------------------------------------
# the smaller plotly


@pytest.fixture
def npm_package(tmp_path: Path) -> Path:
    """An npm package with a script, as a file."""
    script = b"/**\n* plotly.js (cartesian - minified) v1.2.3\n*/"
    package = tmp_path / "package.tgz"
    with tarfile.open(package, "w:gz") as files:
        member = tarfile.TarInfo(small_plotly.MEMBER)
        member.size = len(script)
        files.addfile(member, io.BytesIO(script))
    return package


def test_the_smaller_plotly_is_the_one_that_was_asked_for_or_none(npm_package, tmp_path):
    asked = base64.b64encode(hashlib.sha512(npm_package.read_bytes()).digest()).decode()
    file = small_plotly.bundle_file(tmp_path)
    assert not small_plotly.fetch_bundle(tmp_path, npm_package.as_uri(), small_plotly.SHA512)
    assert not small_plotly.fetch_bundle(tmp_path, (tmp_path / "none.tgz").as_uri(), asked)
    assert not file.exists()
    assert small_plotly.fetch_bundle(tmp_path, npm_package.as_uri(), asked)
    assert plotly_script.version(file) == "1.2.3"


def test_another_version_of_the_smaller_plotly_does_not_serve(npm_package, tmp_path, monkeypatch):
    whole = plotly_script.whole_plotly()
    asked = base64.b64encode(hashlib.sha512(npm_package.read_bytes()).digest()).decode()
    small_plotly.fetch_bundle(tmp_path, npm_package.as_uri(), asked)
    monkeypatch.setattr(plotly_script, "SMALL", small_plotly.bundle_file(tmp_path))
    assert plotly_script.plotly_file.__wrapped__() == whole
    monkeypatch.setattr(plotly_script, "SMALL", tmp_path / "none.js")
    assert plotly_script.plotly_file.__wrapped__() == whole


def test_the_smaller_plotly_is_of_the_pinned_package_s_version_and_lies_where_it_is_sought():
    assert plotly_script.version(plotly_script.whole_plotly()) == small_plotly.VERSION
    assert small_plotly.bundle_file(Path(sys.prefix)) == plotly_script.SMALL
