"""`gradsheet`: the lessons, and every face of a sheet, from the command line.

Exit code 2 and a sentence for what cannot be done.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sheets import InputError, Sheet, SheetError
from sheets.language.blocks import may_be_empty
from sheets.language.inputs import MOST_STEPS
from sheets.library.catalogue import SHEETS, sheet_named
from sheets.targets.numpy import Values, is_ended, overflow, trajectory

from . import adding
from .install import InstallError
from .others import OTHERS
from .own import absolute, is_own, own_page, sheet_at, sheets_at


def given_inputs(sheet: Sheet, settings: Sequence[str], workbook: str | None) -> dict[str, Any]:
    """The inputs of `--from` with those of `--set block=value` over them."""
    given: dict[str, Any] = {}
    if workbook:
        from sheets.targets.excel import read_inputs

        given.update(read_inputs(sheet, workbook))
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: write block=value, such as --set clip=0.05")
        given[name.strip()] = value
    return given


def steps_of(sheet: Sheet, steps: int) -> int:
    if not 0 <= steps <= MOST_STEPS:
        raise InputError(f"--steps {steps}: a whole number from 0 to {MOST_STEPS}")
    if steps and not sheet.carried:
        raise InputError(f"{sheet.name} has no steps to take: leave --steps out")
    return steps


def picture_folder(name: str) -> Path:
    """A folder of `--pictures`, wherever links lead."""
    folder = os.path.expanduser(name)
    if not os.path.isdir(folder):
        raise InputError(f"--pictures {name}: there is no such folder")
    path = Path(folder).resolve()
    if os.pathsep in str(path):  # which parts the folders in the environment
        raise InputError(
            f"--pictures {name}: a folder whose path has a {os.pathsep} in it cannot be used,"
            " rename it"
        )
    return path


def after_steps(sheet: Sheet, inputs: Mapping[str, Any], steps: int) -> Values:
    """Every block after so many steps, or the last finite one; then says so where
    errors are said.
    """
    started = sheet.with_inputs(inputs)
    step, blocks = deque(enumerate(trajectory(started, steps)), maxlen=1).pop()
    if step < steps:
        say_stopped(sheet, step, blocks)
    return blocks


def say_stopped(sheet: Sheet, step: int, last: Values) -> None:
    """Which block ends a run at this step, whose numbers are `last`; where errors are said."""
    why = f"{overflow(sheet, last)} would no longer be a finite number"
    if is_ended(sheet, last):
        why = f"the run ends where {sheet.ends} is not 0"
    print(f"stopped at step {step}: {why}", file=sys.stderr)


def json_number(x: float, may_be_empty: bool) -> float | str | None:
    """JSON has no infinity: "inf", "-inf", "nan". An empty cell is null."""
    if math.isnan(x) and may_be_empty:
        return None
    return x if math.isfinite(x) else str(x)


def show_list(options: argparse.Namespace) -> None:
    if options.own:
        titles = {name: sheet.title for name, sheet in sheets_at(options.own).items()}
    else:
        titles = {name: make().title for name, make in SHEETS.items()} | {
            name: lesson.title for name, lesson in OTHERS.items()
        }
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{name:{width}}  {title}")


def sheet_of(name: str) -> Sheet:
    """A sheet of the library, or of a teacher's own file."""
    if is_own(name):
        return sheet_at(name)
    if name in OTHERS:
        raise InputError(
            f"{name} is a lesson without a sheet: open it by gradsheet serve, or as a page by"
            f" gradsheet page {name} OUT.html"
        )
    return sheet_named(name)


def show_values(options: argparse.Namespace) -> None:
    sheet = sheet_of(options.name)
    blocks = after_steps(
        sheet, given_inputs(sheet, options.set, options.workbook), steps_of(sheet, options.steps)
    )
    gaps = {name for name, block in sheet.blocks.items() if may_be_empty(block)}
    lines = []
    for name, block in blocks.items():
        rows = [[json_number(x, name in gaps) for x in row] for row in block.tolist()]
        lines.append(f"  {json.dumps(name)}: {json.dumps(rows)}")
    print("{\n" + ",\n".join(lines) + "\n}")


def export(options: argparse.Namespace) -> None:
    from sheets.targets.excel import write

    if options.out.suffix.lower() != ".xlsx":
        raise InputError(f"{options.out}: a workbook's name ends in .xlsx")
    sheet = sheet_of(options.name)
    inputs, steps = (
        given_inputs(sheet, options.set, options.workbook),
        steps_of(sheet, options.steps),
    )
    run = write(sheet, str(options.out), inputs, steps)
    last = run.first + len(run) - 1
    if last < steps:
        say_stopped(sheet, last, run[-1])
    if run.first:
        print(f"the workbook holds {_held(run.first, last)}", file=sys.stderr)
    print(f"wrote {options.out}")


def _held(first: int, last: int) -> str:
    """The steps of a run that a workbook holds, where it does not hold all."""
    if first == last:
        return f"step {last} alone"
    return f"the last {last - first} steps, from step {first} on: all {last} would not open well"


def page(options: argparse.Namespace) -> None:
    from .pages import lesson_page

    if is_own(options.name):
        sheet = sheet_of(options.name)
        text = own_page(sheet, given_inputs(sheet, options.set, options.workbook))
        options.out.write_text(text, encoding="utf-8")
        print(f"wrote {options.out}")
        return
    alone = (
        options.name in OTHERS and not options.set and not options.workbook
    )  # there is no sheet that could be set
    inputs = {} if alone else given_inputs(sheet_of(options.name), options.set, options.workbook)
    options.out.write_text(lesson_page(options.name, inputs), encoding="utf-8")
    print(f"wrote {options.out}")


def site(options: argparse.Namespace) -> None:
    from .site import write_own_site, write_site

    if not options.own:
        for written in write_site(options.out):
            print(f"wrote {written}")
        return
    for one in write_own_site(options.out, sheets_at(options.own)):
        if isinstance(one, Path):
            print(f"wrote {one}")
        else:
            print(f"gradsheet: {one}", file=sys.stderr)


def serve(options: argparse.Namespace) -> int:
    from .server import serve as serve_lessons

    if options.own:
        sheets_at(options.own)  # what cannot be served is said before anything opens
    return serve_lessons(
        options.port,
        not options.no_browser,
        [picture_folder(name) for name in options.pictures],
        options.private,
        absolute(options.own) if options.own else "",
    )


def finetune(options: argparse.Namespace) -> int:
    with fine_tuning():
        from widgets.fine_tuning.command.finetune import Request
        from widgets.fine_tuning.command.finetune import finetune as run

        return run(
            Request(**{name: getattr(options, name) for name in Request.__dataclass_fields__})
        )


def look(options: argparse.Namespace) -> int:
    with fine_tuning():
        from widgets.fine_tuning.command.look import look as run

        return run(options.pictures, options.body, print)


def predict(options: argparse.Namespace) -> int:
    with fine_tuning():
        from widgets.fine_tuning.command.predict import Wish
        from widgets.fine_tuning.command.predict import predict as run

        return run(
            Wish(**{name: getattr(options, name) for name in Wish.__dataclass_fields__}), print
        )


def bodies(options: argparse.Namespace) -> int:
    with fine_tuning():
        from widgets.fine_tuning.command.look import bodies as run

        return run(print)


@contextmanager
def fine_tuning() -> Iterator[None]:
    """Adds its packages where they are missing and may be added. Raises InputError where they are
    not installed, or at Ctrl-C.
    """
    try:
        if not adding.is_here() and adding.can_be_added():
            adding.add()
        yield
    except InstallError as error:
        raise InputError(str(error)) from None
    except ModuleNotFoundError as error:
        raise InputError(
            f"fine-tuning needs {error.name}, which is not installed: pip install"
            " 'gradsheet[fine-tuning]'"
        ) from None
    except KeyboardInterrupt:  # while it does not train yet or any more, or the second one
        raise InputError(
            "stopped; the same command goes on from the last checkpoint, if there is one"
        ) from None


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="gradsheet",
        description="Deep learning in sheets: lessons, numbers, workbooks and pages.",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {version('gradsheet')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int | None], about: str
    ) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=about, description=about)
        parser.set_defaults(run=run)
        return parser

    def of_a_sheet(parser: argparse.ArgumentParser, steps: bool = True) -> None:
        parser.add_argument(
            "name",
            metavar="NAME",
            help="a sheet, as `gradsheet list` names it; or one of yours, my_sheets.py:name",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="BLOCK=VALUE",
            help="an input: a number, a choice's name, or JSON rows",
        )
        parser.add_argument(
            "--from",
            dest="workbook",
            metavar="EDITED.xlsx",
            help="take the inputs from an edited workbook of this sheet",
        )
        if steps:
            parser.add_argument(
                "--steps", type=int, default=0, metavar="N", help="carried steps to take first"
            )

    def of_own_sheets(parser: argparse.ArgumentParser, what: str) -> None:
        about = f"{what} of your own: a file, my_sheets.py, or a folder of them"
        parser.add_argument("own", nargs="?", default="", metavar="MY_SHEETS", help=about)

    of_own_sheets(command("list", show_list, "lessons and sheets, one line each"), "sheets")
    serving = command("serve", serve, "open the lessons in the browser (Voila)")
    of_own_sheets(serving, "sheets")
    serving.add_argument("--port", type=int, default=None, help="default: 8866, or a free one")
    serving.add_argument("--no-browser", action="store_true", help="only print the address")
    serving.add_argument(
        "--private",
        action="store_true",
        help="answer nobody but the browser that opens the printed address",
    )
    serving.add_argument(
        "--pictures",
        action="append",
        default=[],
        metavar="FOLDER",
        help=(
            "fine-tuning may read it and write there, on anybody's page; may be repeated (default:"
            " no folder)"
        ),
    )
    of_a_sheet(command("values", show_values, "every block of a sheet as JSON"))
    exporting = command("export", export, "a sheet as an Excel workbook with live formulas")
    of_a_sheet(exporting)
    exporting.add_argument("out", type=Path, metavar="OUT.xlsx")
    paging = command("page", page, "a lesson as one HTML file that works from disk")
    of_a_sheet(paging, steps=False)
    paging.add_argument("out", type=Path, metavar="OUT.html")
    publishing = command("site", site, "every lesson as static pages")
    publishing.add_argument("out", type=Path, metavar="OUT")
    of_own_sheets(publishing, "sheets")
    _of_finetune(
        command(
            "finetune",
            finetune,
            "train a pretrained network on your own pictures (also under torchrun)",
        )
    )
    _of_predict(
        command("predict", predict, "a trained network's answers for pictures without labels")
    )
    _of_look(command("look", look, "what a pretrained network says of pictures"))
    command("bodies", bodies, "the pretrained networks that are offered, and how fast they go here")
    return top


def _of_finetune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a folder of pictures, or digits: the 3s and 7s that come along (digits:all: all ten;"
        " digits:358: these)",
    )
    parser.add_argument(
        "--labels",
        default="folder",
        metavar="folder|csv:PATH|regex:EXPR",
        help="where a picture's label is (default: folder)",
    )
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="FILE",
        help="a CSV of id,label with the labels that are true, as predictions.csv names the"
        " pictures; without a label, a picture is left out",
    )
    parser.add_argument(
        "--body",
        metavar="NAME",
        help="as `gradsheet bodies` lists them, or any image classifier of transformers', by its"
        " folder or its name on the hub (default: what suits the pictures)",
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="of the whole network, after the head's"
    )
    parser.add_argument("--frozen-epochs", type=int, metavar="N", help="of the new head alone")
    parser.add_argument(
        "--lr",
        metavar="X|find",
        help="the base learning rate, or find: where its curve falls (the valley)",
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="pictures of one step")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="the same seed gives the same numbers (default: 0)",
    )
    parser.add_argument(
        "--unfreeze",
        metavar="DEPTH",
        help="how many of the body's last blocks learn after the head, or all (default: all)",
    )
    parser.add_argument(
        "--keep",
        choices=("best", "last"),
        default="best",
        help="the epoch whose network is written (default: the best one by the metric)",
    )
    parser.add_argument(
        "--metric",
        choices=("accuracy", "error_rate", "log_loss", "f1", "top5"),
        default="accuracy",
        help="what the best epoch is known by (default: accuracy; f1 is the mean over the classes)",
    )
    parser.add_argument(
        "--early-stop",
        type=int,
        nargs="?",
        const=3,
        metavar="N",
        help="stop when so many epochs of the last stage brought nothing better (3, where no N is"
        " given)",
    )
    parser.add_argument(
        "--weights",
        choices=("balanced",),
        help="balanced: every class counts as much as any other in the training loss",
    )
    parser.add_argument(
        "--mixup",
        action="store_true",
        help="blend each picture with another while all layers learn; the training loss then counts"
        " both labels by their shares",
    )
    parser.add_argument(
        "--tta",
        action="store_true",
        help="average the probabilities over four augmented views of a picture and the picture"
        " itself",
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="PIXELS",
        help="the side of what the network sees (default: the body's own)",
    )
    parser.add_argument(
        "--further",
        type=Path,
        metavar="MODEL",
        help="train on from a finished model: what finetune wrote, or its model folder",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="also write what is said there, with the time, and the error if one ends the run",
    )
    parser.add_argument(
        "--flip",
        action=argparse.BooleanOptionalAction,
        help="whether a mirrored picture is still one of its class; a letter b is not (default: it"
        " is, but for digits)",
    )
    parser.add_argument(
        "--zoom",
        type=float,
        metavar="X",
        help="enlarge training pictures by up to this; 1: never (default: 1.2)",
    )
    parser.add_argument(
        "--sample", type=int, metavar="N", help="work on about so many pictures first"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the results go (default: finetuned-DATA, here)",
    )


def _of_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="what finetune wrote, or its model folder"
    )
    parser.add_argument(
        "pictures", nargs="+", type=Path, metavar="PICTURES", help="folders and files"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("submission.csv"),
        metavar="FILE",
        help="where the answers go (default: submission.csv)",
    )
    parser.add_argument(
        "--class",
        dest="only",
        metavar="NAME",
        help="one column with this class's probability, instead of one for each",
    )
    parser.add_argument(
        "--clip",
        type=float,
        default=1e-4,
        metavar="X",
        help="move probabilities into X to 1 - X (default: 1e-4)",
    )
    parser.add_argument(
        "--like",
        type=Path,
        metavar="FILE",
        help="a sample submission, whose ids, order and columns are taken (default:"
        " sample_submission.csv beside the pictures)",
    )
    parser.add_argument("--overwrite", action="store_true", help="the file that is there already")


def _of_look(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pictures",
        nargs="*",
        type=Path,
        metavar="PICTURE",
        help="files (default: the photographs that come along)",
    )
    parser.add_argument(
        "--body",
        default="efficientnet-lite0",
        metavar="NAME",
        help="as `gradsheet bodies` lists them, or a folder of transformers' (default:"
        " efficientnet-lite0)",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    top, given = parser(), sys.argv[1:] if arguments is None else arguments
    if not given:
        top.exit(2, top.format_help())
    options = top.parse_args(given)
    try:
        return options.run(options) or 0
    except (InputError, SheetError) as error:
        print(f"gradsheet: {error}", file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has heard enough
    except OSError as error:
        print(f"gradsheet: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
