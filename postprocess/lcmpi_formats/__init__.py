"""What lcmpi_export writes, one module per format; `part.py` is what of a run it is about.

A module has suffixes(part), the ends of the names of its files, and write(part, paths), which writes them."""
