"""`hermes forget`: a text or a session out of the mind, shown wherever it stands; with --purge out of history, too."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import BY_HAND, config_of, confirm, opened
from hermes_fs.cli.output import bold, dim, good, print_json, print_table, warning
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import NotFound, Refused, UsageError
from hermes_fs.core.ids import Ulids
from hermes_fs.core.terminal import one_line
from hermes_fs.store.forgetting import lesson, purge, pushing
from hermes_fs.store.forgetting.finding import Found
from hermes_fs.store.forgetting.purge import Purged
from hermes_fs.store.forgetting.wanted import Text, Wanted
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.workspace import Workspace

app = single()

_MANY = 200  # places beyond which a text is probably another than was meant
_BEYOND = (
    "What others fetched, a forge's caches and backups, bundles that were exported, your shell's history: "
    "no purge gets there."
)


@app.command(
    epilog=example(
        "hermes forget 'Alice Smith'",
        "hermes forget 'Alice Smith' --purge",
        "hermes forget --session last --purge",
        "hermes forget 'Alice Smith' --purge --push --yes",
    )
)
def forget(
    context: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="As it is spelt; - reads it from what is piped in.")
    ] = "",
    session: Annotated[str, typer.Option(metavar="ID", help="A conversation instead, or `last`.")] = "",
    purge_it: Annotated[bool, typer.Option("--purge", help="Rewrite history: it is gone for good.")] = False,
    push: Annotated[bool, typer.Option("--push", help="With --purge: also rewrite the remote.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, however often it stands.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show every place that holds a text, or a conversation; take it out of the files of now, or, with --purge, out of
    all of history, too: files, transcripts, refs, logs, caches."""
    if bool(text) == bool(session):
        raise UsageError("name a text, or a --session", "hermes forget 'Alice Smith'")
    if push and not purge_it:
        raise UsageError("--push goes with --purge", "what a lesson takes out, `hermes sync` sends")
    with opened(context) as workspace:
        wanted = _session(workspace, session) if session else _text(text)
        found = purge.look(workspace, wanted)
        if not found.places:
            raise NotFound("nowhere in this workspace", "mind upper and lower case")
        if not as_json:
            _show(found)
        if not purge_it:
            _by_lesson(workspace, wanted, found, yes, as_json)
            return
        if found.total > _MANY and not yes:
            raise Refused(f"it stands in {found.total} places", "name a longer text, or add --yes")
        confirm("Take all of this out of history for good? It cannot be undone.", yes)
        done = purge.purge(workspace, wanted)
        sent = pushing.push(workspace, config_of(workspace.root).sync.remote) if push else []
        left = purge.look(workspace, wanted)
    if as_json:
        print_json(
            {**_as_json(found), "purged": _purged_as_json(done), "pushed": sent, "left": _as_json(left)["places"]}
        )
        return
    _tell(done, push, sent)
    for place in left.places:
        print(warning(f"still there: {one_line(place.what)} {one_line(place.name)}"))
    print(dim(_BEYOND))


def _text(text: str) -> Text:
    from_pipe = sys.stdin.readline().rstrip("\n") if text == "-" else text
    return Text(from_pipe, lesson.known_format)


def _session(workspace: Workspace, name: str) -> Wanted:
    clock = SystemClock()
    sessions = Sessions(workspace.root, workspace.host, clock, Ulids(clock))
    return purge.session(sessions.find(name), workspace)


def _show(found: Found) -> None:
    print_table(
        ("where", "what", "times"),
        [(one_line(place.what), one_line(place.name), place.count) for place in found.places if place.reach],
    )
    for place in found.places:
        if not place.reach:
            print(warning(f"yours to change: {one_line(place.what)} {one_line(place.name)}"))


def _by_lesson(workspace: Workspace, wanted: Wanted, found: Found, yes: bool, as_json: bool) -> None:
    """The mind's files of now without it: an ordinary lesson, which history keeps the old of."""
    files = lesson.files_without(workspace, wanted)
    if as_json and not yes:
        print_json(_as_json(found))
        return
    hint = "\nOut of history, too: add --purge" if found.in_git else ""
    if not files or not (yes or sys.stdin.isatty()):
        print(dim(f"Nothing was changed.{hint}"))
        return
    confirm(f"Take it out of {len(files)} file{'s' * (len(files) != 1)} by a lesson? History keeps what was.", yes)
    done = lesson.forget(workspace, files, BY_HAND)
    if as_json:
        print_json({**_as_json(found), "commit": done.id, "change": done.change})
        return
    print(f"Taken out: {good(done.id[:8])}  {one_line(done.subject)}{dim(hint)}")


def _tell(done: Purged, pushed: bool, sent: list[str]) -> None:
    print(f"{good('Gone')}: {done.commits} commits rewritten, {done.objects} objects deleted")
    if done.signed:
        print(warning(f"{done.signed} commits lost their signature: what they sign is not any more"))
    travelling = [
        ref for ref in done.refs if ref.startswith(("refs/heads/main", "refs/hermes/sessions", "refs/hermes/prop"))
    ]
    if sent:
        for line in sent:
            print(one_line(line))
    elif travelling and not pushed:
        print(f"\n{bold('To be pushed by force')}, where a remote has them:")
        for ref in travelling:
            old, new = done.refs[ref]
            print(f"  {one_line(ref)}  {old[:8]} -> {new[:8]}")
        print(dim("Do it: hermes sync --push-purge"))


def _as_json(found: Found) -> dict[str, Any]:
    return {
        "places": [
            {"what": place.what, "name": place.name, "count": place.count, "reach": place.reach}
            for place in found.places
        ]
    }


def _purged_as_json(done: Purged) -> dict[str, Any]:
    refs = {ref: list(ends) for ref, ends in done.refs.items()}
    return {"refs": refs, "commits": done.commits, "signed": done.signed, "objects": done.objects}
