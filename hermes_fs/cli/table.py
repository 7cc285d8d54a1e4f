"""The static table of commands, in the sections of `hermes --help`: name → (module that holds its `app`, one line).

Read on every start, so it imports nothing. A target may name another attribute: `"hermes_fs.cli.history:undo"`.
"""

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Talk": {},
    "What was learned": {},
    "Find again": {},
    "The mind": {},
    "Set up": {},
}

COMMANDS: dict[str, tuple[str, str]] = {name: row for rows in SECTIONS.values() for name, row in rows.items()}
