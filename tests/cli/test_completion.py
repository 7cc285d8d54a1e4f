"""Tab completes commands, subcommands and options in real shells."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_fs.cli.completion import script
from hermes_fs.cli.table import COMMANDS
from tests.cli.conftest import Run


def in_bash(tmp_path: Path, line: str) -> list[str]:
    (tmp_path / "c.sh").write_text(script("bash"))
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    run = f"source {tmp_path}/c.sh; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _hermes; echo ${{COMPREPLY[@]}}"
    return subprocess.run(["bash", "-uc", run], capture_output=True, text=True, check=True).stdout.split()


def in_fish(tmp_path: Path, line: str) -> list[str]:
    (tmp_path / "c.fish").write_text(script("fish"))
    run = f"source {tmp_path}/c.fish; complete -C '{line}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", run],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    return [row.split("\t")[0] for row in done.stdout.splitlines()]


def in_zsh(tmp_path: Path, line: str) -> list[str]:
    """zsh completes only at a terminal; what `_describe` is given is what would be listed."""
    (tmp_path / "c.zsh").write_text(script("zsh"))
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    run = (
        "compdef() { }; _files() { }; _describe() { print -l -- ${(P)2}; };"
        f"source {tmp_path}/c.zsh; words=({quoted}); CURRENT={len(words)}; PREFIX='{words[-1]}'; _hermes"
    )
    done = subprocess.run(["zsh", "-fc", run], capture_output=True, text=True, check=True)
    return [found for row in done.stdout.splitlines() if (found := row.split(":")[0]).startswith(words[-1])]


@pytest.mark.parametrize("shell", [in_bash, in_fish, in_zsh])
def test_commands_subcommands_and_options(tmp_path, shell):
    assert shell(tmp_path, "hermes sea") == ["search"]
    assert set(shell(tmp_path, "hermes ")) >= set(COMMANDS)
    assert shell(tmp_path, "hermes memory ad") == ["add"]
    assert shell(tmp_path, "hermes -w log memory rem") == ["remove"]
    assert "--since" in shell(tmp_path, "hermes log --si")
    assert "--since" not in shell(tmp_path, "hermes memory add --si")


def test_an_unknown_shell_is_said_in_a_line(hermes: Run):
    done = hermes("completion", "tcsh")
    assert done.returncode == 2
    assert done.stderr.strip() == "error: there is no completion for 'tcsh' — use one of: bash, zsh, fish"
