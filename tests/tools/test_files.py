"""read_file and write_file: numbered windows, approval with the diff, and the mind out of reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, NotFound, Refused, ToolError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Document, Image, Told
from hermes_fs.tools.files import ReadFile
from hermes_fs.tools.places import STRAYED, standing_in
from tests.tools.conftest import Conversation, files


def test_a_file_is_read_as_numbered_lines(talk: Conversation) -> None:
    (talk.work / "a.txt").write_text("one\ntwo\nthree\n")
    assert talk.call("read_file", path="a.txt") == "1\tone\n2\ttwo\n3\tthree"
    assert not talk.person.questions


def test_a_window_says_where_to_go_on(talk: Conversation) -> None:
    (talk.work / "a.txt").write_text("".join(f"{number}\n" for number in range(1, 2001)))
    assert talk.call("read_file", path="a.txt", offset=10, limit=2) == (
        "10\t10\n11\t11\n[lines 10 to 11 of 2000; go on with offset=12]"
    )
    assert talk.call("read_file", path="a.txt").endswith("[lines 1 to 500 of 2000; go on with offset=501]")
    with pytest.raises(ToolError, match="only 2000 lines"):
        talk.call("read_file", path="a.txt", offset=2001)


def test_long_lines_and_long_windows_are_bounded(talk: Conversation) -> None:
    (talk.work / "a.txt").write_text("x" * 100_000 + "\n" + "y" * 1900 * 2 + "\n" + ("z" * 1000 + "\n") * 100)
    text = talk.call("read_file", path="a.txt")
    assert "[... 98000 more characters]" in text
    assert len(text) < 31_000
    assert "go on with offset=" in text


def test_strange_files_are_told_apart(talk: Conversation) -> None:
    (talk.work / "empty").write_bytes(b"")
    (talk.work / "binary").write_bytes(b"\x7fELF\0\0")
    (talk.work / "latin").write_bytes(b"caf\xe9\n")
    with (talk.work / "huge").open("wb") as huge:
        huge.truncate(30_000_000)
    assert talk.call("read_file", path="empty") == "(the file is empty)"
    for name, said in (("binary", "binary file of 6 bytes"), ("latin", "not UTF-8"), ("huge", "too large")):
        with pytest.raises(ToolError, match=said):
            talk.call("read_file", path=name)
    with pytest.raises(NotFound, match="no such file: gone"):
        talk.call("read_file", path="gone")


def test_a_picture_is_shown_and_a_page_too(talk: Conversation) -> None:
    (talk.work / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (talk.work / "b.bin").write_bytes(b"%PDF-1.7\n\0")
    (talk.work / "big.jpg").write_bytes(b"\xff\xd8\xff" + b"\0" * 6_000_000)
    for name, part in (("a.png", Image("image/png", b"\x89PNG\r\n\x1a\n\0\0")),
                       ("b.bin", Document("application/pdf", b"%PDF-1.7\n\0", "b.bin"))):  # fmt: skip
        told = ReadFile().run({"path": name}, talk.context)
        assert isinstance(told, Told)
        assert (told.origin, told.media) == ("file", (part,))
    with pytest.raises(ToolError, match="too large to look at"):
        talk.call("read_file", path="big.jpg")


def test_a_directory_is_listed(talk: Conversation) -> None:
    (talk.work / "src").mkdir()
    (talk.work / ".hidden").touch()
    (talk.work / "a b.txt").touch()
    assert talk.call("read_file", path=".") == ".hidden\na b.txt\nsrc/"
    assert talk.call("read_file", path="src") == "(the directory is empty)"


def test_a_new_file_is_written_once_a_person_has_seen_it(talk: Conversation) -> None:
    talk.taint()
    talk.person.answers = ["once"]
    assert talk.call("write_file", path="new/a.txt", content="one\ntwo\n") == "created new/a.txt (2 lines)"
    assert files(talk.work) == {"new/a.txt": "one\ntwo\n"}
    (question,) = talk.person.questions
    assert (question.kind, question.options) == ("approve", ("once", "session", "no"))
    assert "/dev/null" in question.subject
    assert "+one\n+two\n" in question.subject


def test_the_diff_is_what_is_decided_on(talk: Conversation) -> None:
    talk.taint()
    (talk.work / "a.txt").write_text("one\ntwo\nthree")
    talk.person.answers = ["once"]
    assert talk.call("write_file", path="a.txt", content="one\n2\nthree") == "replaced a.txt (3 lines before, 3 now)"
    assert "-two\n+2\n three\n" in talk.asked[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [("no", "the user said no"), (None, "nobody is there"), ("use another name", "said no: use another name")],
)
def test_without_a_yes_nothing_is_written(talk: Conversation, answer: str | None, said: str) -> None:
    talk.taint()
    talk.person.answers = [answer]
    with pytest.raises(Refused, match=said):
        talk.call("write_file", path="a.txt", content="x")
    assert files(talk.work) == {}


def test_a_yes_for_the_session_holds_for_the_directory_below(talk: Conversation) -> None:
    talk.taint()
    (talk.work / "src/deep").mkdir(parents=True)
    talk.person.answers = ["session", "no", "once"]
    talk.call("write_file", path="src/a", content="1")
    talk.call("write_file", path="src/b", content="2")
    talk.call("write_file", path="src/deep/c", content="3")
    with pytest.raises(Refused):
        talk.call("write_file", path="d", content="4")
    talk.call("write_file", path="src/.env", content="5")
    assert len(talk.person.questions) == 3


def test_the_modes_decide_without_asking(talk: Conversation) -> None:
    talk.taint()
    talk.mode("allow")
    talk.call("write_file", path="a", content="1")
    talk.mode("deny")
    with pytest.raises(Refused, match="deny"):
        talk.call("write_file", path="b", content="1")
    assert files(talk.work) == {"a": "1"}
    assert not talk.person.questions


def test_a_file_that_changed_since_it_was_seen_is_not_overwritten(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "a").write_text("1")
    talk.call("read_file", path="a")
    (talk.work / "a").write_text("2")
    with pytest.raises(Conflict, match="changed on disk since you last saw it"):
        talk.call("write_file", path="a", content="3")
    talk.call("read_file", path="a")
    talk.call("write_file", path="a", content="3")
    talk.call("write_file", path="a", content="4")
    assert files(talk.work) == {"a": "4"}


def test_a_file_that_changed_while_the_person_thought_is_not_overwritten(talk: Conversation) -> None:
    talk.taint()

    def slow(question: object) -> str:
        (talk.work / "a").write_text("theirs")
        return "once"

    class Slow(list[str]):
        def pop(self, _index: int = 0) -> str:  # type: ignore[override]
            return slow(None)

    talk.person.answers = Slow([""])  # type: ignore[assignment]
    with pytest.raises(Conflict, match="while the write was being approved"):
        talk.call("write_file", path="a", content="mine")
    assert files(talk.work) == {"a": "theirs"}


def test_the_same_content_is_not_written_again(talk: Conversation) -> None:
    (talk.work / "a").write_text("1")
    assert "already has exactly this content" in talk.call("write_file", path="a", content="1")
    assert not talk.person.questions


def test_windows_line_ends_are_kept(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "a").write_bytes(b"one\r\ntwo\r\n")
    assert talk.call("read_file", path="a") == "1\tone\n2\ttwo"
    talk.call("write_file", path="a", content="one\n2\n")
    assert (talk.work / "a").read_bytes() == b"one\r\n2\r\n"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("MEMORY.md", "memory tool"),
        ("USER.md", "memory tool"),
        ("notes/new.md", "note tool"),
        ("skills/x/SKILL.md", "skill_edit"),
        ("config.yaml", "only the user"),
        ("AGENTS.md", "only the user"),
        ("anything/else", "only the user"),
        (".hermes-workspace", "only the user"),
    ],
)
def test_the_mind_is_not_written_and_the_right_tool_is_named(talk: Conversation, path: str, hint: str) -> None:
    talk.mode("allow")
    before = files(talk.mind / "notes"), files(talk.mind / "skills")
    with pytest.raises(Refused, match=hint):
        talk.call("write_file", path=str(talk.mind / path), content="x")
    assert (files(talk.mind / "notes"), files(talk.mind / "skills")) == before
    assert (talk.mind / "MEMORY.md").read_text() == "- a fact\n"


def test_the_mind_is_not_written_through_links_and_detours(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "folder").symlink_to(talk.mind)
    (talk.work / "file").symlink_to(talk.mind / "MEMORY.md")
    (talk.work / "into").symlink_to(talk.mind / "notes")
    for path in ("folder/MEMORY.md", "folder/new", "file", "into/x.md", "../mind/MEMORY.md", "folder/work/../USER.md"):
        with pytest.raises(Refused):
            talk.call("write_file", path=path, content="x")
    with pytest.raises(Refused, match="does not exist"):
        talk.call("write_file", path="missing/../../mind/USER.md", content="x")
    assert not (talk.mind / "new").exists()
    assert not (talk.mind / "USER.md").exists()


def test_a_link_that_leads_nowhere_is_replaced_and_never_followed(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "dangling").symlink_to(talk.mind / "USER.md")
    talk.call("write_file", path="dangling", content="x")
    assert not (talk.mind / "USER.md").exists()
    assert files(talk.work) == {"dangling": "x"}


def test_the_minds_work_folder_is_no_mind(talk: Conversation) -> None:
    talk.mode("allow")
    talk.call("write_file", path=str(talk.mind / "work/a"), content="x")
    assert (talk.mind / "work/a").read_text() == "x"


def test_the_mind_is_read_but_not_its_private_state(talk: Conversation) -> None:
    assert talk.call("read_file", path=str(talk.mind / "MEMORY.md")) == "1\t- a fact"
    (talk.work / "git").symlink_to(talk.mind / ".git")
    for path in (talk.mind / ".git/hermes/private", talk.mind / ".git", talk.work / "git/hermes/lock"):
        with pytest.raises(Refused, match="private state"):
            talk.call("read_file", path=str(path))
    assert ".git/" not in talk.call("read_file", path=str(talk.mind)).splitlines()
    assert not talk.person.questions


def test_git_folders_of_projects_are_not_written(talk: Conversation) -> None:
    talk.mode("allow")
    with pytest.raises(Refused, match="use git in the terminal"):
        talk.call("write_file", path="project/.git/hooks/pre-commit", content="x")


def test_outside_the_work_directory_is_asked_about(talk: Conversation, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a").write_text("there")
    (tmp_path / "other/b").write_text("too")
    talk.person.answers = ["session", "once", None]
    assert talk.call("read_file", path="../other/a") == "1\tthere"
    assert talk.call("read_file", path=str(tmp_path / "other/b")) == "1\ttoo"
    talk.call("write_file", path="../other/c", content="x")
    with pytest.raises(Refused):
        talk.call("write_file", path="../other/d", content="x")
    assert talk.asked[0] == str(tmp_path / "other/a")


def test_what_looks_like_credentials_is_asked_about_even_inside(talk: Conversation) -> None:
    (talk.work / ".env").write_text("KEY=1")
    with pytest.raises(Refused, match="nobody"):
        talk.call("read_file", path=".env")
    (talk.work / "harmless").symlink_to(talk.work / ".env")
    with pytest.raises(Refused, match="nobody"):
        talk.call("read_file", path="harmless")
    talk.person.answers = ["session"]
    assert talk.call("read_file", path=".env") == "1\tKEY=1"
    assert talk.call("read_file", path=".env") == "1\tKEY=1"
    assert len(talk.person.questions) == 3


def test_a_file_with_another_name_elsewhere_is_asked_about_and_never_written_through(
    talk: Conversation, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").write_text("private")
    (talk.work / "linked").hardlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="nobody"):
        talk.call("read_file", path="linked")
    assert "another name" in talk.person.questions[0].prompt
    with pytest.raises(Refused, match="nobody"):
        talk.call("edit_file", path="linked", edits=[{"old": "privat", "new": "x"}])
    talk.mode("allow")
    talk.call("write_file", path="linked", content="mine")
    assert (tmp_path / "elsewhere").read_text() == "private"


def test_a_listing_is_of_the_directory_that_was_judged(talk: Conversation, tmp_path: Path) -> None:
    (talk.work / "src").mkdir()
    (talk.work / "src/file").touch()
    (tmp_path / "outside").mkdir()
    stray = standing_in(str(talk.work / "src"))
    (talk.work / "src").rename(talk.work / "was")
    (talk.work / "src").symlink_to(tmp_path / "outside")
    done = talk.context.backend.run(f"( {stray}; ls )", timeout=20, cancel=Cancel())
    assert (done.code, done.output) == (STRAYED, "")


def test_in_the_work_directory_writing_is_free_until_words_of_others_were_read(talk: Conversation) -> None:
    assert talk.call("write_file", path="a.txt", content="1").startswith("created")
    assert not talk.person.questions
    talk.taint()
    with pytest.raises(Refused):
        talk.call("write_file", path="a.txt", content="2")
    assert (talk.work / "a.txt").read_text() == "1"
