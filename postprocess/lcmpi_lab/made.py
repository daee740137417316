"""How the runs were made, so that they can be made again."""
from pathlib import Path

import lcmpi_markdown as markdown

from . import words

STATES = {
    "COMPLETE": "complete",
    "STOPPED": "stopped at {at} of {of}",
    "RUNNING": "not over, or killed: on file to {at} of {of}",
    "RECOVERED": "killed, and recovered: on file to {at} of {of}",
    "FAILED": "failed: on file to {at} of {of}",
    "NONE": "not begun",
}


def section(runs):
    head = ["run", "file", "state", "machines", "ticks/s", "seed", "began (UTC)", "made by", "format"]
    lines = ["## How it was made", "", *markdown.table(head, [[i, *_cells(run)] for i, run in enumerate(runs, 1)])]
    lines += ["The same again (an existing file is not overwritten unasked):", "", "```sh"]
    lines += [line for run in runs for line in commands(run.about, run.ranks)] + ["```", ""]
    virtual = [(i, run) for i, run in enumerate(runs, 1) if run.whole and run.about["pace"] == "virtual"
               and run.about["digest"].get("execution")]
    if virtual:
        lines += ["In virtual time the same command and version give the same run, event for event, on any number "
                  "of ranks; these digests stand for all events, and for all stamps of the clock:", ""]
        lines += markdown.table(["run", "digest", "of the stamps"], [[i, *_digests(run)] for i, run in virtual])
    real = [str(i) for i, run in enumerate(runs, 1) if run.about["pace"] == "real" and "imported" not in run.about]
    if real:
        lines += [f"In real time ({'run' if len(real) == 1 else 'runs'} {words.listed(real, 12)}) the seed fixes rates "
                  "and draws, but not when messages arrive: the same command gives a like run, not an equal one.", ""]
    return lines


def commands(about, ranks):
    """As typed, with the seed, and with mpirun if there were several ranks, which lcmpi does not see itself; then
    those by which the run was gone on with. `ranks`: of each of these."""
    if "imported" in about:
        return [about["command_line"]]
    first = about["command_line"]
    if "--seed" not in first:
        first += f" --seed {about['seed']}"
    more = [line.partition(": ")[2] for line in about["history"].splitlines() if " --resume" in line]
    return [f"mpirun -np {n} {words}" if n > 1 else words for n, words in zip(ranks, [first, *more])]


def state(run):
    return STATES[run.about["state"]].format(at=words.seconds(run.seconds), of=words.seconds(run.asked))


def rates(run):
    """Of the machines, in their order if they are few."""
    rate = run.rows.rate.to_numpy()
    by_copy = rate.reshape(run.copies, -1)
    if 0 < run.vms <= 6 and (by_copy == by_copy[0]).all():
        return ", ".join(f"{value:.3g}" for value in by_copy[0])
    return f"{rate.min():.3g} to {rate.max():.3g}" if len(rate) else run.options.get("rates", words.NONE)


def _cells(run):
    about, n = run.about, int(run.about["n_vm"])
    machines = f"{n:,}" if run.copies == 1 else f"{run.copies:,} copies of {n // run.copies:,}"
    imported = "imported" in about
    return [f"`{Path(run.file).name}`", state(run), machines, rates(run), words.NONE if imported else about["seed"],
            about["start_time"], about["source"], about["lcmpi_format"]]


def _digests(run):
    return [f"`0x{run.about['digest'][name]:016x}`" if name in run.about["digest"] else words.NONE
            for name in ("execution", run.clock)]
