"""Puts the page together: nothing in it is loaded from elsewhere."""
import json
import os
from html import escape
from pathlib import Path

import lcmpi_tool as tool

from . import copies, diagram, facts, series, verdict

HERE = Path(__file__).resolve().parent
CHART_JS = "/usr/share/javascript/chart.js/chart.min.js"  # of Debian's package libjs-chart.js
MARK = '<meta name="generator" content="lcmpi_report">'  # in every page made here


def plotting_library():
    path = Path(os.environ.get("LCMPI_CHART_JS") or CHART_JS)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise tool.Failure(f"{path}: Chart.js, which draws the plots, cannot be read ({error.strerror}); on Debian: apt install "
                           "libjs-chart.js; elsewhere set LCMPI_CHART_JS to the path of a chart.min.js of version 3.9 or later") from error
    if "Chart" not in text:
        raise tool.Failure(f"{path}: is not Chart.js")
    return text


def build(subjects, verify=True):
    """The page of some files, as text."""
    library = plotting_library()
    verdicts = [verdict.ask(subject, verify) for subject in subjects]
    data = [{"name": str(subject.file), "diagram": diagram.data(subject), "plots": series.data(subject),
             "copies": copies.data(subject)} for subject in subjects]
    runs = "\n".join(_run(i, *each) for i, each in enumerate(zip(subjects, verdicts, data)))
    title = ", ".join(Path(subject.file).name for subject in subjects)
    parts = {"MARK": MARK, "TITLE": escape(title), "STYLE": _text("page.css"), "COMPARISON": _comparison(subjects, verdicts),
             "RUNS": runs, "DATA": _script_data(data), "LIBRARY": _script(library),
             "SCRIPTS": "\n".join(_script(_text(name)) for name in ("diagram.js", "plots.js", "page.js"))}
    return "".join(parts[piece] if odd else piece for odd, piece in _pieces(_text("page.html")))


def _pieces(page):
    """The text between the marks, and their names, in turn."""
    return [(i % 2, piece) for i, piece in enumerate(page.split("@@"))]


def _text(name):
    return (HERE / name).read_text(encoding="utf-8")


def _script(text):
    text = text.replace("</script", "<\\/script")
    return f"<script>\n{text}\n</script>"


def _script_data(data):
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/json" id="data">{text}</script>'


# ---- parts --------------------------------------------------------------------------------------

def _table(header, rows, kind=""):
    columns = ["theory" if cell == "theory" else "" for cell in header]
    lines = [[_cell("th", cell, look) for look, cell in zip(columns, header)],
             *([_cell("td", cell, "fail" if cell == "fail" else look) for look, cell in zip(columns, row)] for row in rows)]
    head, *body = ("<tr>" + "".join(line) + "</tr>" for line in lines)
    body = "\n".join(body)
    return f'<div class="wide"><table class="{kind}"><thead>{head}</thead><tbody>\n{body}\n</tbody></table></div>'


def _cell(tag, text, look):
    start = f'{tag} class="{look}"' if look else tag
    return f"<{start}>{escape(str(text))}</{tag}>"


def _comparison(subjects, verdicts):
    if len(subjects) < 2:
        return ""
    return (f'<section id="comparison"><h2>Side by side</h2>{_table(*facts.comparison(subjects, verdicts), "compared")}'
            '<div class="plots" id="compared"></div></section>')


def _run(number, subject, judged, data):
    """A run's section; scripts fill what has an id."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in dict.fromkeys(subject.notes))
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in facts.provenance(subject))
    options = escape("\n".join(f"{name} = {value}" for name, value in facts.options(subject).items()))
    header, rows = facts.machines(subject)
    return f"""<section class="run" id="run{number}">
<h2>{escape(Path(subject.file).name)} <span class="verdict {judged.look}">{escape(judged.word)}</span></h2>
<p class="summary">{escape(facts.summary(subject))}</p>
<ul class="notes">{notes}</ul>
{_diagram(number) if data["diagram"] else ""}
<h3>Observed{", and theory beside it" if "theory" in header else ""}</h3>
{_table(header, rows, "numbers")}
<p class="source">{escape(facts.machines_note(subject))}</p>
{_copies(number, subject, data["copies"])}
{_plots(number, data["plots"])}
<h3>The verifier: {escape(judged.word)}</h3>
<p>{escape(judged.text)}</p>
{_checks(judged)}
<h3>Where it comes from</h3>
<dl class="facts">{listed}</dl>
<details><summary>options in effect</summary><pre>{options}</pre></details>
</section>"""


def _diagram(number):
    return f"""<h3>Space-time diagram</h3>
<div class="diagram" id="diagram{number}">
<div class="buttons" role="toolbar"></div>
<canvas tabindex="0" role="img" aria-label="space-time diagram; arrow keys step from event to event"></canvas>
<div class="tooltip" hidden></div>
<div class="legend"></div>
<div class="selected" aria-live="polite"></div>
</div>"""


def _plots(number, plots):
    if not plots:
        return ""
    return (f'<h3>Over time</h3><p class="source">{escape(plots["source"])}</p>'
            f'<div class="plots" id="plots{number}"></div>')


def _copies(number, subject, copies):
    if not copies:
        return ""
    return (f'<h3>Over the copies</h3><p class="source">The share of the {subject.copies:,} copies that has at most so much; '
            f'\u25c7 is what theory expects.</p><div class="plots" id="copies{number}"></div>')


def _checks(judged):
    rows = []
    for check in judged.checks:
        witness = f"{check['violations']:,} violations; the smallest: {check['witness']['text']}" if check["witness"] else ""
        rows.append([check["result"], check["name"], f"{check['checked']:,}", check["claim"],
                     " ".join(text for text in (witness, check["note"]) if text)])
    return _table(["", "check", "judged", "claim", ""], rows, "checks") if rows else ""
