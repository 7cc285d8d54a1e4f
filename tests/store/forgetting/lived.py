"""Minds in which a secret stands in every place that one can stand in, and the search for it byte by byte."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.forgetting.lesson import known_format
from hermes_fs.store.forgetting.wanted import Text
from hermes_fs.store.index import Index
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record
from hermes_fs.store.workspace import Workspace

SECRET = "Alice Smythe-Jones"
TEXT = Text(SECRET, known_format)
OWNER = Provenance(origin="owner", trigger="user", person="owner")
DRAFT = Header("", "", "cli", "owner", "m", "p", "", "", "")


def git(root: Path, *words: str, check: bool = True) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", "-C", str(root), *who, *words], capture_output=True, check=check)
    return done.stdout.decode("utf-8", "replace")


def learn(mind: Workspace, path: str, text: str, kind: str = "note", why: str = "a test") -> str:
    return mind.commit(Change({path: text.encode()}, kind, why, OWNER)).id  # type: ignore[arg-type]


def sessions_of(mind: Workspace) -> tuple[Sessions, SessionRefs]:
    clock = SystemClock()
    sessions = Sessions(mind.root, mind.host, clock, Ulids(clock))
    return sessions, SessionRefs(mind.root, mind.git, mind.state_dir, sessions, clock)


def talk(mind: Workspace, *texts: str) -> Path:
    """An ended conversation, committed to its ref."""
    sessions, refs = sessions_of(mind)
    writer = sessions.start(DRAFT)
    for number, text in enumerate(texts):
        data = {"role": "user", "text": text}
        writer.append(Record(f"e{number}", "message", "2026-01-01T00:00:00Z", "owner", "cli", "owner", data))
    writer.append(Record("z", "end", "2026-01-01T00:00:00Z", "owner", "cli", "owner", {"reason": "exit"}))
    writer.close()
    refs.commit_due()
    return writer.path


def live(mind: Workspace) -> None:
    """Puts it everywhere, among things that are to stay."""
    learn(mind, "notes/plain.md", "# Plain\n\nnothing here\n")
    learn(mind, "notes/people.md", f"# People\n\n{SECRET} rings at noon.\nBob rings at one.\n")
    learn(mind, "MEMORY.md", f"- The server is db2\n- {SECRET} runs it\n", "memory")
    learn(mind, "notes/later.md", "# Later\n\nlater words\n", why=f"because {SECRET} said so")
    learn(mind, "notes/folded.md", "# Folded\n\nasked by Alice\nSmythe-Jones today\n")
    learn(mind, "cron.yaml", f'ring:\n  schedule: "0 9 * * *"\n  prompt: {SECRET} wants a call\n', "cron")
    sessions = talk(mind, f"call {SECRET} please", "x" * 70_000 + SECRET)
    talk(mind, "the weather")
    sessions.with_suffix(".md").write_text(f"# Summary\n\nabout {SECRET}\n")
    Index(mind.root, mind.state_dir).refresh()
    (mind.state_dir / "prompt-history").write_text(json.dumps(f"call {SECRET}") + "\n" + json.dumps("weather") + "\n")
    (mind.state_dir / "errands").mkdir(exist_ok=True)
    (mind.state_dir / "errands" / "x.json").write_text(json.dumps({"why": f"about {SECRET}"}))
    copy = mind.state_dir / "quarantine" / "q1" / "notes"
    copy.mkdir(parents=True)
    (copy / "a.md").write_text(f"of {SECRET}\n")
    mind.settle()
    head = git(mind.root, "rev-parse", "HEAD").strip()
    git(mind.root, "update-ref", "refs/hermes/rescue/origin-1", f"{head}~2")
    git(mind.root, "update-ref", "refs/remotes/origin/main", f"{head}~1")
    git(mind.root, "tag", "-a", "marked", "-m", f"as {SECRET} had it")
    (mind.root / "notes" / "plain.md").write_text(f"# Plain\n\nstashed for {SECRET}\n")
    git(mind.root, "stash", "push", "-q", "-m", f"stash for {SECRET}")
    subprocess.run(
        ["git", "-C", str(mind.root), "hash-object", "-w", "--stdin"], input=SECRET.encode(), check=True,
        capture_output=True,
    )  # fmt: skip


def traces(root: Path) -> list[str]:
    """Every place in a folder that holds the secret, in whatever spelling: files, and the objects of each repository
    in it, reachable or not."""
    found = [str(path) for path in sorted(root.rglob("*")) if path.is_file() and _holds(path.read_bytes())]
    found += [str(path) for path in root.rglob("*") if _holds(str(path).encode())]
    for place in (root / ".git", *root.glob("*.git"), *root.glob(".git/hermes/checkpoints/*.git")):
        if (place / "objects").is_dir():
            found += _in_objects(place)
    return found


def _in_objects(place: Path) -> list[str]:
    words = ["git", "--git-dir", str(place), "cat-file", "--batch-all-objects", "--unordered", "--batch"]
    said = io.BytesIO(subprocess.run(words, capture_output=True, check=True).stdout)
    found = []
    while line := said.readline():
        oid, kind, size = line.decode().split(" ")
        if _holds(said.read(int(size) + 1)):
            found.append(f"{place}: {kind} {oid}")
    return found


def _holds(data: bytes) -> bool:
    flat = b" ".join(data.split()).lower()
    return SECRET.lower().encode() in flat or b"smythe" in flat
