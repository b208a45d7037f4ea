"""Files on this machine, row by row: pure parsers that are fed bytes, and at the rim what opens the files."""
