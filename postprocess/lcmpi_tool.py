"""What the command-line tools share: failures as one line with an exit code, the packages they
need, values of their options, and files that appear whole or not at all. Needs the standard
library only."""
import argparse
import importlib
import os
import re
import shlex
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

USAGE, FAILURE = 2, 3
PYTHON = "/usr/bin/python3"  # for which Debian's packages are

NAME = Path(sys.argv[0]).name

LARGEST_VM = (1 << 31) - 1
MOST_MACHINES = 10_000_000  # in a list of them


class Failure(Exception):
    """Ends the tool with one line of text."""

    def __init__(self, text, code=FAILURE):
        super().__init__(text)
        self.code = code


class Terminated(BaseException):
    """SIGTERM: ends the tool as an interrupt does, so that no half file remains."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(f"{message} (see {NAME} --help)", USAGE)


def run(main):
    """Calls main(), whatever it raises."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        main()
        sys.stdout.flush()
    except Failure as failure:
        _end(failure, failure.code)
    except BrokenPipeError:
        _drop_stdout()
    except OSError as error:
        _end(f"{error.filename or 'file'}: {error.strerror or error}", FAILURE)
    except MemoryError as error:
        _end(f"out of memory: {error}" if str(error) else "out of memory", FAILURE)
    except KeyboardInterrupt:
        _end("interrupted", 130)
    except Terminated:
        _end("terminated", 143)


def program():
    """lcmpi itself: the one that LCMPI names, or that of this tree, which is installed or was built."""
    root = Path(__file__).resolve().parents[1]
    installed = root / "bin" / "lcmpi"
    return os.environ.get("LCMPI") or str(installed if installed.exists() else root / "build" / "release" / "lcmpi")


def require(*packages):
    """Fails with what to install and how to go on if one of the packages cannot be imported."""
    errors = {}
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            errors[package] = error
    if errors:
        debian = " ".join(f"python3-{package}" for package in errors)
        raise Failure(f"{sys.executable} cannot import {', '.join(errors)} "
                      f"({next(iter(errors.values()))}); on Debian: apt install {debian}, "
                      f"then run {PYTHON} {shlex.quote(sys.argv[0])}")


def note(text):
    print(f"{NAME}: {text}", file=sys.stderr)


def announce(path):
    """A file was written. Whether anybody reads along does not matter to the files to come."""
    try:
        print(path, flush=True)
    except BrokenPipeError:
        _drop_stdout()


def output_folder(file, folder):
    """Where derived files go: beside the file, or into `folder`, which is made."""
    if folder is None:
        return Path(file).parent
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)


def spare_strangers(paths, mark, what):
    """Fails if one of the paths is there and is not `what` with the mark of this tool in it."""
    for path in paths:
        if path.exists() and mark.encode() not in path.read_bytes():
            raise Failure(f"{path}: exists and is not {what} of this tool; --force replaces it")


@contextmanager
def whole_file(path):
    """A temporary name to write to, of which nothing is there; what is there then becomes `path` if nothing fails."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)  # of a tool that was killed
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def window(text):
    """(start, end), None for an end that is left out."""
    if text == "all":
        return (None, None)
    match = re.fullmatch(r"(\d*\.?\d*):(\d*\.?\d*)", text)
    try:
        start, end = (float(part) if part else None for part in match.groups())
    except (AttributeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not START:END in seconds, or 'all'") from None
    if end is not None and end <= (start or 0):
        raise argparse.ArgumentTypeError(f"'{text}' ends before it starts")
    return (start, end)


def machine_list(text):
    vms = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise argparse.ArgumentTypeError(f"'{text}' is not a list such as 0,3,8-11")
        if last > LARGEST_VM:
            raise argparse.ArgumentTypeError(f"VM {last} in '{text}': no run has VMs above {LARGEST_VM}")
        if len(vms) + last - first >= MOST_MACHINES:
            raise argparse.ArgumentTypeError(f"'{text}' names more than {MOST_MACHINES:,} VMs")
        vms.update(range(first, last + 1))
    return vms


def _terminate(*_):
    raise Terminated


def _end(text, code):
    note(" ".join(str(text).split()))
    sys.exit(code)


def _drop_stdout():
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
