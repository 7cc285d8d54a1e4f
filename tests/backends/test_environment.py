"""Credentials in our environment reach no child process, of whatever kind, unless a person granted them by name."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.backends.local import Local
from hermes_fs.core import environment, secrets
from hermes_fs.core.types import Change, Provenance
from hermes_fs.providers.embedded import server
from hermes_fs.store import isolation, remote
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.backend_commands import ended, run
from tests.source import dotted_name, modules
from tests.store.git_shell import make_workspace

VALUE = "s3cr3t-Value-0f-mine"
_NAMES = """AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN OPENAI_API_KEY ANTHROPIC_API_KEY GITHUB_TOKEN
    GH_TOKEN GITLAB_TOKEN NPM_TOKEN NODE_AUTH_TOKEN PYPI_TOKEN TWINE_PASSWORD PGPASSWORD MYSQL_PWD DATABASE_URL
    REDIS_URL SSH_AUTH_SOCK KUBECONFIG DOCKER_AUTH_CONFIG GOOGLE_APPLICATION_CREDENTIALS AZURE_CLIENT_SECRET VAULT_TOKEN
    SLACK_BOT_TOKEN TELEGRAM_BOT_TOKEN DISCORD_TOKEN STRIPE_SECRET_KEY SENDGRID_API_KEY SENTRY_AUTH_TOKEN HF_TOKEN
    CARGO_REGISTRY_TOKEN GPG_PASSPHRASE HERMES_API_KEY https_proxy"""
CREDENTIALS = tuple(_NAMES.split())
OURS_TO_GIT = {"SSH_AUTH_SOCK", "https_proxy"}
"""What git needs to speak to a remote in the person's name; nothing else gets them."""


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(CREDENTIALS) == 33
    for name in CREDENTIALS:
        value = {"https_proxy": f"http://u:{VALUE}@127.0.0.1:9", "DATABASE_URL": f"postgres://u:{VALUE}@db/x"}
        monkeypatch.setenv(name, value.get(name, f"{VALUE}-{name}"))


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    made = Local(tmp_path, tmp_path / "state", os.environ)
    yield made
    for job in made.jobs():
        made.kill(job.id)
    made.close()


def test_no_command_and_no_job_sees_one(local: Local) -> None:
    assert VALUE not in run(local, "env; declare -p; cat /proc/self/environ | tr '\\0' '\\n'").output
    assert VALUE not in ended(local, local.start("env; declare -p")).output


def test_no_git_sees_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the package's git: a stand-in first on the PATH writes down what it was given, then runs the real one."""
    real, said = isolation.git_program(), tmp_path / "said"
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin/git"
    stand_in.write_text(f'#!/bin/sh\nenv >>"{said}"\nexec {real} "$@"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    root = make_workspace(tmp_path / "mind")
    said.unlink(missing_ok=True)
    with Workspace.open(root) as workspace:
        assert workspace.head()
        (root / "MEMORY.md").write_text("- b\n")
        workspace.commit_pending()
        workspace.commit(Change({"notes/a.md": b"a"}, "note", "", Provenance("owner", "user")))
    local = said.read_text()
    assert local.count("GIT_TERMINAL_PROMPT") >= 2
    assert not [line for line in local.splitlines() if VALUE in line and line.partition("=")[0] not in OURS_TO_GIT]
    said.unlink()
    remote._run(root, "ls-remote", str(root))
    shown = {line.partition("=")[0] for line in said.read_text().splitlines() if VALUE in line}
    assert shown <= OURS_TO_GIT


def test_every_list_for_children_leaves_them_out() -> None:
    for made in (environment.for_commands, environment.for_programs, environment.for_editors, server.environment,
                 isolation.environment):  # fmt: skip
        assert VALUE not in str(made(os.environ)), made
    for made in (environment.for_remotes, environment.for_downloads):
        assert {name for name, value in made(os.environ).items() if VALUE in value} <= OURS_TO_GIT


def test_every_process_is_started_with_an_environment_of_its_own() -> None:
    bare = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if not module.name.startswith("testing/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and dotted_name(node.func)
        in ("subprocess.run", "subprocess.Popen", "subprocess.check_output", "subprocess.call")
        and not any(keyword.arg == "env" for keyword in node.keywords)
    ]
    assert bare == []


def test_a_granted_one_is_seen_by_commands_and_blotted_out_of_what_they_print(local: Local, tmp_path: Path) -> None:
    run(local, "kept=1")
    local.grant_secrets(["GITHUB_TOKEN", "NOT_SET", "LD_PRELOAD", "PATH"])
    value = os.environ["GITHUB_TOKEN"]
    assert run(local, 'echo ${#GITHUB_TOKEN}; test -z "$OPENAI_API_KEY"').output == f"{len(value)}\n"
    assert run(local, "echo it is $GITHUB_TOKEN").output == "it is [redacted:GITHUB_TOKEN]\n"
    assert ended(local, local.start("echo $GITHUB_TOKEN")).output == "[redacted:GITHUB_TOKEN]\n"
    assert secrets.redact(f"in a transcript: {value}.") == "in a transcript: [redacted:GITHUB_TOKEN]."
    assert run(local, "echo $kept").output == "1\n"
    on_disk = [path for path in (tmp_path / "state/local/shells").rglob("*") if path.is_file()]
    assert on_disk
    assert not [path for path in on_disk if value.encode() in path.read_bytes()]
