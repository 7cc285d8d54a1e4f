"""Owns signed commits: made by git with the person's own key, only where the workspace asks for it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.core.loading import load
from hermes_fs.store import isolation
from hermes_fs.store.git import Git
from hermes_fs.store.objects import Signature

_SAYS_SIGN = re.compile(r"\bsign\b")
_STARTS = re.compile(r"gpg\.(?:.*\.)?(?:program|defaultkeycommand)$")


def is_wanted(root: Path, state_dir: Path) -> bool:
    """Whether the settings ask for signed lessons (`git.sign`). Raises ConfigError.

    Most settings never name it, and then nothing is loaded that can read them.
    """
    texts = [_text(root / "config.yaml"), _text(state_dir / "local.yaml")]
    if not any(_SAYS_SIGN.search(text) for text in texts):
        return False
    return bool(load("hermes_fs.core.config:load")(root, state_dir).git.sign)


def signed_commit(
    git: Git, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
) -> str:
    """Writes a signed commit, durably; its id. Costs processes, and whatever the person's signing program asks of them.

    Raises Refused where the repository itself names the program to sign with, Failed where signing fails.
    """
    named = [key for key in git.own_settings() if _STARTS.match(key.lower())]
    if named:
        raise Refused(f"this repository's own settings name a program to sign with ({named[0]})", "unset it there")
    env = isolation.personal(os.environ) | {
        "GIT_DIR": str(git.git_dir),
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": f"@{int(author.when.timestamp())} +0000",
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_DATE": f"@{int(committer.when.timestamp())} +0000",
    }
    over = [word for parent in parents for word in ("-p", parent)]
    command = [isolation.git_program(), *isolation.flags(git.root), "commit-tree", "-S", *over, tree]
    done = subprocess.run(command, input=message.encode("utf-8", "replace"), cwd=git.root, env=env, capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failed(f"the commit could not be signed: {said[-1] if said else 'git said nothing'}", "see git.sign")
    return done.stdout.decode().strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # none, and so no wish
        return ""
