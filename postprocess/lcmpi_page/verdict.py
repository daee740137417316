"""The verdict of `lcmpi verify`, which is asked when the page is made."""
import json
import shutil
import subprocess
from dataclasses import dataclass, field

import lcmpi_tool as tool

MOST = 2_000_000  # events: more take minutes and gigabytes
SECONDS = 300     # that the verifier may take


@dataclass
class Verdict:
    word: str
    text: str
    look: str = "open"  # or as the verdict in the JSON of verify
    checks: list = field(default_factory=list)  # as in the JSON of verify


WORDS = {"verified": ("verified", "Every check found the run right."),
         "partly": ("verified as far as it is on file", "Nothing wrong was found; not all could be judged."),
         "failed": ("failed", "Something is wrong: see the witnesses."),
         "unreadable": ("unreadable", "")}


def ask(subject, wanted=True):
    by_hand = f"lcmpi verify {subject.file}"
    if not wanted:
        return Verdict("not asked", f"The verifier was not asked (--no-verify): {by_hand}")
    if subject.about["n_events"] > MOST:
        return Verdict("not asked", f"The verifier was not asked, since the log is long: {by_hand}")
    program = shutil.which(tool.program()) or shutil.which("lcmpi")
    if not program:
        return Verdict("not asked", f"There is no lcmpi here to ask (LCMPI can name one): {by_hand}")
    try:
        done = subprocess.run([program, "verify", "--json", str(subject.file)], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Verdict("no answer", f"The verifier took longer than {SECONDS} s: {by_hand}")
    try:
        said = json.loads(done.stdout)
        look = said["verdict"]
        word, text = WORDS[look]
    except (ValueError, KeyError):
        return Verdict("no answer", f"The verifier ended with exit code {done.returncode}: {by_hand}")
    return Verdict(word, text or str(said["error"]), look, said["checks"])
