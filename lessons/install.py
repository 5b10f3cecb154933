"""Make the project's own environment, `.venv`, and keep it up to date.

`python3 lessons` and `python3 tests` begin here, on a machine where nothing is installed: this file
needs the standard library alone. Pythons from 3.6 on must be able to read it, so that they can say
that they are too old.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from lessons.small_plotly import fetch_bundle

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NEWEST_TRIED = (3, 14)
WINDOWS = os.name == "nt"

# What decides the packages: when one of these changes, they are installed again.
SOURCES = ("pyproject.toml", "constraints.txt")

# The extra that only fine-tuning needs. PyTorch's ordinary package for Linux brings gigabytes for
# NVIDIA's cards; without such a card its small one does the same.
FINE_TUNING = ("fine-tuning",)
SMALL_TORCH = "https://download.pytorch.org/whl/cpu"

# Variables that would lend `.venv` another Python's packages, or send its own elsewhere.
UNWANTED = {
    "PYTHONHOME",
    "PYTHONPATH",
    "__PYVENV_LAUNCHER__",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_CONSTRAINT",
}

# What pip prints, in lower case, and what the person can do about it. The first row that fits is
# the answer.
CAUSES = (
    (
        ("no space left on device", "errno 28", "not enough space on the disk"),
        (
            "The disk is full. Make room (about 0.5 GB, with fine-tuning 1.5 GB), then run the same"
            " command again."
        ),
    ),
    (
        ("certificate_verify_failed", "certificate verify failed", "sslcertverificationerror"),
        (
            "The packages could not be fetched: this network's certificate is not trusted by"
            " Python. Ask whoever runs the network for its certificate file, set PIP_CERT to that"
            " file, then run the same command again."
        ),
    ),
    (
        (
            "connection broken by",
            "failed to establish a new connection",
            "failed to connect",
            "connection timed out",
            "connection refused",
            "name resolution",
            "getaddrinfo failed",
            "network is unreachable",
            "read timed out",
            "unable to connect to proxy",
            "cannot connect to proxy",
        ),
        (
            "The packages could not be fetched: the package index (pypi.org) cannot be reached."
            " Connect to the internet (behind a proxy, set HTTPS_PROXY), then run the same command"
            " again. The lessons themselves need no internet."
        ),
    ),
)


class InstallError(Exception):
    """What was wrong and what to do, in sentences for the person. `code` is the exit code."""

    def __init__(self, sentences: str, code: int = 1) -> None:
        super().__init__(sentences)
        self.code = code


def dotted(version: "tuple[int, ...]") -> str:
    """`(3, 11)` as `3.11`."""
    return ".".join(str(part) for part in version)


def complaint_about(version: "tuple[int, ...]") -> "str | None":
    """Why this Python cannot be used, or None if it can."""
    if version[:2] >= OLDEST:
        return None
    return (
        f"Gradsheet needs Python {dotted(OLDEST)} or newer, and this is Python {dotted(version)}."
        " Install a newer one from https://www.python.org/downloads/ and run the same command"
        " with it."
    )


def program(environment: Path, name: str, windows: bool = WINDOWS) -> Path:
    """Where an environment keeps a program: `python` itself, or a package's command."""
    return environment / "Scripts" / (name + ".exe") if windows else environment / "bin" / name


def variables_for(
    environment: Path, variables: "dict[str, str]", windows: bool = WINDOWS
) -> "dict[str, str]":
    """The environment variables for a program of `environment`, whatever other one the person is
    in.
    """
    kept = {name: value for name, value in variables.items() if name not in UNWANTED}
    folder = str(program(environment, "python", windows).parent)
    separator = ";" if windows else ":"
    kept["PATH"] = separator.join([folder, kept["PATH"]]) if kept.get("PATH") else folder
    kept["VIRTUAL_ENV"] = str(environment)
    kept["PIP_USER"] = "0"
    return kept


def fingerprint(root: Path, version: "tuple[int, ...]") -> str:
    """What an up-to-date environment was made from: the sources, the folder it serves and the
    Python in it.
    """
    parts = [ascii(str(root)).encode(), dotted(version).encode()]
    parts += [(root / name).read_bytes() for name in SOURCES]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in parts)).hexdigest()


def stamp_file(environment: Path, extras: "tuple[str, ...]") -> Path:
    """The file that says from what the packages for these extras were installed; written last, when
    all went well.
    """
    return environment / "-".join(["installed", *sorted(extras)])


def place_file(environment: Path) -> Path:
    """The file that says for which folder the environment was made: one that was moved or copied
    does not work.
    """
    return environment / "made-for"


def text_of(path: Path) -> str:
    """What a small text file says; nothing, if it is not there."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def version_in(environment: Path) -> "tuple[int, ...]":
    """The version of the Python in an environment, as `(3, 11)`; nothing, `()`, if there is none
    that runs.
    """
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    command = [str(program(environment, "python")), "-I", "-S", "-c", question]
    try:
        printed = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60
        ).stdout
        return tuple(int(part) for part in printed.split(b"."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


def is_current(root: Path, environment: Path, extras: "tuple[str, ...]" = ()) -> bool:
    """Whether everything wanted is installed, so that there is nothing to do.

    This is all that a second start costs.
    """
    if not program(environment, "gradsheet").exists():
        return False
    return text_of(stamp_file(environment, extras)) == fingerprint(root, version_in(environment))


def is_sound(root: Path, environment: Path) -> bool:
    """Whether packages can be installed in it: it is whole, made for this folder, and its Python is
    new enough.
    """
    if complaint_about(version_in(environment)) or text_of(place_file(environment)) not in (
        "",
        ascii(str(root)),
    ):
        return False
    command = [str(program(environment, "python")), "-m", "pip", "--version"]
    variables = variables_for(environment, dict(os.environ))
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables
    )
    return done.returncode == 0


def last_words(output: str) -> str:
    """The lines of a failed program's output that say most: its errors, or else its end."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "fatal"))]
    return "\n".join("    " + line for line in (errors or lines)[-3:])


def explain(output: str, version: "tuple[int, ...]") -> str:
    """Why pip failed and what to do, from what it printed and the version of the
    Python it ran in.
    """
    low = output.lower()
    for signs, sentence in CAUSES:
        if any(sign in low for sign in signs):
            return sentence
    sentence = "The packages could not be installed. pip said:\n" + last_words(output)
    if version[:2] > NEWEST_TRIED:
        sentence += (
            f"\nThis is Python {dotted(version)}, and the packages were tried with Python"
            f" {dotted(OLDEST)} to {dotted(NEWEST_TRIED)}: remove .venv, then run the same command"
            " with one of those."
        )
    return sentence


def make_environment(environment: Path) -> None:
    """Make `.venv`, in place of whatever is there."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise InstallError(
            "This Python comes without venv or ensurepip, which are needed to make .venv. On"
            " Debian or Ubuntu run `sudo apt install"
            f" python{dotted(tuple(sys.version_info[:2]))}-venv`; elsewhere install Python from"
            " https://www.python.org/downloads/. Then run the same command again."
        )
    if environment.is_symlink():  # clearing it would empty a folder that others use
        raise InstallError(
            f"{environment} is a link to another folder, which cannot be made anew here. Remove the"
            " link, then run the same command again."
        )
    reason = (
        "again: it was broken, half made or of another folder" if environment.exists() else "once"
    )
    tell(f"Making .venv ({reason}) ...")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=variables_for(environment, dict(os.environ)),
    )
    if done.returncode != 0:
        raise InstallError(
            "Could not make"
            f" {environment}:\n{last_words(done.stdout.decode('utf-8', 'replace'))}\nStop what"
            " still runs from that folder, check that you may write there, remove it if it exists,"
            " then run the same command again."
        )


def pip_install(root: Path, environment: Path, arguments: "list[str]") -> None:
    """Install with pip from the pinned constraints, showing a dot for each package that has to be
    fetched.
    """
    command = [
        str(program(environment, "python")),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
    ]
    command += [
        "--progress-bar",
        "off",
        "--no-warn-script-location",
        "--constraint",
        "constraints.txt",
        *arguments,
    ]
    variables = variables_for(environment, dict(os.environ))
    printed = []
    with subprocess.Popen(
        command, cwd=str(root), env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            printed.append(line)
            if line.startswith("Collecting "):
                tell(".", end="")
    if process.returncode != 0:
        tell("")
        log = environment / "pip.log"
        log.write_text("".join(printed), encoding="utf-8")
        raise InstallError(
            f"{explain(''.join(printed), version_in(environment))}\nAll that pip said is in {log}"
        )


def small_torch() -> "list[str]":
    """pip's arguments for PyTorch's small package; none where the ordinary one is as small, an
    NVIDIA card can use it, or PyTorch's own index cannot be reached.
    """
    if not sys.platform.startswith("linux") or shutil.which("nvidia-smi"):
        return []
    try:
        with urllib.request.urlopen(SMALL_TORCH + "/torch/", timeout=5):
            return ["--extra-index-url", SMALL_TORCH]
    except (OSError, ValueError):
        return []


def kept(environment: Path) -> "tuple[str, ...]":
    """The extras that the lessons of this environment already have."""
    there = any("fine-tuning" in stamp.name for stamp in environment.glob("installed*"))
    return FINE_TUNING if there else ()


def install(root: Path, environment: Path, extras: "tuple[str, ...]" = ()) -> None:
    """Install the project, editable, with these extras.

    The build tool goes first, itself pinned: a changed pyproject.toml that asks for no new package
    needs no network.
    """
    for stamp in environment.glob("installed*"):
        stamp.unlink()
    tell("Installing packages (once, a minute or a few) ", end="")
    pip_install(root, environment, ["setuptools"])
    project = f".[{','.join(extras)}]" if extras else "."
    where = small_torch() if "fine-tuning" in extras else []
    pip_install(root, environment, [*where, "--no-build-isolation", "--editable", project])
    fetch_bundle(environment)
    place_file(environment).write_text(ascii(str(root)), encoding="utf-8")
    mark = fingerprint(root, version_in(environment))
    for installed in {(), extras}:
        stamp_file(environment, installed).write_text(mark, encoding="utf-8")
    tell(" done.")


def prepare(root: Path, extras: "tuple[str, ...]" = ()) -> Path:
    """The project's environment, made or brought up to date where needed. Raises InstallError."""
    complaint = complaint_about(tuple(sys.version_info[:3]))
    if complaint:
        raise InstallError(complaint, code=2)
    for name in SOURCES:
        if not (root / name).is_file():
            raise InstallError(
                f"{name} is missing in {root}. This command is for a copy of the whole project:"
                " fetch it again, or, where Gradsheet is installed as a package, run `gradsheet"
                " serve`."
            )
    environment = root / ".venv"
    try:
        if not is_current(root, environment, extras):
            if not is_sound(root, environment):
                make_environment(environment)
            install(root, environment, extras)
    except OSError as error:
        raise InstallError(
            f"Could not write in {environment}: {error}. Check that you may write there and that"
            " the disk has room, then run the same command again."
        ) from error
    return environment


def run(environment: Path, command: "list[str]", folder: "Path | None" = None) -> int:
    """Run a program of the environment, by name, to its end: its exit code.

    Ctrl-C reaches that program; KeyboardInterrupt is raised here when it has ended.
    """
    path = program(environment, command[0])
    interrupted = False
    with subprocess.Popen(
        [str(path), *command[1:]],
        cwd=str(folder) if folder else None,
        env=variables_for(environment, dict(os.environ)),
    ) as process:
        while process.returncode is None:
            try:
                process.wait()
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return process.returncode


def hand_over(environment: Path, command: "list[str]") -> int:
    """Become a program of the environment, by name.

    Windows cannot: there it is run, and its exit code returned.
    """
    if WINDOWS:
        return run(environment, command)
    path = str(program(environment, command[0]))
    sys.stdout.flush()
    os.execve(path, [path, *command[1:]], variables_for(environment, dict(os.environ)))


def tell(text: str, end: str = "\n") -> None:
    """Say something to the person at once.

    Not on standard output, which belongs to the program that is started.
    """
    print(text, end=end, file=sys.stderr, flush=True)


def quietly(main, arguments: "list[str]") -> int:
    """Run `main(arguments)`: its exit code; an error in sentences, without a traceback; Ctrl-C
    without a word.
    """
    try:
        return main(arguments)
    except InstallError as error:
        tell(str(error))
        return error.code
    except KeyboardInterrupt:
        tell("")
        return 130
