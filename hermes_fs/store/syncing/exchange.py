"""One remote as this machine sees it: what it has, what is fetched from it, what is pushed to it. Merges nothing.

What was last known of each of its refs stands in `refs/hermes/remotes/<name>/…`: the common ground that tells, later,
which side changed a ref. A person's own `git fetch` does not move it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused
from hermes_fs.store import arriving, remote
from hermes_fs.store.bounded import Bounds
from hermes_fs.store.forgetting.asked import PURGES
from hermes_fs.store.git import Git
from hermes_fs.store.init import set_remote
from hermes_fs.store.proposal import WAITING
from hermes_fs.store.session_refs import REFS
from hermes_fs.store.state import BRANCH

KNOWN = "refs/hermes/remotes"
_MEMORY = 4 << 30  # bytes of a git that lists a remote's refs
_LONGEST = 12
"""A connection may last so many times as long as it may be silent."""
_HERMES = "refs/hermes/"


class Moved(Failed):
    """The remote has not any more what it just named."""


class Remote:
    """`name` as git calls it, `address` where it lies; it is given up after `patience` seconds of silence. Raises
    Failed where it cannot be reached. `said` are lines for a person, `left_out` the refs over there that are no
    business of ours: neither taken nor sent, and not taken for deleted."""

    def __init__(self, git: Git, name: str, address: str, patience: float = 300.0) -> None:
        self._git = git
        self.name = name
        self.address = address
        self.said: list[str] = []
        self.left_out: set[str] = set()
        self._listing = Bounds(patience, 0, strict=True, memory=_MEMORY)
        self._fetching = Bounds(_LONGEST * patience, arriving.MAX_TOTAL, strict=True, still=patience)

    def look(self) -> dict[str, str]:
        """Its main, sessions and proposals with what they point to. Refs whose names are none are said and left out."""
        found = remote.listed(self._git, self.address, (BRANCH, PURGES, f"{REFS}/*", f"{WAITING}/*"), self._listing)
        fit, lines = arriving.refs([name for name in found if name not in (BRANCH, PURGES)])
        self.said += lines
        self.left_out |= found.keys() - {BRANCH, PURGES, *fit}
        return {name: found[name] for name in (BRANCH, PURGES, *fit) if name in found}

    def known(self, ref: str) -> str:
        """What was last agreed on with it of a ref, "" for nothing."""
        return self._git.resolve(self._place(ref))

    def all_known(self, prefix: str) -> dict[str, str]:
        """Of all refs below a prefix, by their own names."""
        place = self._place(f"{prefix}/")
        said = self._git.run("for-each-ref", "--format=%(refname) %(objectname)", place)
        rows = (line.split(" ") for line in said.decode("utf-8", "replace").splitlines())
        return {f"{prefix}/{name.removeprefix(place)}": oid for name, oid in rows}

    def agree(self, ref: str, oid: str) -> None:
        """From now on that is the common ground; "": it is gone on both sides."""
        place = self._place(ref)
        known = self._git.resolve(place)
        if known != oid:
            self._git.update_ref(place, oid, known)

    def fetch(self, oids: Mapping[str, str]) -> None:
        """Brings what these refs point to, without moving any ref of ours. What is no commit is left out and said.
        Raises Moved; Refused where main is no commit."""
        missing = [ref for ref, oid in oids.items() if oid not in (self.known(ref), self._git.resolve(ref))]
        places = [f"+{ref}:{KNOWN}-fetched/{self.name}/{number}" for number, ref in enumerate(missing)]
        try:  # also what seems to be here: of a fetch that was killed there may be the commit and not its files
            if places:
                remote.fetch(self._git, self.address, *places, bounds=self._fetching)
        except Failed as error:
            if "find remote ref" in error.message:
                raise Moved(error.message, error.hint) from error
            raise
        for ref, oid in oids.items():
            kind = self._git.kind_of(oid)
            if not kind:
                raise Moved(f"{self.name} does not send what it names: {ref}", "look at who runs it, and try again")
            if kind != "commit" and ref == BRANCH:
                raise Refused(f"main of {self.name} is a {kind}, no commit", "it is damaged, or means harm")
            if kind != "commit":
                self.left_out.add(ref)
                self.said.append(f"{ref} of {self.name} is a {kind}, no commit: left out")

    def release(self) -> None:
        """What was fetched is kept by other refs now."""
        said = self._git.run("for-each-ref", "--format=%(refname) %(objectname)", f"{KNOWN}-fetched/{self.name}/")
        for line in said.decode("utf-8", "replace").splitlines():
            name, _, oid = line.partition(" ")
            self._git.update_ref(name, "", oid)

    def push(self, refs: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Makes these refs there point to (new, at most from old), "" where there is none; what did not go, with why.
        Main and sessions only ever go forward."""
        specs = [f"{new}:{ref}" for ref, (new, _) in refs.items()]
        leases = {ref: old for ref, (_, old) in refs.items() if ref.startswith(f"{WAITING}/")}
        fates = remote.push_and_hear(self._git, self.address, specs, leases=leases).refs if specs else {}
        left = {ref: fates.get(ref, "rejected: no answer") for ref in refs}
        left = {ref: fate.removeprefix("rejected: ") for ref, fate in left.items() if fate != "ok"}
        for ref, (new, _) in refs.items():
            if ref not in left:
                self.agree(ref, new)
        return left

    def _place(self, ref: str) -> str:
        return f"{KNOWN}/{self.name}/{ref.removeprefix(_HERMES).removeprefix('refs/')}"


def primary(git: Git, name: str, patience: float) -> Remote:
    """The remote of this name. NotFound where the repository has none."""
    return Remote(git, name, _address(git, name), patience)


def lies_at(git: Git, name: str, address: str) -> None:
    """From now on the remote of this name lies there; what was agreed on with another is forgotten."""
    if git.ask("config", "--get", f"remote.{name}.url").out.decode("utf-8", "replace").strip() == address:
        return
    for line in git.run("for-each-ref", "--format=%(refname) %(objectname)", f"{KNOWN}/{name}/").decode().splitlines():
        ref, _, oid = line.partition(" ")
        git.update_ref(ref, "", oid)
    set_remote(git, address, name)


def _address(git: Git, name: str) -> str:
    said = git.ask("config", "--get", f"remote.{name}.url")
    address = said.out.decode("utf-8", "replace").strip()
    if said.code or not address:
        raise NotFound("there is no remote to sync with yet", "name one: hermes sync --remote ADDRESS")
    return remote.checked_url(address)


def mirrors(git: Git, named: Iterable[str]) -> tuple[list[Remote], list[str]]:
    """Those that only receive, each by the name of a git remote or by its address; and lines on those that cannot be
    used."""
    found: list[Remote] = []
    said: list[str] = []
    for number, name in enumerate(named):
        try:
            address = remote.checked_url(name) if "/" in name or ":" in name else _address(git, name)
            found.append(Remote(git, f"mirror-{number}", address))
        except HermesError as error:
            said.append(f"the mirror {name} is left out: {error.message}")
    return found, said


def wanted_sessions(there: Mapping[str, str], keep: str, own_host: str) -> Sequence[str]:
    """Which months of transcripts are brought: those of other hosts that are asked for, and all of this host's own."""
    own = f"{REFS}/{own_host}/"
    return [ref for ref in there if ref.startswith(f"{REFS}/") and (ref.startswith(own) or remote.is_wanted(ref, keep))]
