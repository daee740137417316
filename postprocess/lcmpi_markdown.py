"""Tables in Markdown."""


def table(head, rows):
    """The lines of a table, an empty one behind them."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows), ""]


def _row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
