"""Logs of other programs, made into a file of lcmpi: `rows.py` is what all formats are read into,
`seed_a.py` and `table.py` read them, `conventions.py` finds out how clocks were logged,
`matching.py` which send a receive took, `output.py` writes the file."""
