"""The static table of commands, in the sections of `hermes --help`: name → (module that holds its `app`, one line).

Read on every start, so it imports nothing. A target may name another attribute: `"hermes_fs.cli.history:undo"`.
"""

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Talk": {
        "chat": ("hermes_fs.cli.chat", "chat; -q for one question, --continue to go on"),
    },
    "What was learned": {
        "log": ("hermes_fs.cli.history:log", "what was learned, newest first"),
        "show": ("hermes_fs.cli.history:show", "one lesson: its why, its evidence, its diff"),
        "diff": ("hermes_fs.cli.history:diff", "what changed since, or your own edits"),
        "blame": ("hermes_fs.cli.history:blame", "which lesson each entry comes from"),
        "undo": ("hermes_fs.cli.taking_back:undo", "take back the last lesson"),
        "revert": ("hermes_fs.cli.taking_back:revert", "take back any lessons; later ones stay"),
        "restore": ("hermes_fs.cli.taking_back:restore", "bring a file or a skill back as it was"),
        "bisect": ("hermes_fs.cli.bisect", "which lesson broke a command, a skill's tests or its evals"),
        "checkout": ("hermes_fs.cli.checkout", "the mind as it was, in a folder of its own, to talk with"),
        "forget": ("hermes_fs.cli.forget", "take a text or a session out, of history too"),
        "review": ("hermes_fs.cli.review", "what the agent proposes: list, show, accept, reject, edit"),
    },
    "Elsewhere": {
        "sync": ("hermes_fs.cli.sync", "this workspace and its remote become the same"),
    },
    "Find again": {
        "search": ("hermes_fs.cli.search", "what was said, done, noted or learned"),
        "sessions": ("hermes_fs.cli.sessions", "earlier conversations: list, show, path, commit"),
        "insights": ("hermes_fs.cli.insights", "tokens, cost, time, tools and skills, by day and model"),
        "index": ("hermes_fs.cli.index", "the search index: status, rebuild, verify"),
    },
    "The mind": {
        "memory": ("hermes_fs.cli.memory", "what the agent always keeps in mind: list, show, add, remove"),
        "people": ("hermes_fs.cli.people", "what it believes of you and others: list, show, ask, forget"),
        "skills": ("hermes_fs.cli.skills", "how it does things: list, show, new, edit, install, export …"),
        "audit": ("hermes_fs.cli.audit", "how tasks and skills did: run, list, show"),
        "eval": ("hermes_fs.cli.evaluating", "tasks with checks for skills: new, list"),
        "learn": ("hermes_fs.cli.learn", "look back on a session and keep what will matter later"),
    },
    "Set up": {
        "setup": ("hermes_fs.cli.setup", "step by step: workspace, model, sandbox, approvals, cost"),
        "init": ("hermes_fs.cli.init", "make a workspace, new or from another machine"),
        "export": ("hermes_fs.cli.export", "the whole workspace as one file"),
        "import": ("hermes_fs.cli.import_", "such a file, a folder, or what another agent kept"),
        "config": ("hermes_fs.cli.config", "settings: what holds, changing one, checking"),
        "model": ("hermes_fs.cli.model", "which model is used, what is reachable, switching"),
        "trust": ("hermes_fs.cli.trust", "what came from elsewhere and may act here: list, accept, revoke"),
        "secrets": ("hermes_fs.cli.secrets", "credentials in history: scan; what is none: allow"),
        "approvals": ("hermes_fs.cli.approvals", "commands that always or never run: list, remove"),
        "completion": ("hermes_fs.cli.completion", "completion of commands for bash, zsh, fish"),
        "backend": ("hermes_fs.cli.backend", "where commands run: the sandbox, trying and ending it"),
        "doctor": ("hermes_fs.cli.doctor", "check everything; each finding comes with its fix"),
    },
}

COMMANDS: dict[str, tuple[str, str]] = {name: row for rows in SECTIONS.values() for name, row in rows.items()}
