"""The steps of `hermes setup` but those about the model. Each shows what holds, asks, and keeps the answer at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hermes_fs.backends import isolation_probe, registry
from hermes_fs.cli import completion as completions
from hermes_fs.cli import init, standing
from hermes_fs.cli.desk import Choice, Desk
from hermes_fs.cli.open import config_of
from hermes_fs.core.errors import Failed, HermesError, UsageError
from hermes_fs.store import init as making
from hermes_fs.store import locate, settings
from hermes_fs.store.state import git_dir_of
from hermes_fs.store.workspace import Workspace

_MODES = {
    "ask": "asks you before what is not known to be harmless",
    "allow": "does everything unasked; for a machine that you can throw away",
    "deny": "refuses what is not known to be harmless",
}
_PLACES = {
    "auto": "the strongest that works here; it says which.",
    "sandbox": "bubblewrap: commands see the work directory and the system's programs, not your other files, keys or "
    "the mind's insides; no network until you allow it.",
    "landlock": "the same ground, held by the kernel alone: it hides less.",
    "local": "commands run as you, with all that you may read and reach; approval is what stands between.",
}


def workspace(desk: Desk, root: Path | None, wanted: Path | None) -> Path:
    """The workspace; a new one or a clone where there is none."""
    desk.title("Workspace", standing.workspace(root).text)
    if root:
        desk.say("the folder that holds its mind; another one: hermes -w PATH setup")
        return root
    desk.say("Its mind is a folder of plain files under git. Bring yours from another machine, or start a new one.")
    while True:
        place = Path(desk.ask("folder", str(wanted or locate.default(os.environ)))).expanduser()
        url = desk.ask("address of a workspace to bring here, or Enter for a new one")
        try:
            return _brought(place, url) if url else _made(desk, place)
        except HermesError as error:
            desk.trouble(error)


def _made(desk: Desk, place: Path) -> Path:
    planned = making.plan(place)
    if planned.adopts:
        desk.say(f"It holds {', '.join(planned.adopts)}; they become the first lesson of the workspace.")
        if not desk.agree("adopt them?", True):
            raise UsageError("nothing was made", "name another folder")
    made, _ = making.init(place)
    made.close()
    desk.good(f"made {made.root}")
    return made.root


def _brought(place: Path, url: str) -> Path:
    init.bring(place, url, "90d", trust=False)
    return place.resolve()


def commands(desk: Desk, root: Path) -> None:
    """Sandbox or not, with what this machine can do."""
    held = standing.commands(config_of(root), root)
    desk.title("Where commands run", held.text)
    if held.missing:
        desk.say(f"to mend it: {held.missing}")
    problems = {"sandbox": isolation_probe.bubblewrap().problem, "landlock": isolation_probe.landlock().problem}
    choices: list[Choice] = []
    for name in standing.BACKENDS:
        problem = problems.get(name, "")
        choices.append((name, _PLACES.get(name, "") + (f" Not here: {problem}." if problem else "")))
    chosen = desk.choose(choices, config_of(root).terminal.backend)
    if chosen is None:
        return
    name = choices[chosen][0]
    registry.choose(name, git_dir_of(root) / "hermes")  # refuses what cannot be had here
    _keep(root, {"terminal.backend": name})


def approvals(desk: Desk, root: Path) -> None:
    mode = config_of(root).approvals.mode
    desk.title("Approvals", mode)
    choices: list[Choice] = list(_MODES.items())
    chosen = desk.choose(choices, mode)
    if chosen is not None:
        _keep(root, {"approvals.mode": choices[chosen][0]})


def cost(desk: Desk, root: Path) -> None:
    """US dollars, for each key that bounds them."""
    desk.title("What it may cost", standing.money(config_of(root)).text)
    desk.say("US dollars; 0 is no bound. Work stops once that much is spent.")
    for key, what in standing.MONEY.items():
        _sum(desk, root, key, what)


def _sum(desk: Desk, root: Path, key: str, what: str) -> None:
    held = standing.value_of(config_of(root), key)
    while True:
        said = desk.ask(what, f"{held:g}").lstrip("$")
        try:
            value = float(said)
            if value != held:
                _keep(root, {key: value})
            return
        except ValueError:
            desk.trouble(UsageError(f"{said!r} is no number", "write it like 0.50"))
        except HermesError as error:
            desk.trouble(error)


def completion(desk: Desk, root: Path) -> None:
    """The script goes where the person's shell looks for it."""
    desk.title("Completion", standing.completion(os.environ).text)
    shell = standing.shell(os.environ)
    if not shell:
        return
    path = standing.script_path(os.environ)
    fresh = completions.script(shell)  # type: ignore[arg-type]
    if path.exists() and path.read_text(errors="replace") == fresh:
        return
    if not desk.agree(f"put it into {path}?", True):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fresh)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}", f"see `hermes completion {shell}`") from error
    desk.good("a new shell completes `hermes` by Tab")
    if shell == "zsh":
        desk.say("~/.zshrc must say, before compinit: fpath+=~/.zfunc")


def git_identity(desk: Desk, root: Path) -> None:
    """Who is named in commits; asked where git does not know, and kept in this workspace alone."""
    held = standing.git_identity(root, os.environ)
    desk.title("You, in commits", held.text)
    if not held.missing:
        return
    desk.say("Your own edits carry your name. It is kept in this workspace; Enter leaves it as it is.")
    name = desk.ask("name")
    email = desk.ask("e-mail") if name else ""
    if not name or not email:
        return
    with Workspace.open(root) as opened:
        opened.git.run("config", "user.name", name)
        opened.git.run("config", "user.email", email)
    desk.good(f"{name} <{email}>")


def _keep(root: Path, values: dict[str, Any]) -> None:
    settings.write_local(git_dir_of(root) / "hermes", values)
