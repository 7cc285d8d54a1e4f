"""Plain `git merge` and `git pull` merge as hermes does once the drivers are there, and as ever once they are gone."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hermes_fs.core.errors import Refused
from hermes_fs.store import drivers, isolation
from hermes_fs.store.formats.registry import format_of
from hermes_fs.store.git import Git
from tests.store.git_shell import committed, sh

MEMORY = "# Memory\n\n- staging is db1 <!-- aaaaaa -->\n"


def merged(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A git command as the person's own git runs it, in a folder and an environment that would mislead Python."""
    (root / "hermes_fs").mkdir(exist_ok=True)
    (root / "hermes_fs" / "__init__.py").write_text("raise SystemExit('code of the workspace was run')\n")
    env = os.environ | {"PYTHONPATH": str(root), "PYTHONSTARTUP": str(root / "hermes_fs" / "__init__.py")}
    done = subprocess.run(["git", *command], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert "was run" not in done.stdout + done.stderr
    return done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return committed(tmp_path / "mind", {"MEMORY.md": MEMORY, "notes/it's 5% $(touch x).md": "one\n", "a.bin": "\0a"})


def both(root: Path, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Two branches that changed the files: `theirs`, and main, which is checked out."""
    sh(root, "git", "checkout", "-qb", "theirs")
    for side, files in (("theirs", theirs), ("main", ours)):
        sh(root, "git", "checkout", "-q", side)
        for name, text in files.items():
            (root / name).write_text(text)
        sh(root, "git", "add", "--", *files)
        sh(root, "git", "commit", "-qm", side)


def test_what_both_added_comes_together_by_plain_git(root: Path) -> None:
    with closing(Git(root)) as git:
        assert [line.rpartition(": ")[2] for line in drivers.install_drivers(git)] == [drivers.KEY, "* merge=hermes"]
        assert drivers.install_drivers(git) == []
    ours, theirs = MEMORY + "- tea <!-- bbbbbb -->\n", MEMORY + "- coffee <!-- cccccc -->\n"
    odd = "notes/it's 5% $(touch x).md"
    both(root, {"MEMORY.md": ours, odd: "one\nours\n"}, {"MEMORY.md": theirs, odd: "one\ntheirs\n"})
    done = merged(root, "merge", "theirs")
    assert done.returncode == 0, done.stderr
    expected = format_of("MEMORY.md").merge(MEMORY.encode(), ours.encode(), theirs.encode()).content
    assert (root / "MEMORY.md").read_bytes() == expected
    assert (root / odd).read_text() == "one\nours\ntheirs\n"
    assert not (root / "x").exists()


def test_a_conflict_leaves_a_whole_file_and_an_unmerged_path_and_says_what_is_left_out(root: Path) -> None:
    with closing(Git(root)) as git:
        drivers.install_drivers(git)
    both(
        root,
        {"MEMORY.md": MEMORY.replace("db1", "db2"), "a.bin": "\0b"},
        {"MEMORY.md": MEMORY.replace("db1", "db33"), "a.bin": "\0cc"},
    )
    done = merged(root, "pull", "--no-rebase", ".", "theirs")
    assert done.returncode == 1
    assert "left out 'staging is db2'" in done.stderr
    assert "git add" in done.stderr
    assert (root / "MEMORY.md").read_text() == MEMORY.replace("db1", "db33")
    assert (root / "a.bin").read_bytes() == b"\0cc"
    assert sh(root, "git", "diff", "--name-only", "--diff-filter=U").split() == ["MEMORY.md", "a.bin"]


def test_files_that_both_made_are_put_together(root: Path) -> None:
    with closing(Git(root)) as git:
        drivers.install_drivers(git)
    both(root, {"notes/new.md": "# New\n\nours\n"}, {"notes/new.md": "# New\n\ntheirs\n"})
    assert merged(root, "merge", "theirs").returncode == 0
    assert (root / "notes/new.md").read_text() == "# New\n\nours\ntheirs\n"


def test_the_persons_own_attributes_stay_when_ours_go(root: Path) -> None:
    attributes = root / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.png -diff")
    with closing(Git(root)) as git:
        drivers.install_drivers(git)
        assert attributes.read_text().startswith("*.png -diff\n# hermes")
        assert len(drivers.uninstall_drivers(git)) == 2
        assert drivers.uninstall_drivers(git) == []
        assert not any("hermes" in key for key in git.own_settings())
    assert attributes.read_text() == "*.png -diff\n"
    both(root, {"MEMORY.md": MEMORY + "- a\n"}, {"MEMORY.md": MEMORY + "- b\n"})
    assert merged(root, "merge", "theirs").returncode == 1


def test_nothing_is_written_through_a_link(root: Path, tmp_path: Path) -> None:
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").unlink(missing_ok=True)
    (root / ".git/info/attributes").symlink_to(tmp_path / "elsewhere")
    with closing(Git(root)) as git:
        with pytest.raises(Refused, match="is a link"):
            drivers.install_drivers(git)
        assert not any("hermes" in key for key in git.own_settings())
    assert not (tmp_path / "elsewhere").exists()


def test_only_our_own_driver_is_told_from_an_attack(root: Path) -> None:
    with closing(Git(root)) as git:
        drivers.install_drivers(git)
        assert drivers.are_ours(git)
        assert drivers.KEY in isolation.armed(git.own_settings())  # hermes' own git runs it no more than another
        sh(root, "git", "config", drivers.KEY, f"{drivers.command()} ; touch /tmp/x")
        assert not drivers.are_ours(git)
    assert drivers.command().startswith(sys.executable)
    assert not drivers.is_ours("merge.other.driver", drivers.command())
