"""The checks of `hermes doctor`: each looks at one thing and says what to do about it. They change nothing.

A check may raise HermesError, which counts as broken; none may block for longer than a few seconds.
"""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from hermes_fs.backends import registry as backends
from hermes_fs.cli import checks_git
from hermes_fs.cli.finding import MEGABYTE, REACH_SECONDS, Finding, Scene, State
from hermes_fs.core import config
from hermes_fs.core.clock import Clock
from hermes_fs.core.errors import HermesError, ProviderError
from hermes_fs.core.ids import Ulids
from hermes_fs.providers import select
from hermes_fs.providers.embedded import server
from hermes_fs.providers.embedded.catalogue import DEFAULT, SMALL
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.models import task_of
from hermes_fs.providers.keys import KEY_FILE, read_key_file
from hermes_fs.providers.presets import EMBEDDED
from hermes_fs.providers.reachable import available
from hermes_fs.store import acting, drivers, history, isolation, state
from hermes_fs.store.errands import Errands
from hermes_fs.store.formats.format import counted
from hermes_fs.store.index import Index
from hermes_fs.store.journal import Journal
from hermes_fs.store.leaks import Leaks
from hermes_fs.store.paths import kind_of
from hermes_fs.store.policy import Policy
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace

SCAN_SECONDS = 5.0
_LOW_SPACE, _NO_SPACE = 1_000 * MEGABYTE, 100 * MEGABYTE
_NEVER = 36_500  # days
_CLOCK_SLACK = timedelta(minutes=5)
_EARLIEST = 2026
_NOWHERE = Path("/nonexistent/hermes/git")  # the answer about git's version is not to be remembered


Check = Callable[[Scene], Iterator[Finding]]


def machine(scene: Scene) -> Iterator[Finding]:
    """The programs and libraries of this machine."""
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 11)
    yield Finding("python", "broken" if old else "ok", version, "install Python 3.11 or newer" if old else "")
    isolation.require_git(_NOWHERE)
    yield Finding("git", "ok", f"{isolation.git_program()}, new enough")
    yield _sqlite()
    yield from _extras()


def sandbox(scene: Scene) -> Iterator[Finding]:
    """What keeps commands from the rest of this machine."""
    wanted = _config(scene).terminal.backend
    state_dir = state.git_dir_of(scene.root) / "hermes" if scene.root is not None else Path("/nonexistent")
    choice = backends.choose(wanted, state_dir)
    if choice.remark:
        yield Finding("sandbox", "warn", choice.remark, choice.fix)
    elif choice.name == "local":
        yield Finding("sandbox", "warn", "switched off: commands run as you", "hermes backend use auto")
    else:
        yield Finding("sandbox", "ok", f"{choice.name}: commands see the work directory, no network until granted")


def space(scene: Scene) -> Iterator[Finding]:
    """Room on the disk that holds the workspace."""
    place = scene.root or Path(scene.environ.get("HOME", "/"))
    free = shutil.disk_usage(place).free
    state: State = "broken" if free < _NO_SPACE else "warn" if free < _LOW_SPACE else "ok"
    yield Finding("disk", state, f"{free // MEGABYTE:,} MB free", "" if state == "ok" else f"make room at {place}")


def keys(scene: Scene) -> Iterator[Finding]:
    """The file of API keys, which only its owner may read."""
    path = Path(scene.environ.get("HOME", "/"), ".config/hermes/env")
    names = read_key_file(path)
    if path.exists():
        yield Finding("keys", "ok", f"{KEY_FILE}: {', '.join(sorted(names)) or 'empty'}, private")


def clock(scene: Scene) -> Iterator[Finding]:
    """A clock that is wrong makes lessons and sessions sort wrongly, and TLS fail."""
    now = scene.clock.now()
    fix = "set this machine's clock"
    if now.year < _EARLIEST:
        yield Finding("clock", "broken", f"it says {now:%Y-%m-%d}", fix)
        return
    newest = _newest_lesson(scene)
    if newest and newest.when > now + _CLOCK_SLACK:
        yield Finding("clock", "warn", f"it says {now:%Y-%m-%d %H:%M}, the last lesson is later", fix)
        return
    yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def workspace(scene: Scene) -> Iterator[Finding]:
    """The workspace: whether it opens, whether lessons can be made, what a crash or a person left."""
    if scene.root is None:
        yield Finding("workspace", "warn", "there is none yet", "hermes init")
        return
    git_dir = state.require_workspace(scene.root)
    left = Journal(git_dir / "hermes" / "journal").size
    with Workspace.open(scene.root) as opened:
        reason, _, fix = opened.read_only.partition(": ")
        if reason:
            yield Finding("workspace", "warn", f"{scene.root}: nothing can be learned, {reason}", fix)
        else:
            yield Finding("workspace", "ok", f"{scene.root}, format {state.FORMAT}, on main")
        if left:
            yield Finding("journal", "ok", "an interrupted write was brought to its end")
        yield _trust(opened)
        yield from _armed(opened)
        yield _edits(opened)
        yield from _proposals(opened)
        yield from _learning(opened, scene.clock)
        yield from checks_git.repository(opened, scene)
        yield _leaks(opened)
        yield _index(opened)


def settings(scene: Scene) -> Iterator[Finding]:
    """config.yaml and this machine's local.yaml."""
    if scene.root is not None:
        _config(scene)
        yield Finding("config", "ok", "config.yaml is valid")


def provider(scene: Scene) -> Iterator[Finding]:
    """Which model would answer, whether its key is there, and whether its server answers."""
    wanted = _config(scene)
    selection = select.select(wanted, scene.environ)
    if selection.preset.name == EMBEDDED:
        yield from _embedded(selection.model, wanted)
        return
    select.check_key(selection)
    model = selection.model or "the server's first model"
    key = f", key from {selection.key_from}" if selection.key_from else ""
    yield Finding("model", "ok", f"{model} at {selection.preset.base_url}{key}")
    if scene.offline:
        return
    current = next(iter(available(wanted, scene.environ, REACH_SECONDS)), None)
    if current is None or current.preset.base_url != selection.preset.base_url:
        yield Finding(
            "server", "broken", f"{selection.preset.base_url} does not answer", "start it, or look at the URL"
        )
    elif current.problem:
        yield Finding(
            "server", "broken", f"{selection.preset.base_url} {current.problem}", "look at the key and the URL"
        )
    else:
        yield Finding("server", "ok", f"it answers, with {counted(len(current.models), 'model')}")


def _embedded(name: str, wanted: config.Config) -> Iterator[Finding]:
    """The model that runs on this machine: its file, the library, the server."""
    folders = Folders.of_this_person()
    task = task_of(name, wanted.local, wanted.model.context_window, folders)
    try:
        server.check(task)
    except ProviderError as error:
        yield Finding("model", "broken", error.message, error.hint)
        return
    small = f", {SMALL}" if task.alias == DEFAULT.name else ""
    yield Finding("model", "ok", f"{task.alias} on this machine, {task.model}{small}")
    running = server.state(folders)
    what = f"{running.record.alias} at {running.record.base_url}" if running else "starts with the first message"
    yield Finding("server", "ok", what)


CHECKS: tuple[tuple[str, Check], ...] = (
    ("machine", machine),
    ("sandbox", sandbox),
    ("disk", space),
    ("clock", clock),
    ("workspace", workspace),
    ("config", settings),
    ("keys", keys),
    ("model", provider),
)


def examine(scene: Scene) -> Iterator[Finding]:
    """Every finding, as it is found."""
    for name, check in CHECKS:
        try:
            yield from check(scene)
        except HermesError as error:
            yield Finding(name, "broken", error.message, error.hint)


def _sqlite() -> Finding:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create virtual table words using fts5(text)")
    except sqlite3.OperationalError:
        fix = "use a Python whose SQLite has FTS5 (python.org, your distribution, uv)"
        return Finding("sqlite", "broken", f"{sqlite3.sqlite_version} lacks FTS5, which search needs", fix)
    finally:
        connection.close()
    return Finding("sqlite", "ok", f"{sqlite3.sqlite_version} with FTS5")


def _extras() -> Iterator[Finding]:
    if importlib.util.find_spec("openai") is None and importlib.util.find_spec("anthropic") is None:
        fix = "pip install 'hermes-fs[openai]'"
        yield Finding("openai", "broken", "the SDK that speaks to models is not installed", fix)
    if importlib.util.find_spec("prompt_toolkit") is None:
        fix = "pip install 'hermes-fs[tui]'"
        yield Finding("prompt", "warn", "no editing, completion and history in the chat", fix)


def _trust(opened: Workspace) -> Finding:
    waiting = acting.pending(opened)
    if not waiting:
        return Finding("trust", "ok", "nothing that came from elsewhere waits for your trust")
    named = ", ".join(item.key for item in waiting[:3]) + (" …" if len(waiting) > 3 else "")
    return Finding("trust", "warn", f"{len(waiting)} off until you trust them: {named}", "hermes trust list")


def _armed(opened: Workspace) -> Iterator[Finding]:
    """What would run if this person used plain git here; hermes itself runs none of it."""
    keys = list(dict.fromkeys(isolation.armed(opened.git.own_settings())))
    if drivers.KEY in keys and drivers.are_ours(opened.git):
        keys.remove(drivers.KEY)
    if keys:
        named = ", ".join(keys[:3]) + (" …" if len(keys) > 3 else "")
        fix = f"look at {opened.git.git_dir / 'config'} before you use plain git there"
        yield Finding("git config", "warn", f"{named}: your git would follow it, hermes does not", fix)
    aside = opened.state_dir / "local.yaml.elsewhere"
    if aside.exists():
        fix = f"look at {aside}, say with `hermes config set` what holds here, then delete it"
        yield Finding("settings", "warn", "another machine's settings came with this folder and do not count", fix)
    folder = opened.git.common_dir / "hooks"
    hooks = sorted(path.name for path in folder.iterdir() if path.suffix != ".sample") if folder.is_dir() else []
    if hooks:
        fix = f"look at {folder} before you use plain git there"
        yield Finding("hooks", "warn", f"{', '.join(hooks[:3])}: your git would run them, hermes does not", fix)


def _edits(opened: Workspace) -> Finding:
    """What a person wrote and no lesson has taken in yet. Of new files only those of the mind count."""
    asked = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    rows = opened.git.run(*asked).decode("utf-8", "replace").split("\0")
    changed = [row[3:] for row in rows if row and not row.startswith("??")]
    fresh = [row[3:] for row in rows if row.startswith("??")]
    ours = [*changed, *(path for path in fresh if kind_of(path))]
    others = [path for path in fresh if not kind_of(path)]
    said = [f"{_named(ours)}: edited by you; committed in your name before the next lesson"] if ours else []
    said += [f"{_named(others)}: no part of the mind, so left alone"] if others else []
    return Finding("edits", "ok", "; ".join(said) or "none of yours wait to be committed")


def _named(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (" …" if len(paths) > 3 else "")


def _proposals(opened: Workspace) -> Iterator[Finding]:
    waiting = Review(opened, Policy(expire_days=_NEVER)).waiting()  # a look puts nothing away
    blocked = [one.id for one in waiting if one.standing.state == "blocked"]
    if blocked:
        fix = f"look at it: hermes review show {blocked[0]}; then reject it"
        yield Finding("proposals", "warn", f"{', '.join(blocked[:3])}: nothing that can be accepted", fix)
    elif waiting:
        yield Finding("proposals", "ok", f"{len(waiting)} await you since {waiting[0].when:%Y-%m-%d}: hermes review")


def _learning(opened: Workspace, clock: Clock) -> Iterator[Finding]:
    """What could not be learned and is not tried again."""
    aside = Errands(opened.state_dir, clock, Ulids(clock)).aside()
    if aside:
        last = aside[-1]
        again = f"hermes learn --session {last.session}" if last.session else "hermes audit run"
        yield Finding("learning", "warn", f"{len(aside)} not done, the last: {last.said or 'cut off'}", again)


def _leaks(opened: Workspace) -> Finding:
    found = Leaks(opened.git, opened.state_dir, opened.trust.knows_secret).scan(SCAN_SECONDS)
    more = f"; {found.left:,} versions of files are still to be looked at" if found.left else ""
    if not found.leaks:
        fix = "hermes secrets scan" if found.left else ""
        return Finding("secrets", "ok", f"no credential in history{more}", fix)
    first = found.leaks[0]
    named = f"{first.kind} in {first.path}, line {first.line}, since {first.commit}"
    others = f" and {len(found.leaks) - 1} more" if len(found.leaks) > 1 else ""
    fix = "change it where it is valid; all of them: hermes secrets scan"
    return Finding("secrets", "warn", f"{named}{others}{more}", fix)


def _index(opened: Workspace) -> Finding:
    index = Index.open(opened.root, opened.state_dir)
    try:
        status = index.status()
    finally:
        index.close()
    text = f"{status.rows:,} rows of {status.files:,} files, {status.size / MEGABYTE:.1f} MB"
    return Finding(
        "index", "ok", f"{text}; `hermes index verify` proves it" if status.rows else "empty; it fills itself"
    )


def _config(scene: Scene) -> config.Config:
    if scene.root is None:
        return config.Config()
    return config.load(scene.root, state.git_dir_of(scene.root) / "hermes")


def _newest_lesson(scene: Scene) -> history.Lesson | None:
    if scene.root is None or not (scene.root / state.MARKER).is_file():
        return None
    with Workspace.open(scene.root) as opened:
        return next(iter(history.log(opened.git, history.Filter(limit=1))), None)
