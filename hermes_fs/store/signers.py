"""Tells who signed commits, by a list of those whose signatures count. Moves no ref, decides nothing of what holds.

Git verifies, with ssh-keygen of this machine's PATH: no program that a repository names is started. Signatures of other
kinds than SSH's count as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from hermes_fs.core.errors import Failed, NotFound, Refused
from hermes_fs.store.git import Git
from hermes_fs.store.paths import SIGNERS
from hermes_fs.store.transcript import write_whole
from hermes_fs.store.trust import Trust

_KEY = f"signers:{SIGNERS}"
_REMEMBERED = "signed.json"
_MOST = 20_000  # verdicts that are kept
_LARGEST = 1_000_000  # bytes of a commit that is looked at
_SIGNED = b"\ngpgsig -----BEGIN SSH SIGNATURE-----\n"
_SIGNED_256 = b"\ngpgsig-sha256 -----BEGIN SSH SIGNATURE-----\n"
_FIELDS = "%H %G? %GS"


def trusted(git: Git, trust: Trust) -> bytes:
    """The list as this machine's person trusted it last, whatever main has by now; empty where they trusted none."""
    with contextlib.suppress(NotFound):  # git has lost it: nobody's signature counts
        digest = trust.digest_of(_KEY)
        return git.read_blob(digest) if digest else b""
    return b""


def signed_by(
    git: Git, state_dir: Path, signers: bytes, commits: Sequence[str], remember: bool = True
) -> dict[str, str]:
    """Commit → the name on the list of who signed it; the others are left out. What was found out is remembered. Costs
    one process of git, which starts two for each signature. Failed where there is no ssh-keygen."""
    place, key = state_dir / _REMEMBERED, hashlib.sha256(signers).hexdigest()
    known = _read(place, key) if remember else {}
    open_ = [commit for commit in commits if commit not in known and _claims(git, commit)]
    if open_ and signers.strip():
        found = _verified(git, state_dir, signers, open_)
        known |= found
        if remember:
            _write(place, key, known)
    return {commit: known[commit] for commit in commits if commit in known}


def require_own(git: Git, state_dir: Path, signers: bytes, commit: str) -> None:
    """Raises Refused unless a commit that was made here is signed by somebody on the list."""
    if not signed_by(git, state_dir, signers, [commit]):
        raise Refused(f"the key that signs here is not in {SIGNERS}", "ask somebody who is in it to add yours")


def _claims(git: Git, commit: str) -> bool:
    """Whether it bears a signature of the kind that is verified: no other program is started for it."""
    if git.size_of(commit) > _LARGEST:
        return False
    head = git.read("commit", commit).partition(b"\n\n")[0]
    return (_SIGNED in head) or (_SIGNED_256 in head)


def _verified(git: Git, state_dir: Path, signers: bytes, commits: Collection[str]) -> dict[str, str]:
    program = shutil.which("ssh-keygen")
    if not program:
        raise Failed("signatures cannot be verified: there is no ssh-keygen", "install openssh-client")
    place = state_dir / f"signers-{hashlib.sha256(signers).hexdigest()[:12]}"
    write_whole(place, signers)
    settings = (f"gpg.ssh.program={program}", f"gpg.ssh.allowedSignersFile={place}", "gpg.program=false")
    flags = [word for setting in (*settings, "gpg.x509.program=false") for word in ("-c", setting)]
    try:
        said = git.ask(
            *flags,
            *("log", "--no-walk=unsorted", "--no-show-signature", f"--format={_FIELDS}", "--stdin"),
            input="".join(f"{commit}\n" for commit in commits).encode(),
        )
    finally:
        place.unlink(missing_ok=True)
    if said.code:
        raise Failed(f"signatures cannot be verified: {said.err.strip()[-200:] or 'git said nothing'}", "see git.sign")
    rows = (line.split(" ", 2) for line in said.out.decode("utf-8", "replace").splitlines())
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[1] == "G" and row[2]}


def _read(place: Path, key: str) -> dict[str, str]:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # none yet, or damaged: it is found out again
        data = json.loads(place.read_bytes())
        if data.get("list") == key:
            return {str(commit): str(name) for commit, name in data["signed"].items()}
    return {}


def _write(place: Path, key: str, known: dict[str, str]) -> None:
    kept = dict(list(known.items())[-_MOST:])
    with contextlib.suppress(OSError):  # it is found out again
        write_whole(place, json.dumps({"list": key, "signed": kept}).encode())
