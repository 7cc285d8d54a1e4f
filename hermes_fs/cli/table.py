"""The static table of commands, in the sections of `hermes --help`: name → (module that holds its `app`, one line).

Read on every start, so it imports nothing. A target may name another attribute: `"hermes_fs.cli.history:undo"`.
"""

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Talk": {},
    "What was learned": {
        "log": ("hermes_fs.cli.history:log", "what was learned, newest first"),
        "show": ("hermes_fs.cli.history:show", "one lesson: its why, its evidence, its diff"),
        "diff": ("hermes_fs.cli.history:diff", "what changed since, or your own edits"),
        "undo": ("hermes_fs.cli.taking_back:undo", "take the agent's last lesson back"),
        "revert": ("hermes_fs.cli.taking_back:revert", "take lessons back; later ones stay"),
        "restore": ("hermes_fs.cli.taking_back:restore", "bring a file back as it was"),
        "blame": ("hermes_fs.cli.history:blame", "which lesson each entry comes from"),
    },
    "Find again": {},
    "The mind": {
        "memory": ("hermes_fs.cli.memory", "what the agent always keeps in mind: list, add, remove"),
    },
    "Set up": {
        "model": ("hermes_fs.cli.model", "which model is used, what is reachable, switching"),
        "doctor": ("hermes_fs.cli.doctor", "check everything; each finding comes with its fix"),
    },
}

COMMANDS: dict[str, tuple[str, str]] = {name: row for rows in SECTIONS.values() for name, row in rows.items()}
