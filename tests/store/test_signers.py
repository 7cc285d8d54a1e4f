"""Whose signature a commit bears is found out by ssh-keygen alone, whatever a repository or a commit asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_fs.core.errors import Refused
from hermes_fs.store import signers, signing
from hermes_fs.store.objects import Signature
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import sh
from tests.store.signing_clones import key_of

WHO = Signature("A", "a@example.org", datetime.now(UTC))


@pytest.fixture
def signed(workspace: Workspace, tmp_path: Path) -> str:
    key_of(tmp_path, "a")
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", f"{tmp_path}/key-a.pub")):
        sh(workspace.root, "git", "config", name, value)
    head = workspace.head()
    return signing.signed_commit(workspace.git, head + "^{tree}", [head], "signed\n", WHO, WHO)


def by(workspace: Workspace, listed: str, *commits: str) -> dict[str, str]:
    return signers.signed_by(workspace.git, workspace.state_dir, listed.encode(), commits)


def test_only_who_is_listed_counts_and_a_list_is_not_remembered_for_another(
    workspace: Workspace, signed: str, tmp_path: Path
) -> None:
    ann, bo = (key_of(tmp_path, name) for name in ("a", "b"))
    assert by(workspace, f"ann {ann}\n", signed, workspace.head()) == {signed: "ann"}
    assert by(workspace, f"ann {ann}\n", signed) == {signed: "ann"}
    assert by(workspace, f"bo {bo}\n", signed) == by(workspace, "", signed) == by(workspace, "rubbish\n", signed) == {}
    assert by(workspace, f'ann valid-before="20200101" {ann}\n', signed) == {}
    assert by(workspace, f'ann namespaces="file" {ann}\n', signed) == {}
    assert not list(workspace.state_dir.glob("signers-*"))


def test_a_changed_commit_bears_no_signature(workspace: Workspace, signed: str, tmp_path: Path) -> None:
    raw = workspace.git.read("commit", signed)
    [forged] = workspace.git.write([("commit", raw.replace(b"signed\n", b"forged\n"))])
    assert by(workspace, f"ann {key_of(tmp_path, 'a')}\n", forged, signed) == {signed: "ann"}


def test_no_program_or_list_that_a_repository_names_has_a_say(
    workspace: Workspace, signed: str, tmp_path: Path
) -> None:
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\necho ann\n")
    evil.chmod(0o755)
    (tmp_path / "theirs").write_text(f"eve {key_of(tmp_path, 'a')}\n")
    for name in ("gpg.program", "gpg.ssh.program", "gpg.x509.program", "gpg.ssh.defaultKeyCommand"):
        sh(workspace.root, "git", "config", name, str(evil))
    sh(workspace.root, "git", "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "theirs"))
    raw = workspace.git.read("commit", signed)
    head, _, text = raw.partition(b"\n\n")
    pgp = b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n"
    bare = b"\n".join(line for line in head.split(b"\n") if not line.startswith((b"gpgsig", b" ")))
    [other] = workspace.git.write([("commit", bare + pgp + b"\n" + text)])
    assert by(workspace, f"bo {key_of(tmp_path, 'b')}\n", signed, other) == {}
    assert by(workspace, f"ann {key_of(tmp_path, 'a')}\n", signed, other) == {signed: "ann"}
    assert not (tmp_path / "ran").exists()
    sh(workspace.root, "git", "config", "--unset", "user.signingKey")
    for name in ("gpg.program", "gpg.ssh.program", "gpg.x509.program"):
        sh(workspace.root, "git", "config", "--unset", name)
    with pytest.raises(Refused, match="program to sign with"):
        signing.signed_commit(workspace.git, "HEAD^{tree}", [], "x\n", WHO, WHO)
    assert not (tmp_path / "ran").exists()
