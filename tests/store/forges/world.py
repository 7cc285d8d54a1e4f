"""What the tests of pull requests share: a mind with a bare remote, and a proposal that waits in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.forges.choosing import Chosen, ForgeSettings, choose
from hermes_fs.store.forges.publishing import Published, Target, publish
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import make_workspace, sh

WEB = Provenance("web", "user", "owner", "s1", "", "m")
OWNER = Provenance("owner", "user", "owner")


@dataclass
class World:
    """`bare` is the remote, `mind` the workspace; `there` works on the remote as people do."""

    tmp: Path
    mind: Workspace
    bare: Path
    settings: ForgeSettings = field(default_factory=lambda: ForgeSettings("none"))
    environ: dict[str, str] | None = None

    @property
    def address(self) -> str:
        return f"file://{self.bare}"

    def propose(self, text: str = "web\n", path: str = "notes/a.md", why: str = "it said so") -> Proposal:
        made = Proposals(self.mind).submit(Change({path: text.encode()}, "note", why, WEB))
        assert isinstance(made, Proposal)
        return made

    def publish(self, one: Proposal, said: tuple[str, ...] = ()) -> Published:
        return publish(self.mind, self.find(one), Target("origin", self.address, self.chosen()), said)

    def chosen(self) -> Chosen:
        return choose(self.address, self.settings, self.environ or {})

    def find(self, one: Proposal) -> Proposal:
        return Review(self.mind).find(one.id)

    def waiting(self) -> list[str]:
        return [one.id for one in Review(self.mind).waiting()]

    def learn(self, text: str, path: str) -> str:
        return self.mind.commit(Change({path: text.encode()}, "note", "said", OWNER)).id

    def there(self, *words: str, check: bool = True) -> str:
        """git in somebody's clone of the remote."""
        clone = self.tmp / "clone"
        if not clone.exists():
            sh(self.tmp, "git", "clone", "-q", str(self.bare), str(clone))
        return sh(clone, "git", "-c", "user.name=Rita", "-c", "user.email=rita@x.org", *words, check=check).strip()

    def write(self, text: str, path: str) -> None:
        """Somebody's commit on the remote's main."""
        self.there("fetch", "-q", "origin")
        self.there("checkout", "-q", "-B", "main", "origin/main")
        file = self.tmp / "clone" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.there("add", path)
        self.there("commit", "-qm", "theirs")
        self.there("push", "-q", "origin", "main")

    def merge(self, branch: str, how: str) -> str:
        """As a forge's button does it; the new head of main."""
        self.there("fetch", "-q", "origin")
        self.there("checkout", "-q", "-B", "main", "origin/main")
        match how:
            case "merge":
                self.there("merge", "-q", "--no-ff", "-m", "Merge pull request #1", f"origin/{branch}")
            case "rebase":
                self.there("cherry-pick", f"origin/{branch}")
            case "squash":
                self.there("merge", "-q", "--squash", f"origin/{branch}")
                self.there("commit", "-qm", "A lesson (#1)")
        self.there("push", "-q", "origin", "main")
        return self.there("rev-parse", "main")

    def sync(self) -> None:
        """Main as the remote has it, the plainest way."""
        sh(self.mind.root, "git", "pull", "-q", "--no-edit", "--no-rebase", str(self.bare), "main")


@contextmanager
def world(tmp: Path) -> Iterator[World]:
    bare = tmp / "owner" / "mind.git"
    root = make_workspace(tmp / "mind")
    sh(tmp, "git", "clone", "-q", "--bare", str(root), str(bare))
    sh(root, "git", "remote", "add", "origin", f"file://{bare}")
    with Workspace.open(root) as mind:
        yield World(tmp, mind, bare)
