#!/usr/bin/env python3
"""What came of runs: each is verified, its figures are drawn, and all are put into a table, runs.csv.

Files that were stopped, or whose run is still on, are taken as far as they have come. All that is
known of a file comes from `lcmpi info` and `lcmpi verify`; a file that cannot be read has a row too,
which says why. Needs Python's standard library; the figures need what lcmpi_plot needs."""

import argparse
import csv
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "postprocess"))
import lcmpi_tool  # noqa: E402

LCMPI = lcmpi_tool.program()
FIELDS = ("file state verified balance digest events messages snapshots t_end sent received queued in_flight "
          "lost figures note").split()
# what stands where in the lines of `lcmpi info`
LINES = (
    r"^.*: (?P<state>[A-Z]+): .*",
    r"  rows +(?P<events>[\d,]+) events?, (?P<messages>[\d,]+) messages?",
    r"  snapshots (?P<snapshots>\d+) of \d+",
    r"  ended +at (?P<t_end>[^;]+); (?P<sent>\d+) sent = (?P<received>\d+) received \+ (?P<queued>\d+) queued "
    r"\+ (?P<in_flight>\d+) in flight \+ (?P<lost>\d+) lost",
    r"  digest +(?P<digest>0x\w+)",
)
DONE, NO_FILE, NOT_VERIFIED = 0, 3, 4  # exit codes, as lcmpi has them


def main():
    options = parse()
    rows, code = [], DONE
    options.folder.mkdir(parents=True, exist_ok=True)
    for file in options.files:
        row = report(file, options.folder)
        print(f"{row['file']}: {row['state'] or 'no file of lcmpi'}, verified: {row['verified'] or '-'}"
              + (f" ({row['note']})" if row["note"] else ""), flush=True)
        rows.append(row)
        code = max(code, NOT_VERIFIED if row["verified"] == "no" else DONE if row["state"] else NO_FILE)
    table = options.folder / "runs.csv"
    write(table, rows)
    print(table)
    return code


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("-o", dest="folder", type=Path, required=True, metavar="FOLDER",
                        help="where the table and the figures go")
    parser.add_argument("file", nargs="+", type=Path, help="a file of lcmpi, or a folder: all .h5 files in it")
    options = parser.parse_args()
    options.files = []
    for path in options.file:
        options.files += sorted(path.glob("*.h5")) if path.is_dir() else [path]
    if not options.files:
        parser.error("there is no .h5 file in " + ", ".join(map(str, options.file)))
    return options


def report(file, folder):
    """The row of a file; its figures are drawn into the folder."""
    row = dict.fromkeys(FIELDS, "")
    row["file"] = str(file)
    said, error, code = call(LCMPI, "info", file)
    if code:
        row["note"] = error
        return row
    row.update(parsed(said))
    if row["sent"]:
        parts = ("received", "queued", "in_flight", "lost")
        row["balance"] = "holds" if int(row["sent"]) == sum(int(row[name]) for name in parts) else "does not hold"
    row["verified"], row["note"] = verified(file)
    figures, error, code = call(sys.executable, ROOT / "postprocess/lcmpi_plot", "-o", folder, file)
    row["figures"] = len(figures.splitlines())
    if code:
        row["note"] = "; ".join(filter(None, (row["note"], error)))
    return row


def parsed(said):
    """{field: text} of what `lcmpi info` says; numbers without commas."""
    found = {}
    for line in said.splitlines():
        for pattern in LINES:
            match = re.fullmatch(pattern, line)
            for name, text in match.groupdict().items() if match else ():
                found.setdefault(name, text.replace(",", ""))
    return found


def verified(file):
    """(yes, so far, no or nothing; what there is to say of it)."""
    said, error, code = call(LCMPI, "verify", file)
    if code == NOT_VERIFIED:
        wrong = [line[6:22].strip() for line in said.splitlines() if line.startswith("FAIL ")]
        return "no", "violated: " + "; ".join(wrong)
    if code:
        return "", error
    return ("so far" if "as far as it is on file" in said else "yes"), ""


def call(*words):
    """(stdout, the last line of stderr, exit code) of a program."""
    try:
        result = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        return "", f"{words[0]}: {error.strerror}", NO_FILE
    return result.stdout, (result.stderr.splitlines() or [""])[-1], result.returncode


def write(table, rows):
    """All of it or nothing, so that nobody reads a table that is half there."""
    part = table.with_suffix(".part")
    with open(part, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    part.replace(table)


if __name__ == "__main__":
    sys.exit(main())
