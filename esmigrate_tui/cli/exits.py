"""How a command ends: one exit code, and one sentence where something went wrong."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, TextIO

from esmigrate_tui.hangup import is_gone
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable


def print_problem(problem: Problem, out: TextIO) -> None:
    """A problem in the order a tired person reads: what, why, what to do, and the server's own words."""
    print(f"esmigrate: {clean(problem.what, len(problem.what))}", file=out)
    for line in (problem.why, problem.todo):
        if line:
            print(f"  {clean(line, len(line))}", file=out)
    if problem.evidence:
        print(f"  Details: {clean(problem.evidence, 500)}", file=out)


def exit_code_of(command: Callable[[], object], out: TextIO) -> int:
    """Carry out a command, of click or not, and print in one sentence what stopped it; the exit code."""
    try:
        answer = command()
        sys.stdout.flush()  # what a reader did not wait for shows here, not at the interpreter's end
    except SystemExit:  # so click ends where it meets a broken pipe first, and after it has completed a word
        if "_ESMIGRATE_COMPLETE" in os.environ:
            raise
        _silence(1)
        return 128 + signal.SIGPIPE
    except ProblemError as error:
        print_problem(error.problem, out)
        return _code_of(error)
    except KeyboardInterrupt:
        return _stopped(out)
    except BrokenPipeError:
        _silence(1)
        return 128 + signal.SIGPIPE
    except OSError as error:
        if is_gone(1) or is_gone(2):  # the terminal: nothing can be printed
            _silence(1, 2)
            return 128 + signal.SIGHUP
        where = clean(str(error.filename or "this machine"), 300)
        print(f"esmigrate: {clean(error.strerror or str(error), 300)}: {where}.", file=out)
        return ExitCode.STATE
    except Exception as error:  # noqa: BLE001  # the last net
        return _ended_by(error, out)
    return int(answer) if isinstance(answer, int) else ExitCode.DONE


def _code_of(error: ProblemError) -> int:
    from esmigrate_tui.engine.holding import RunHeldError  # noqa: PLC0415  # only where something went wrong

    return ExitCode.HELD if isinstance(error, RunHeldError) else exit_code(error.problem.cause)


def _silence(*numbers: int) -> None:
    """The reader of our output has left; nothing may be written any more, not even by the interpreter's end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in numbers:
        os.dup2(nowhere, number)


def _stopped(out: TextIO) -> int:
    print("esmigrate: stopped.", file=out)
    return 128 + signal.SIGINT


def _ended_by(error: Exception, out: TextIO) -> int:
    """What click ends a command with stays in its words; a defect is reported as one, without values."""
    import click  # noqa: PLC0415  # the wizard's first screen comes without it

    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort():
            return _stopped(out)
        case click.ClickException():
            error.show(file=out)
            return ExitCode.USAGE
    where = traceback.extract_tb(error.__traceback__)[-1]
    print(
        f"esmigrate: this is a defect of esmigrate itself ({type(error).__name__} in {where.name}, "
        f"line {where.lineno}). Nothing more is done. Please report it with the command you gave.",
        file=out,
    )
    return ExitCode.INTERNAL
