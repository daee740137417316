"""The report on the reproduction, in Markdown, and its figures as CSV."""
import csv
import math
import shlex

import lcmpi_markdown as markdown

from .archive import FIGURES

COLUMNS = "trial preset rates machine figure archived low median high theory real verdict".split()


def write_csv(verdicts, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for v in verdicts:
            writer.writerow([v.trial, v.preset, v.rates, v.machine, v.figure, *map(_number, (
                v.archived, v.low, v.median, v.high, v.theory, v.real)), v.word])


def _number(value):
    return "" if math.isnan(value) else f"{value:.4g}"


def text(verdicts, findings, copies, version, commands, picture):
    inside = sum(v.inside for v in verdicts)
    lines = ["# Both published solutions of the exercise, again", "",
             f"{version}. Every trial was run {copies:,} times in virtual time at its archived rates and weights, by the rules of its program. "
             f"**{inside} of {len(verdicts)} archived figures lie in the central 99 %** of what lcmpi does.", "",
             f"![Archived figures in the distributions of {copies:,} copies]({picture})", ""]
    outside = [v for v in verdicts if not v.inside]
    for v in outside:
        lines += [f"* {v.trial}, {FIGURES[v.figure]} of machine {v.machine}: {v.archived:g} is {v.word} {v.low:g} to {v.high:g}"
                  + (f" ({v.note})" if v.note else "") + "."]
    lines += [""] if outside else []
    for solution in dict.fromkeys(v.preset.partition(":")[0] for v in verdicts):
        lines += _table([v for v in verdicts if v.preset.partition(":")[0] == solution], solution)
    if findings:
        lines += ["## What the reports said", ""]
    for finding in findings:
        lines += [f"### {finding.statement} {finding.verdict.capitalize()}.", "", finding.why, "",
                  *markdown.table(finding.head, finding.rows)]
    lines += ["## The runs", "", "```sh", *(shlex.join(words) for words in commands), "```", ""]
    return "\n".join(lines)


def _table(verdicts, solution):
    real = any(not math.isnan(v.real) for v in verdicts)
    head = ["trial", "figure", "machine (rate)", "archived", "lcmpi: median", "central 99 %", "theory",
            *(["one run in real time"] if real else []), "verdict"]
    rows = []
    for v in verdicts:
        rate = v.rates.split(",")[v.machine]
        rows.append([v.trial, FIGURES[v.figure], f"{v.machine} ({rate})", f"{v.archived:g}", f"{v.median:g}",
                     f"{v.low:g} to {v.high:g}", _number(v.theory), *([_number(v.real)] if real else []),
                     v.word if v.inside else f"**{v.word}**"])
    return [f"## {solution}", "", *markdown.table(head, rows)]
