"""`hermes sync`: the workspace and its remote become the same; `resolve` settles what needs a person."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hermes_fs.apps.chat.tty import Tty
from hermes_fs.cli import dates
from hermes_fs.cli.app import example, group_of_names
from hermes_fs.cli.open import BY_HAND, opened
from hermes_fs.cli.output import bad, bold, dim, good, print_json, warning
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import Failed, HermesError, UsageError
from hermes_fs.core.ids import Ulids
from hermes_fs.core.loading import Later
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.store import acting, conflicts
from hermes_fs.store.conflicts import Open
from hermes_fs.store.forgetting.asked import Waits, Wanted
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.syncing import exchange, news, vouching
from hermes_fs.store.syncing.sync import Outcome, Sync, Wishes
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.cli import editing, review_pr
    from hermes_fs.core import config
    from hermes_fs.store import drivers, remote, settings, signing
    from hermes_fs.store.syncing import resolving
else:  # a sync with nothing new needs none of most
    config, editing, review_pr = (
        Later(f"hermes_fs.{name}") for name in ("core.config", "cli.editing", "cli.review_pr")
    )
    drivers, remote, settings, signing = (
        Later(f"hermes_fs.store.{name}") for name in ("drivers", "remote", "settings", "signing")
    )
    resolving = Later("hermes_fs.store.syncing.resolving")

app = group_of_names("Make this workspace and its remote the same; alone, it does so once.", "once")

_CHANGED = 2.0  # seconds between two looks at what was learned here
_PULLS = 300.0  # seconds between two questions to a forge about the same pull request
_NAMED = 3  # things that wait for trust, each on a line of its own
_SETTLED = 5.0  # seconds without a lesson after which those that came are sent
_OFFER = "  k keep main's · 1 take the first · 2 take the second · e edit · s skip · q quit "
_FOLLOW = "Take it out here, too? It cannot be undone. [y/N] "
_ASK = "Send your conversations there, too, so that other machines of yours can search them? [y/N] "

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command(
    epilog=example("hermes sync --remote git@example.org:mind.git", "hermes sync --watch", "hermes sync once --json")
)
def once(
    context: typer.Context,
    address: Annotated[
        str, typer.Option("--remote", metavar="ADDRESS", help="Where to, from now on: a path, https://… or ssh://….")
    ] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Go on: after each lesson here, and every so often.")] = False,
    every: Annotated[float, typer.Option(metavar="SECONDS", help="With --watch: how often to look there.")] = 60.0,
    join: Annotated[
        bool, typer.Option("--join", help="Merge a history that was rewritten, or that is another mind's.")
    ] = False,
    install_drivers: Annotated[
        bool, typer.Option("--install-drivers", help="Have plain `git pull` merge as hermes does; then end.")
    ] = False,
    remove_drivers: Annotated[bool, typer.Option("--remove-drivers", help="Let plain git merge as ever.")] = False,
    accept_purge: Annotated[
        bool, typer.Option("--accept-purge", help="Follow what another machine purged: it goes here, too, for good.")
    ] = False,
    push_purge: Annotated[
        bool, typer.Option("--push-purge", help="Rewrite the remote by force after a purge here: hermes forget.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing; the next conversation tells.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch, merge and push: once, or until Ctrl-C with --watch. Nothing is ever forced or lost; what cannot be merged
    is kept and said."""
    if every < 1:
        raise UsageError(f"--every {every:g} is too short", "give seconds, 1 or more")
    if install_drivers and remove_drivers:
        raise UsageError("--install-drivers and --remove-drivers are opposites", "name one")
    with _syncing(context) as (workspace, wishes):
        if install_drivers or remove_drivers:
            act = drivers.install_drivers if install_drivers else drivers.uninstall_drivers
            print("\n".join(map(one_line, act(workspace.git))) or "It is so already.")
            return
        if address:
            exchange.lies_at(workspace.git, wishes.remote, remote.checked_url(address))
        if not quiet and not as_json and not watch:
            wishes = _with_consent(workspace, wishes)
        wishes = dataclasses.replace(wishes, join=join, purges=Wanted(accept_purge, push_purge))
        if not watch:
            outcome = _asking(workspace, wishes, quiet or as_json)
            if as_json:
                print_json(_as_json(outcome, workspace))
            elif not quiet:
                _say(outcome, workspace)
            return
        _watch(workspace, wishes, every, quiet)


@app.command(epilog=example("hermes sync status", "hermes sync status --json"))
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """What the last sync did, what has not been sent yet, and which conflicts wait for you. Asks no remote."""
    with _syncing(context) as (workspace, wishes):
        said = news.read(workspace.state_dir)
        ahead = news.unsent(workspace.git, wishes.remote, workspace.head())
        waiting = conflicts.waiting(workspace.git, workspace.head())
    if as_json:
        print_json({"last": said, "unsent": ahead, "conflicts": [_one_as_json(one) for one in waiting]})
        return
    if not said:
        print("This workspace was never synced here.")
    else:
        print(f"Last sync {_friendly(said['when'])}: {one_line(said['said'])}")
    if ahead:
        print(f"Not sent yet: {ahead} lesson{'s' * (ahead != 1)}")
    _list(waiting)


def _friendly(when: str) -> str:
    now = dates.utc_now()
    moment = dates.parse(when, now)
    return dates.friendly(moment, now) if moment else one_line(when)


@app.command(epilog=example("hermes sync resolve", "hermes sync resolve k3v9qa --take 2"))
def resolve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[ID]", help="Of the conflict, or its file.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Main's version is right.")] = False,
    take: Annotated[int, typer.Option(min=0, max=2, help="The whole first or second version instead.")] = 0,
    file: Annotated[str, typer.Option(help="The content from this file instead, - for what is piped in.")] = "",
    why: Annotated[str, typer.Option(help="Recorded in the history.")] = "",
    as_json: AsJson = False,
) -> None:
    """Settle what two machines changed at the same time; without a choice, go through all of it at the terminal."""
    if sum((keep, bool(take), bool(file))) > 1:
        raise UsageError("only one of --keep, --take and --file", "say which version is right")
    with _syncing(context) as (workspace, _):
        git, head = workspace.git, workspace.head()
        waiting = [conflicts.find(git, head, name)] if name else conflicts.waiting(git, head)
        if keep or take or file:
            if not name:
                raise UsageError("name the conflict", "see them with `hermes sync resolve`")
            content = (
                editing.read_file(file) if file else resolving.version(workspace, waiting[0], take) if take else None
            )
            done = resolving.settle(workspace, waiting[0], content, BY_HAND, why, keep)
            if as_json:
                print_json({"commit": done.id, "change": done.change, "subject": done.subject})
            else:
                print(f"Settled: {good(done.id[:8])}  {one_line(waiting[0].file)}")
            return
        tty = Tty.find() if sys.stdin.isatty() and sys.stdout.isatty() else None
        if as_json or tty is None or not waiting:
            print_json([_one_as_json(one) for one in waiting]) if as_json else _list(waiting, name)
            return
        for one in waiting:
            _show(workspace, one)
            if not _decide(tty, workspace, one):
                break


@contextmanager
def _syncing(context: typer.Context) -> Iterator[tuple[Workspace, Wishes]]:
    with opened(context) as workspace:
        known = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace))
        ours = known.sync
        yield workspace, Wishes(ours.remote, ours.mirrors, ours.sessions, ours.keep, known.review.expire_days)


def _run(workspace: Workspace, wishes: Wishes, tell: bool = False) -> Outcome:
    clock = SystemClock()
    sessions = Sessions(workspace.root, workspace.host, clock, Ulids(clock))
    refs = SessionRefs(workspace.root, workspace.git, workspace.state_dir, sessions, clock)
    try:
        outcome = Sync(workspace, refs, wishes).run()
        outcome.lines += review_pr.look(workspace, wishes.remote, _PULLS)
        outcome.asks += _waiting(workspace, not outcome.is_quiet)
    except HermesError as error:
        news.write(workspace.state_dir, clock.now(), f"{error.message} — {error.hint}", failed=True, tell=tell)
        raise
    told = [*_lines(outcome), *outcome.asks]
    news.write(workspace.state_dir, clock.now(), *told, tell=tell and bool(outcome.received or len(told) > 1))
    return outcome


def _asking(workspace: Workspace, wishes: Wishes, quiet: bool) -> Outcome:
    """As `_run`; what another machine purged is gone here, too, only once a person says so."""
    try:
        return _run(workspace, wishes, quiet)
    except Waits as waits:
        if quiet or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise
        print(one_line(waits.message))
        if input(_FOLLOW).strip().lower() not in ("y", "yes"):
            raise
    return _run(workspace, dataclasses.replace(wishes, purges=Wanted(accept=True)), quiet)


def _with_consent(workspace: Workspace, wishes: Wishes) -> Wishes:
    """Conversations are sent only once their owner said yes; asked once, at a terminal."""
    if wishes.sessions or news.was_asked(workspace.state_dir) or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return wishes
    yes = input(_ASK).strip().lower() in ("y", "yes")
    news.note_asked(workspace.state_dir)
    if not yes:
        print(dim(f"They stay here. Changed your mind? hermes config set sync.sessions {wishes.remote}"))
        return wishes
    settings.write_local(workspace.state_dir, {"sync.sessions": wishes.remote})
    return dataclasses.replace(wishes, sessions=wishes.remote)


def _watch(workspace: Workspace, wishes: Wishes, every: float, quiet: bool) -> None:
    """Until Ctrl-C. A remote that is away for a while is said once."""
    said, head, due = "", "", 0.0
    if not quiet:
        print(dim(f"Syncing with {wishes.remote} every {every:g} s and after each lesson. Ctrl-C ends it."), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            now = time.monotonic()
            if workspace.head() != head:
                head, due = workspace.head(), min(due, now + _SETTLED)
            if now >= due:
                problem = _again(workspace, wishes, quiet)
                if problem != said and not quiet:
                    print(warning(one_line(problem)) if problem else good("reached again"), flush=True)
                said, head, due = problem, workspace.head(), time.monotonic() + every
            time.sleep(_CHANGED)


def _again(workspace: Workspace, wishes: Wishes, quiet: bool) -> str:
    """One of many; why it did not work out, "" if it did."""
    try:
        outcome = _run(workspace, wishes)
    except Failed as error:
        return error.message
    if not quiet and not outcome.is_quiet:
        _say(outcome, workspace)
    return ""


def _lines(outcome: Outcome) -> list[str]:
    """What happened, the gist first."""
    parts = [
        (outcome.received, f"{_counted(outcome.received, 'lesson')} came"),
        (outcome.sent, f"{_counted(outcome.sent, 'lesson')} went"),
        (outcome.proposals[0], f"{_counted(outcome.proposals[0], 'proposal')} came"),
        (outcome.proposals[1], f"{_counted(outcome.proposals[1], 'proposal')} went"),
        (sum(outcome.sessions), "conversations were exchanged"),
    ]
    happened = [words for number, words in parts if number]
    gist = ", ".join(happened) or "nothing new on either side"
    return [f"{gist}{' (merged)' if outcome.merged else ''}", *outcome.lines]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _say(outcome: Outcome, workspace: Workspace) -> None:
    gist, *more = _lines(outcome)
    print(f"{good('Synced')} with {one_line(outcome.remote)}: {gist}", flush=True)
    for line in (*more, *outcome.asks):
        print(warning(one_line(line)))


def _waiting(workspace: Workspace, news: bool) -> Iterator[str]:
    """What needs a person; what may not act here yet is said where there are news, for `hermes trust` keeps it."""
    if found := conflicts.waiting(workspace.git, workspace.head()):
        named = f" {found[0].id}" if len(found) == 1 else ""
        yield f"{_counted(len(found), 'conflict')} for you: hermes sync resolve{named}"
    if vouching.rules_of(workspace).signed and not signing.is_wanted(workspace.root, workspace.state_dir):
        yield "what is learned here reaches the others as proposals only: hermes config set git.sign true"
    waits = acting.pending(workspace) if news else []
    for one in waits[:_NAMED]:
        by = acting.changed_by(workspace.git, one)
        yield f"{one.key} may not act here yet, by {by}: hermes trust show {one.key}"
    if len(waits) > _NAMED:
        yield f"and {_counted(len(waits) - _NAMED, 'thing')} more that came: hermes trust"


def _list(waiting: list[Open], name: str = "") -> None:
    if not waiting:
        print("No conflict waits for you.")
    for one in waiting:
        print(f"{bold(one.id)}  {one_line(one.file)}")
        if name:
            print(neutralise(one.lost))
    if waiting and not name:
        print(dim(f"\nSettle one: hermes sync resolve {waiting[0].id}   (--keep, --take 1|2, --file FILE)"))


def _show(workspace: Workspace, one: Open) -> None:
    print(f"\n{bold(one.id)}  {one_line(one.file)}\n\n{dim('main has')}")
    now = workspace.read_bytes(one.file)
    print(neutralise(now.decode("utf-8", "replace")) if now is not None else dim("(nothing: it is deleted)"))
    print(f"{dim('main has not')}\n{neutralise(one.lost)}")


def _decide(tty: Tty, workspace: Workspace, one: Open) -> bool:
    """One answer at the terminal; False to go no further."""
    while True:
        key = tty.key(f"\n{_OFFER}").lower()
        tty.write(f"→ {key if key.isalnum() else 'q'}\n")
        try:
            match key:
                case "k":
                    done = resolving.settle(workspace, one, None, BY_HAND, "main's version is right", keep=True)
                case "1" | "2":
                    content = resolving.version(workspace, one, int(key))
                    done = resolving.settle(workspace, one, content, BY_HAND, f"version {key} is right")
                case "e":
                    now = workspace.read_bytes(one.file) or b""
                    edited = editing.edited({one.file: now}, os.environ, "conflict")[one.file]
                    done = resolving.settle(workspace, one, edited, BY_HAND, "put together by hand")
                case "s":
                    return True
                case _:
                    return False
        except HermesError as error:
            print(f"{bad('error')}: {one_line(error.message)}{f' — {one_line(error.hint)}' if error.hint else ''}")
            continue
        print(f"Settled: {good(done.id[:8])}  {one_line(one.file)}")
        return True


def _one_as_json(one: Open) -> dict[str, Any]:
    return {"id": one.id, "file": one.file, "versions": list(one.versions), "lost": one.lost}


def _as_json(outcome: Outcome, workspace: Workspace) -> dict[str, Any]:
    waiting = [_one_as_json(one) for one in conflicts.waiting(workspace.git, workspace.head())]
    return {**dataclasses.asdict(outcome), "conflicts": waiting}
