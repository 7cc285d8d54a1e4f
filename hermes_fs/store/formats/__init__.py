"""One module per file format of the mind: parse, check, describe a change, merge."""
