"""search_files: the same answers with rg and with grep and find, bounded, quoted, and blind to secrets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hermes_fs.core.errors import Refused, ToolError
from hermes_fs.tools.registry import Checked
from hermes_fs.tools.search_files import SearchFiles
from tests.tools.conftest import Conversation


@pytest.fixture(params=["grep", "rg"])
def talk(request: pytest.FixtureRequest, talk: Conversation) -> Conversation:
    assert request.param != "rg" or shutil.which("rg"), "scripts/test installs ripgrep"
    if request.param == "grep":
        talk.special["search_files"] = Checked(SearchFiles(rg="no-such-program"))
    return talk


def fill(work: Path) -> None:
    (work / "src").mkdir()
    (work / "src/a.py").write_text("import os\n\ndef find_me(x1):\n    pass\n")
    (work / "src/b.txt").write_text("find_me 'quoted' $HOME `x`\n")
    (work / "with space.py").write_text("FIND_ME\n")
    (work / ".git").mkdir()
    (work / ".git/config").write_text("find_me in git\n")
    (work / ".env").write_text("find_me=secret\n")
    (work / "id_rsa").write_text("find_me\n")
    (work / "blob").write_bytes(b"\0find_me\0")


def test_lines_are_found_with_file_and_number(talk: Conversation) -> None:
    fill(talk.work)
    found = talk.call("search_files", pattern=r"find_me\(x\d\)")
    assert found == "src/a.py:3:def find_me(x1):"
    assert sorted(talk.call("search_files", pattern="find_me").splitlines()) == [
        "src/a.py:3:def find_me(x1):",
        "src/b.txt:1:find_me 'quoted' $HOME `x`",
    ]


def test_a_glob_narrows_the_files(talk: Conversation) -> None:
    fill(talk.work)
    assert talk.call("search_files", pattern="(?i)find_me", glob="*.py", path=".").count("\n") == 1
    assert talk.call("search_files", pattern="find_me", glob="*.txt", path="src").startswith("b.txt:1:")


@pytest.mark.parametrize("pattern", ["'quoted' $HOME", "`x`", "-e", "$(touch pwned)", "'; touch pwned; '", "--pre=x"])
def test_a_pattern_is_never_more_than_a_pattern(talk: Conversation, pattern: str) -> None:
    fill(talk.work)
    (talk.work / "c").write_text(f"x{pattern}x\n")
    found = talk.call("search_files", pattern="".join(f"[{char}]" if char in "$()" else char for char in pattern))
    assert f"c:1:x{pattern}x" in found
    assert not (talk.work / "pwned").exists()


def test_files_are_found_by_name(talk: Conversation) -> None:
    fill(talk.work)
    assert talk.call("search_files", pattern="*.py", names=True) == "src/a.py\nwith space.py"
    assert talk.call("search_files", pattern="src/*", names=True) == "src/a.py\nsrc/b.txt"
    assert talk.call("search_files", pattern="config", names=True) == "nothing found"


def test_what_is_found_is_bounded(talk: Conversation) -> None:
    (talk.work / "many").write_text("needle\n" * 5000 + "needle" * 1000)
    found = talk.call("search_files", pattern="needle").splitlines()
    assert len(found) == 101
    assert found[-1].startswith("[more than 100")
    (talk.work / "many").write_text("needle" * 1000)
    assert len(talk.call("search_files", pattern="needle")) < 400


def test_nothing_found_is_no_error_and_a_broken_pattern_is(talk: Conversation) -> None:
    fill(talk.work)
    assert talk.call("search_files", pattern="not there at all") == "nothing found"
    with pytest.raises(ToolError, match="the search failed"):
        talk.call("search_files", pattern="(never closed")
    with pytest.raises(ToolError, match="empty"):
        talk.call("search_files", pattern="")


def test_the_minds_private_state_and_the_world_outside_stay_closed(talk: Conversation, tmp_path: Path) -> None:
    (talk.mind / ".git/hermes/x").write_text("find_me\n")
    (talk.mind / "MEMORY.md").write_text("- find_me\n")
    assert talk.call("search_files", pattern="find_me", path=str(talk.mind)) == "MEMORY.md:1:- find_me"
    talk.mode("ask")
    with pytest.raises(Refused):
        talk.call("search_files", pattern="find_me", path=str(talk.mind / ".git"))
    with pytest.raises(Refused, match="nobody"):
        talk.call("search_files", pattern="find_me", path=str(tmp_path))


def test_the_shells_state_does_not_change_the_search(talk: Conversation) -> None:
    fill(talk.work)
    talk.mode("allow")
    bad = (
        "alias grep=false rg=false head=false; find() { touch pwned; }; grep() { touch pwned; }; rg() { touch pwned; }"
    )
    talk.call("terminal", command=f"{bad}; set -e")
    assert "src/a.py" in talk.call("search_files", pattern="find_me")
    assert "src/a.py" in talk.call("search_files", pattern="*.py", names=True)
    assert not (talk.work / "pwned").exists()


def test_a_file_with_another_name_elsewhere_is_left_out_and_told(talk: Conversation, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("find_me private\n")
    for name in ("linked", "lin:ked", "other:1"):
        (talk.work / name).hardlink_to(tmp_path / "elsewhere")
    (talk.work / "mine:2").write_text("find_me\n")
    found = talk.call("search_files", pattern="find_me").splitlines()
    assert found == ["mine:2:1:find_me", "[left out: 3 hard-linked files that match; read_file asks for leave]"]


def test_one_file_is_searched(talk: Conversation) -> None:
    fill(talk.work)
    assert talk.call("search_files", pattern="import", path="src/a.py") == "a.py:1:import os"
