"""The door: what it writes, in whose name, and what of the user's it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, Failed, Refused
from hermes_fs.core.types import Change, Commit, Provenance, Verdict
from hermes_fs.store import message
from hermes_fs.store.workspace import Workspace
from tests.store import admitting
from tests.store.git_shell import make_workspace, opened, sh, status

AGENT = Provenance("agent", "user", person="ada", session="01S", evidence="sessions/x.jsonl#a..b", model="m-1")
OWNER = Provenance("owner", "user")


def note(text: str, path: str = "notes/a.md", **expect: str) -> Change:
    return Change({path: text.encode()}, "note", "because", AGENT, expect)


def log(root: Path, form: str, *more: str) -> list[str]:
    return sh(root, "git", "log", f"--format={form}", *more).splitlines()


def test_a_lesson_is_a_commit_by_the_agent_committed_by_the_person(workspace: Workspace, root: Path) -> None:
    commit = workspace.commit(note("hello\n"))
    assert (root / "notes" / "a.md").read_text() == "hello\n"
    assert sh(root, "git", "rev-parse", "main").strip() == commit.id == workspace.head()
    assert log(root, "%an|%ae|%cn|%ce", "-1") == [f"Hermes|hermes@{workspace.host}|Ada Example|ada@example.org"]
    assert workspace.settle()
    assert status(root) == ""
    assert sh(root, "git", "fsck", "--strict") == ""


def test_the_message_tells_what_why_and_where_from(workspace: Workspace, root: Path) -> None:
    commit = workspace.commit(note("hello\n"))
    text = sh(root, "git", "log", "-1", "--format=%B")
    assert text.startswith(commit.subject + "\n\nnotes/a.md: +1 -0 (new)\n\nWhy, in the model's words:\n> because\n\n")
    assert message.read_trailers(text) == {
        "Hermes-Kind": "note",
        "Hermes-Change": commit.change,
        "Hermes-Session": "01S",
        "Hermes-Person": "ada",
        "Hermes-Evidence": "sessions/x.jsonl#a..b",
        "Hermes-Origin": "agent",
        "Hermes-Trigger": "user",
        "Hermes-Model": "m-1",
        "Hermes-Review": "auto",
    }


def test_a_reason_cannot_forge_trailers_for_us_or_for_git(workspace: Workspace, root: Path) -> None:
    why = (
        "x\n\nHermes-Kind: config\nSigned-off-by: Ada <a@b>\r\nHermes-Review: approved by ada\u2028Hermes-Origin: owner"
    )
    provenance = Provenance("agent", "user", model="m\nHermes-Origin: owner")
    workspace.commit(Change({"notes/a.md": b"1\n"}, "note", why, provenance))
    text = sh(root, "git", "log", "-1", "--format=%B")
    assert message.read_trailers(text)["Hermes-Kind"] == "note"
    parsed = sh(root, "git", "log", "-1", "--format=%(trailers:only)")
    assert parsed.count("Hermes-Kind") == 1
    assert "Signed-off-by" not in parsed
    assert "approved" not in parsed
    assert [line for line in parsed.splitlines() if line.startswith("Hermes-Origin")] == ["Hermes-Origin: agent"]


def test_several_files_are_one_commit(workspace: Workspace, root: Path) -> None:
    files = {"notes/a.md": b"a\n", "notes/deep/b.md": b"b\n", "MEMORY.md": None}
    commit = workspace.commit(Change(files, "memory", "", AGENT))
    shown = sh(root, "git", "show", "--name-status", "--format=", commit.id)
    assert shown == "D\tMEMORY.md\nA\tnotes/a.md\nA\tnotes/deep/b.md\n"
    assert not (root / "MEMORY.md").exists()


def test_deleting_the_last_file_of_a_folder_deletes_the_folder(workspace: Workspace, root: Path) -> None:
    workspace.commit(note("x\n", "notes/deep/er/b.md"))
    workspace.commit(Change({"notes/deep/er/b.md": None}, "note", "", AGENT))
    assert not (root / "notes").exists()
    workspace.settle()
    assert status(root) == ""


def test_update_gives_the_text_and_its_result_is_kept(workspace: Workspace) -> None:
    made = workspace.update("MEMORY.md", lambda text: text + "- two\n", kind="memory", why="", provenance=AGENT)
    assert isinstance(made, Commit)
    assert workspace.read("MEMORY.md").text == "- one\n- two\n"
    assert workspace.update("MEMORY.md", lambda text: text, kind="memory", why="", provenance=AGENT) is None
    assert workspace.update("notes/none.md", str, kind="note", why="", provenance=AGENT) is None


def test_what_is_read_can_be_expected(workspace: Workspace) -> None:
    doc = workspace.read("MEMORY.md")
    assert doc.blob == workspace.git.blob_at("main", "MEMORY.md")
    workspace.commit(Change({"MEMORY.md": b"- new\n"}, "memory", "", AGENT, {"MEMORY.md": doc.blob}))
    with pytest.raises(Conflict):
        workspace.commit(Change({"MEMORY.md": b"- newer\n"}, "memory", "", AGENT, {"MEMORY.md": doc.blob}))
    with pytest.raises(Conflict):
        workspace.commit(Change({"notes/a.md": b"x"}, "note", "", AGENT, {"MEMORY.md": ""}))
    assert workspace.read("MEMORY.md").text == "- new\n"
    assert workspace.read("nothing.md").blob == ""


def test_a_change_that_changes_nothing_is_refused(workspace: Workspace) -> None:
    head = workspace.head()
    with pytest.raises(Refused, match="nothing would change"):
        workspace.commit(Change({"MEMORY.md": b"- one\n"}, "memory", "", AGENT))
    assert workspace.head() == head


def test_a_persons_edit_of_the_same_file_becomes_their_own_commit_first(workspace: Workspace, root: Path) -> None:
    (root / "MEMORY.md").write_text("- one\n- by hand\n")
    workspace.update("MEMORY.md", lambda text: text + "- learned\n", kind="memory", why="", provenance=AGENT)
    assert log(root, "%an", "-2") == ["Hermes", "Ada Example"]
    assert sh(root, "git", "show", "main~1:MEMORY.md") == "- one\n- by hand\n"
    trailers = message.read_trailers(sh(root, "git", "log", "-1", "--format=%B", "main~1"))
    assert trailers["Hermes-Origin"] == "owner"
    assert "Hermes-Review" not in trailers
    workspace.settle()
    assert status(root) == ""


def test_a_persons_edit_makes_the_change_that_did_not_expect_it_conflict(workspace: Workspace, root: Path) -> None:
    doc = workspace.read("MEMORY.md")
    (root / "MEMORY.md").write_text("- by hand\n")
    with pytest.raises(Conflict):
        workspace.commit(Change({"MEMORY.md": b"- x\n"}, "memory", "", AGENT, {"MEMORY.md": doc.blob}))
    assert (root / "MEMORY.md").read_text() == "- by hand\n"
    assert log(root, "%an", "-1") == ["Ada Example"]


def test_a_file_that_a_person_deleted_or_made_is_committed_in_their_name(workspace: Workspace, root: Path) -> None:
    (root / "MEMORY.md").unlink()
    (root / "notes").mkdir()
    (root / "notes" / "mine.md").write_text("mine\n")
    (root / "elsewhere.txt").write_text("not of the mind\n")
    (commit,) = workspace.commit_pending()
    assert log(root, "%an", "-1") == ["Ada Example"]
    assert sh(root, "git", "show", "--name-status", "--format=", commit.id) == "D\tMEMORY.md\nA\tnotes/mine.md\n"
    assert workspace.commit_pending() == []
    workspace.settle()
    assert status(root) == "?? elsewhere.txt\n"


def test_edits_of_files_that_are_not_touched_stay_as_they_are(workspace: Workspace, root: Path) -> None:
    (root / "MEMORY.md").write_text("- half ed")
    (root / "skills" / "greet" / "SKILL.md").write_text("staged\n")
    sh(root, "git", "add", "skills")
    (root / "skills" / "greet" / "SKILL.md").write_text("staged and edited\n")
    before = status(root)
    workspace.commit(note("x\n"))
    workspace.settle()
    assert status(root) == before == " M MEMORY.md\nMM skills/greet/SKILL.md\n"
    assert (root / "MEMORY.md").read_text() == "- half ed"


def test_what_the_user_staged_of_a_touched_file_stays_staged(workspace: Workspace, root: Path) -> None:
    (root / "MEMORY.md").write_text("- staged\n")
    sh(root, "git", "add", "MEMORY.md")
    (root / "MEMORY.md").write_text("- edited after staging\n")
    workspace.update("MEMORY.md", lambda text: text + "- learned\n", kind="memory", why="", provenance=AGENT)
    workspace.settle()
    assert sh(root, "git", "show", ":MEMORY.md") == "- staged\n"
    assert sh(root, "git", "show", "main:MEMORY.md") == "- edited after staging\n- learned\n"


def test_an_executable_stays_executable(workspace: Workspace, root: Path) -> None:
    script = root / "skills" / "greet" / "scripts" / "run.sh"
    script.parent.mkdir()
    script.write_text("echo 1\n")
    script.chmod(0o755)
    workspace.commit_pending()
    admitting.commit(workspace, Change({"skills/greet/scripts/run.sh": b"echo 2\n"}, "skill", "", AGENT))
    assert script.stat().st_mode & 0o777 == 0o755
    workspace.commit(note("x\n"))
    assert (root / "notes" / "a.md").stat().st_mode & 0o777 == 0o644
    workspace.settle()
    assert status(root) == ""


def test_a_listener_hears_of_each_lesson_after_it_is_acknowledged(workspace: Workspace, root: Path) -> None:
    heard: list[tuple[str, tuple[str, ...]]] = []
    workspace.on_commit(lambda commit, paths: heard.append((sh(root, "git", "rev-parse", "main").strip(), paths)))
    commit = workspace.commit(note("x\n"))
    assert heard == [(commit.id, ("notes/a.md",))]


def test_a_listener_that_fails_does_not_undo_the_lesson(workspace: Workspace) -> None:
    def listener(commit: Commit, paths: tuple[str, ...]) -> None:
        raise Failed("the index is broken")

    workspace.on_commit(listener)
    commit = workspace.commit(note("x\n"))
    assert workspace.head() == commit.id
    assert workspace.take_reports() == ["the index is broken"]
    assert workspace.take_reports() == []


def test_a_verdict_must_have_passed_and_be_of_exactly_the_new_tree(workspace: Workspace) -> None:
    body = b"---\nname: greet\ndescription: Says hello twice.\n---\n# Greet\n"
    git = workspace.git
    tree = git.write_tree_with("main:skills/greet", {"SKILL.md": ("100644", git.hash_blob(body))})

    def change(verdict: Verdict) -> Change:
        return Change({"skills/greet/SKILL.md": body}, "skill", "", AGENT, {}, verdict)

    with pytest.raises(Refused, match="another version"):
        workspace.commit(change(Verdict(git.tree_at("main", "skills/greet"), True)))
    with pytest.raises(Refused, match="did not pass"):
        workspace.commit(change(Verdict(tree, False, ("too big",))))
    commit = workspace.commit(change(Verdict(tree, True, (), "0.5 -> 0.8 (n=4)")))
    assert git.tree_at(commit.id, "skills/greet") == tree
    assert "Hermes-Eval: 0.5 -> 0.8 (n=4)\n" in git.read("commit", commit.id).decode()


def test_a_skill_is_not_left_without_its_skill_md(workspace: Workspace) -> None:
    admitting.commit(workspace, Change({"skills/greet/references/x.md": b"x\n"}, "skill", "", AGENT))
    with pytest.raises(Refused, match=r"without its SKILL\.md"):
        admitting.commit(workspace, Change({"skills/greet/SKILL.md": None}, "skill", "", AGENT))
    whole = {"skills/greet/SKILL.md": None, "skills/greet/references/x.md": None}
    admitting.commit(workspace, Change(whole, "skill", "", AGENT))
    with pytest.raises(Refused, match=r"without its SKILL\.md"):
        admitting.commit(workspace, Change({"skills/new/notes.md": b"x\n"}, "skill", "", AGENT))


def test_a_skill_of_the_agent_needs_the_word_of_the_gate(workspace: Workspace) -> None:
    change = Change({"skills/greet/references/x.md": b"x\n"}, "skill", "", AGENT)
    with pytest.raises(Refused, match="the gate has not seen skills/greet"):
        workspace.commit(change)
    with pytest.raises(Refused, match="the gate did not pass it"):
        workspace.commit(replace(change, verdict=Verdict("", False, ("it fails",))))
    with pytest.raises(Refused, match="judged another version"):
        workspace.commit(replace(change, verdict=Verdict("0" * 40, True)))
    admitting.commit(workspace, change)
    workspace.commit(Change({"skills/greet/references/x.md": b"y\n"}, "skill", "", Provenance("owner", "user")))


def test_commits_are_dated_by_the_clock_and_named_by_the_ids(root: Path) -> None:
    class Noon:
        def now(self) -> datetime:
            return datetime(2026, 5, 1, 12, tzinfo=UTC)

        def monotonic(self) -> float:
            return 0.0

    with opened(root, clock=Noon(), ids=lambda: "01CHANGE") as workspace:
        commit = workspace.commit(note("x\n"))
    assert commit.when == Noon().now()
    assert commit.change == "01CHANGE"
    assert log(root, "%aI", "-1") == ["2026-05-01T12:00:00+00:00"]


def test_without_a_git_identity_the_agent_commits_and_the_login_name_owns_edits(root: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("")
    (root / "MEMORY.md").write_text("- by hand\n")
    with opened(root) as workspace:
        workspace.update("MEMORY.md", lambda text: text + "- x\n", kind="memory", why="", provenance=AGENT)
    lesson, edit = log(root, "%an|%cn", "-2")
    assert lesson == "Hermes|Hermes"
    assert "Hermes" not in edit


def test_a_users_wish_to_sign_everything_signs_no_lesson(root: Path, home: Path, tmp_path: Path) -> None:
    program = tmp_path / "gpg"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexit 1\n")
    program.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[user]\n\tname=A\n\temail=a@b\n\tsigningKey=x\n[commit]\n\tgpgsign=true\n[gpg]\n\tprogram={program}\n"
    )
    with opened(root) as workspace:
        commit = workspace.commit(note("x\n"))
        assert not (tmp_path / "asked").exists()
        (root / "config.yaml").write_text("format: 1\ngit:\n  sign: true\n")
        with pytest.raises(Failed, match="could not be signed"):
            workspace.commit(note("y\n"))
        assert (tmp_path / "asked").exists()
        assert workspace.head() == commit.id
        assert workspace.read("notes/a.md").text == "x\n"


def test_a_signed_lesson_can_be_verified(root: Path, home: Path) -> None:
    sh(home, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / "key"))
    public = (home / "key.pub").read_text()
    (home / "signers").write_text(f"a@b {public}")
    (home / ".gitconfig").write_text(
        f"[user]\n\tname=A\n\temail=a@b\n\tsigningKey={home}/key.pub\n[gpg]\n\tformat=ssh\n"
        f'[gpg "ssh"]\n\tallowedSignersFile={home}/signers\n'
    )
    with opened(root) as workspace:
        (root / "config.yaml").write_text("format: 1\ngit:\n  sign: true\n")
        commit = workspace.commit(note("x\n"))
        assert sh(root, "git", "log", "-1", "--format=%G?|%an|%cn", commit.id) == "G|Hermes|A\n"
        sh(root, "git", "config", "gpg.ssh.program", "/tmp/evil")
        with pytest.raises(Refused, match="program to sign with"):
            workspace.commit(note("y\n"))


def test_a_commit_of_the_persons_own_git_in_between_is_built_upon(workspace: Workspace, root: Path) -> None:
    workspace.commit(note("1\n"))
    workspace.settle()
    (root / "MEMORY.md").write_text("- by git\n")
    sh(root, "git", "commit", "-qam", "mine")
    workspace.commit(note("2\n"))
    assert [line.split()[0] for line in log(root, "%an", "-3")] == ["Hermes", "Ada", "Hermes"]
    workspace.settle()
    assert status(root) == ""


def test_the_index_waits_for_a_git_command_of_the_user_and_catches_up_later(workspace: Workspace, root: Path) -> None:
    (root / ".git" / "index.lock").touch()
    workspace.commit(note("1\n"))
    assert not workspace.settle()
    assert "index.lock" in workspace.take_reports()[0]
    (root / ".git" / "index.lock").unlink()
    workspace.close()
    with opened(root):
        assert status(root) == ""


def test_a_stale_ref_lock_is_removed_and_a_fresh_one_is_an_error(workspace: Workspace, root: Path) -> None:
    lock = root / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    head = workspace.head()
    with pytest.raises(Failed, match="locked"):
        workspace.commit(note("1\n"))
    assert workspace.head() == head
    assert not (root / "notes").exists()
    old = lock.stat().st_mtime - 3600
    __import__("os").utime(lock, (old, old))
    workspace.commit(note("1\n"))
    assert not lock.exists()


def test_two_open_workspaces_of_one_folder_see_each_other(root: Path) -> None:
    with opened(root) as one, opened(root) as two:
        for turn in range(5):
            for each in (one, two):
                each.update("notes/n.md", lambda text, t=turn: text + f"{t}\n", kind="note", why="", provenance=AGENT)  # type: ignore[misc]
        assert one.read("notes/n.md").text == "".join(f"{turn}\n" * 2 for turn in range(5))
        one.settle()
        two.settle()
    assert status(root) == ""


def test_a_host_is_minted_once_and_again_on_another_machine(root: Path, tmp_path: Path) -> None:
    with opened(root) as workspace:
        first = workspace.host
    with opened(root) as workspace:
        assert workspace.host == first
    kept = root / ".git" / "hermes" / "host"
    kept.write_text(kept.read_text().replace('"machine": "', '"machine": "other'))
    with opened(root) as workspace:
        assert workspace.host != first


def test_a_file_that_is_no_text_is_an_error_to_read_and_bytes_can_be_had(workspace: Workspace, root: Path) -> None:
    (root / "MEMORY.md").write_bytes(b"- caf\xe9\n")
    with pytest.raises(Failed, match="UTF-8"):
        workspace.read("MEMORY.md")
    assert workspace.read_bytes("MEMORY.md") == b"- caf\xe9\n"
    with pytest.raises(Failed, match="UTF-8"):
        workspace.update("MEMORY.md", lambda text: text + "x", kind="memory", why="", provenance=AGENT)
    assert (root / "MEMORY.md").read_bytes() == b"- caf\xe9\n"


def test_a_sha256_workspace_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    root = make_workspace(tmp_path / "mind256")
    monkeypatch.delenv("GIT_DEFAULT_HASH")
    with opened(root) as workspace:
        workspace.commit(note("x\n"))
        assert len(workspace.head()) == 64
        workspace.settle()
    assert status(root) == ""
    assert sh(root, "git", "fsck", "--strict") == ""


def test_a_secret_in_the_reason_does_not_get_into_history(workspace: Workspace, root: Path) -> None:
    key = "sk-proj-" + "a1B2c3D4e5F6g7H8" * 3
    workspace.commit(Change({"notes/a.md": b"1\n"}, "note", f"the key is {key}", AGENT))
    text = sh(root, "git", "log", "-1", "--format=%B")
    assert key not in text
    assert "[redacted:" in text
