"""Puts a proposal before people on a remote: its branch, re-based onto the remote's main, and a pull request of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hermes_fs.core.errors import Conflict, Failed, HermesError, Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.store import remote
from hermes_fs.store.bounded import Bounds
from hermes_fs.store.forges import wording
from hermes_fs.store.forges.choosing import Chosen
from hermes_fs.store.forges.forge import Draft, link
from hermes_fs.store.git import Git
from hermes_fs.store.message import Versions, diffstat, read_trailers
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.pulls import BRANCHES, Known, Pulls
from hermes_fs.store.workspace import Workspace

MAIN = "main"
KNOWN = "refs/hermes/remotes"
_PATIENCE, _LONGEST = 60.0, 1200.0  # seconds of silence, and in all
_AGIT = re.compile(r"refs/pull/([1-9][0-9]{0,14})/head")
_SAID_LINK = re.compile(r"https?://[^\s]*?/(?:merge_requests|pulls?)/([1-9][0-9]{0,14})\b")


@dataclass(frozen=True, slots=True)
class Target:
    """A remote: its `name` here, its `address`, what is there."""

    name: str
    address: str
    chosen: Chosen

    @property
    def shown(self) -> str:
        return remote.without_login(self.address)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of it: how it is `known` now, whether the pull request is `new`, whether the branch `moved`; `note`
    says why there is no pull request, "" where there is one."""

    known: Known
    new: bool
    moved: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Rebased:
    """The commit of a proposal on top of the remote's main."""

    commit: str
    versions: Versions
    trailers: Mapping[str, str]


def publish(workspace: Workspace, one: Proposal, target: Target, said: Sequence[str] = ()) -> Published:
    """Pushes the branch and opens the pull request, or brings both up to date. `said` is what was said before the
    proposal, as `role: text`. Raises Refused for what cannot be proposed there, Conflict where it does not fit on the
    remote's main or somebody else changed the branch, Failed where there is no connection."""
    _require_ours(one)
    git, branch = workspace.git, f"{BRANCHES}{one.id}"
    pulls = Pulls(workspace.state_dir, workspace.locked)
    known = pulls.all().get(one.id)
    base, there = _fetched(git, target, branch)
    rebased = _rebased(workspace, one, base)
    if there and (known is None or known.commit != there) and not _is_ours(git, there, rebased.commit):
        hint = f"merge it there, or delete the branch: git push {target.name} --delete {branch}"
        raise Conflict(f"somebody else changed {branch} on {target.name}", hint)
    held = known.commit if known and known.number and _makes_no_branch(target.chosen) else there
    moved = held != rebased.commit
    draft = Draft(branch, MAIN, wording.title(one), _body(one, rebased, said))
    now = Known(one.id, one.change, target.shown, rebased.commit, target.chosen.kind)
    if known and known.remote == target.shown:
        now = replace(now, number=known.number, url=known.url, seen=known.seen)
    if not moved and now.number and not target.chosen.forge:
        done = Published(now, False, False)
    elif target.chosen.forge:
        done = _opened(git, target, draft, there, now)
    else:
        done = _by_push(git, target, draft, there, one, now)
    tracked = _tracking(target, branch)
    if done.known.commit == rebased.commit and git.resolve(tracked) != rebased.commit:
        git.update_ref(tracked, rebased.commit, git.resolve(tracked))  # and so git keeps it
    pulls.put(done.known)
    return replace(done, moved=moved)


def require_main(git: Git, target: Target) -> None:
    """Asked once before many are pushed: what is not there is not waited for again and again. Refused where the remote
    has no main yet, Failed where there is no connection."""
    if not remote.listed(git, target.address, (f"refs/heads/{MAIN}",), Bounds(_PATIENCE, 0)):
        raise Refused(f"{target.name} has no {MAIN} yet", "send it first: `hermes sync`")


def _makes_no_branch(chosen: Chosen) -> bool:
    return chosen.kind == "gitea" and not chosen.forge


def _require_ours(one: Proposal) -> None:
    if one.foreign or not one.change:
        raise Refused(f"proposal {one.id} was made by another machine", "open its pull request there, or accept it")
    if one.standing.state not in ("waiting", "stale"):
        raise Refused(f"proposal {one.id} does not wait: {one.standing.state}", "see `hermes review list`")


def _tracking(target: Target, branch: str) -> str:
    """What a branch there was last known to be at, apart from what a person's own git knows."""
    return f"{KNOWN}/{target.name}/upstream/{branch}"


def _fetched(git: Git, target: Target, branch: str) -> tuple[str, str]:
    """The remote's main, and what its branch is at, "" where it has none. Refused where they are strangers."""
    main, ours = _tracking(target, MAIN), _tracking(target, branch)
    if was := git.resolve(ours):
        git.update_ref(ours, "", was)  # what is there no more would stay
    wanted = (f"+refs/heads/{MAIN}:{main}", f"+refs/heads/{branch}*:{ours}*")
    remote.fetch(git, target.address, *wanted, bounds=Bounds(_LONGEST, 0, still=_PATIENCE))
    base = git.resolve(main)
    if git.ask("merge-base", git.resolve("HEAD"), base).code:
        raise Refused(f"{MAIN} of {target.name} has nothing in common with this workspace", "is it another one?")
    return base, git.resolve(ours)


def _rebased(workspace: Workspace, one: Proposal, base: str) -> _Rebased:
    """As accepting it would apply it, on top of the remote's main: merged where that changed meanwhile. The same commit
    for the same proposal and base. Conflict where it does not fit, Refused where main has it already."""
    git = workspace.git
    versions: dict[str, tuple[bytes | None, bytes | None]] = {}
    for path, ends in one.files.items():
        old, new = (git.read_blob(oid) if oid else None for oid in (ends.old, ends.new))
        at = git.blob_at(base, path)
        theirs = git.read_blob(at) if at else None
        merged = workspace.formats(path).merge(old, theirs, new)
        if merged.conflicts:
            said = f"{path}: {merged.conflicts[0]}"
            raise Conflict(f"proposal {one.id} does not fit on the remote's main: {said}", "hermes sync, then edit it")
        if merged.content != theirs:
            versions[path] = theirs, merged.content
    if not versions:
        raise Refused(f"the remote's main has what proposal {one.id} wants already", "hermes sync")
    files = {path: _entry(git, one, base, path, data) for path, (_, data) in versions.items()}
    tree = git.write_tree_with(base, files)
    head, _, text = git.read("commit", one.commit).partition(b"\n\n")
    message, trailers = _message(text.decode("utf-8", "replace"), one, versions)
    people = [line for line in head.split(b"\n") if line.startswith((b"author ", b"committer "))]
    rows = [f"tree {tree}".encode(), f"parent {base}".encode(), *people, b"", message.encode()]
    return _Rebased(git.write([("commit", b"\n".join(rows))])[0], versions, trailers)


def _entry(git: Git, one: Proposal, base: str, path: str, data: bytes | None) -> tuple[str, str] | None:
    if data is None:
        return None
    entry = git.entry_at(one.commit, path) or git.entry_at(base, path)
    return entry.mode if entry and entry.mode == "100755" else "100644", git.hash_blob(data)


def _message(text: str, one: Proposal, versions: Versions) -> tuple[str, Mapping[str, str]]:
    """The lesson's message: the proposal's, with nothing in the model's words that a forge would act on."""
    trailers = {key: value for key, value in read_trailers(text).items() if key != "Hermes-Proposal"}
    trailers |= {"Hermes-Change": one.change, "Hermes-Review": f"by pull request of {BRANCHES}{one.id}"}
    why = "\n".join(line for line in text.split("\n") if line.startswith((">", "Why")))
    parts = [wording.title(one), diffstat(versions), wording.defused(why)]
    last = "\n".join(f"{name}: {value}" for name, value in trailers.items())
    return "\n\n".join(part for part in (*parts, last) if part) + "\n", trailers


def _body(one: Proposal, rebased: _Rebased, said: Sequence[str]) -> str:
    return wording.body(one, diffstat(rebased.versions), rebased.trailers, said)


def _is_ours(git: Git, there: str, fresh: str) -> bool:
    """Whether a branch holds what this machine pushed, though it forgot: by the same people, with the same change id.
    Who amends it leaves their own name."""
    was, now = (git.read("commit", oid).decode("utf-8", "replace") for oid in (there, fresh))
    change = read_trailers(now).get("Hermes-Change")
    return _people(was) == _people(now) and read_trailers(was).get("Hermes-Change") == change


def _people(raw: str) -> list[str]:
    """Author and committer of a raw commit, without the moment."""
    head = raw.partition("\n\n")[0].split("\n")
    return [line.rpartition(">")[0] for line in head if line.startswith(("author ", "committer "))]


def _opened(git: Git, target: Target, draft: Draft, there: str, now: Known) -> Published:
    """By the forge's API. What the push did is kept where the API fails."""
    assert target.chosen.forge
    _push_branch(git, target, draft, there, now)
    try:
        pull, new = target.chosen.forge.open_pull(draft)
    except HermesError as error:
        return Published(now, False, True, f"no pull request: {error.message}")
    return Published(replace(now, number=pull.number, url=pull.url), new, True)


def _push_branch(
    git: Git, target: Target, draft: Draft, there: str, now: Known, options: Sequence[str] = ()
) -> remote.Pushed:
    name = f"refs/heads/{draft.branch}"
    done = remote.push_and_hear(git, target.address, [f"{now.commit}:{name}"], options=options, leases={name: there})
    fate = done.refs.get(name, "")
    if fate != "ok":
        raise Failed(f"{target.name} did not take {draft.branch}: {fate or 'it said nothing'}", "try again")
    return done


def _by_push(git: Git, target: Target, draft: Draft, there: str, one: Proposal, now: Known) -> Published:
    """Without the API: by options of the push where the forge knows them, else a plain branch."""
    title, short = wording.title(one), wording.short_body(one)
    why = target.chosen.why
    if target.chosen.kind == "gitlab" and now.commit != there:
        pairs = {"create": "", "target": MAIN, "title": title, "description": short, "remove_source_branch": ""}
        options = [f"merge_request.{key}{f'={value}' if value else ''}" for key, value in pairs.items()]
        return _found(_with_options(git, target, draft, there, now, options), now, why)
    if target.chosen.kind == "gitea" and now.commit != there:
        done = _agit(git, target, draft, now, {"title": title, "description": short})
        if done:
            return _found(done, now, why)
    _push_branch(git, target, draft, there, now)
    if now.number:
        return Published(now, False, True)
    page = f"; open it at {target.chosen.web}/compare/{MAIN}...{draft.branch}" if target.chosen.web else ""
    return Published(now, False, True, f"no pull request: {why}{page}")


def _with_options(
    git: Git, target: Target, draft: Draft, there: str, now: Known, options: Sequence[str]
) -> remote.Pushed:
    try:
        return _push_branch(git, target, draft, there, now, options)
    except Failed as error:
        if "push options" not in error.message:
            raise
        return _push_branch(git, target, draft, there, now)  # a server that does not take any


def _agit(git: Git, target: Target, draft: Draft, now: Known, texts: Mapping[str, str]) -> remote.Pushed | None:
    """A pull request without a branch, as "AGit" of Gitea's and Forgejo's documentation has it; None where the server
    does not know it. A topic that is known already is brought up to date."""
    pairs = {"topic": draft.branch.replace("/", "-"), **texts, "force-push": "true"}
    options = [f"{key}={value}" for key, value in pairs.items()]
    try:
        done = remote.push_and_hear(git, target.address, [f"{now.commit}:refs/for/{MAIN}"], options=options)
    except Failed as error:
        if "push options" in error.message:
            return None
        raise
    return done if all(fate == "ok" for fate in done.refs.values()) else None


def _found(done: remote.Pushed, now: Known, why: str) -> Published:
    """What a server said of the pull request that it made of a push."""
    number = next((int(found[1]) for name in done.refs if (found := _AGIT.fullmatch(name))), 0)
    links = [(found, link(found[0])) for line in done.said if (found := _SAID_LINK.search(line))]
    number = number or next((int(found[1]) for found, url in links if url), now.number)
    url = next((url for _, url in links if url), now.url)
    if not number:
        said = next((one_line(line, 120) for line in done.said if line and not set(line) <= set("=- ")), "")
        return Published(now, False, True, f"no pull request that it told of ({why}){f': {said}' if said else ''}")
    return Published(replace(now, number=number, url=url), number != now.number, True)
