from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.core.errors import HermesError
from hermes_fs.store.installing.source import Source, parse

HUB = "https://github.com/acme/skills.git"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("acme/skills", Source("git", HUB)),
        ("acme/skills/pdf", Source("git", HUB, "pdf")),
        ("acme/skills/a/b@v2", Source("git", HUB, "a/b", "v2")),
        ("acme/skills#pdf", Source("git", HUB, "pdf")),
        ("acme/skills#pdf@feature/x", Source("git", HUB, "pdf", "feature/x")),
        ("acme/skills@v2", Source("git", HUB, "", "v2")),
        ("gitlab:acme/skills", Source("git", "https://gitlab.com/acme/skills.git")),
        ("codeberg:acme/skills/pdf", Source("git", "https://codeberg.org/acme/skills.git", "pdf")),
        ("https://github.com/acme/skills", Source("git", HUB)),
        ("https://github.com/acme/skills.git#pdf@v2", Source("git", HUB, "pdf", "v2")),
        ("https://github.com/acme/skills/tree/main/skills/pdf", Source("git", HUB, "skills/pdf", "main")),
        ("https://github.com/acme/skills/blob/main/pdf/SKILL.md", Source("git", HUB, "pdf", "main")),
        ("https://codeberg.org/a/b/src/branch/main/c", Source("git", "https://codeberg.org/a/b.git", "c", "main")),
        ("https://gitlab.com/a/b/-/tree/main/c", Source("git", "https://gitlab.com/a/b.git", "c", "main")),
        ("git@host.example:team/skills.git#x", Source("git", "git@host.example:team/skills.git", "x")),
        ("ssh://git@host.example/skills.git", Source("git", "ssh://git@host.example/skills.git")),
        ("https://git.example.com/team/skills", Source("git", "https://git.example.com/team/skills")),
        ("git+https://example.com/x.zip", Source("git", "https://example.com/x.zip")),
        ("https://example.com/x.zip", Source("archive", "https://example.com/x.zip")),
        ("https://example.com/x.tar.gz#pdf", Source("archive", "https://example.com/x.tar.gz", "pdf")),
        ("https://example.com/a/x.skill", Source("archive", "https://example.com/a/x.skill")),
        ("https://example.com/a/SKILL.md", Source("file", "https://example.com/a/SKILL.md")),
        ("https://example.com#pdf", Source("site", "https://example.com/.well-known/agent-skills/index.json", "pdf")),
        ("https://example.com/i/index.json", Source("site", "https://example.com/i/index.json")),
    ],
)
def test_a_source_is_told_by_how_it_looks(text, wanted, tmp_path):
    found = parse(text, tmp_path)
    assert found == wanted and found.origin == "web"
    assert parse(found.text, tmp_path) == wanted, "what skills.lock keeps means the same again"


def test_what_is_here_is_told_from_what_is_elsewhere(tmp_path):
    (tmp_path / "acme" / "skills").mkdir(parents=True)
    (tmp_path / "x.skill").write_bytes(b"")
    assert parse("acme/skills#pdf", tmp_path) == Source("folder", str(tmp_path / "acme/skills"), "pdf")
    assert parse("acme/skills#pdf@v1", tmp_path).how == "git"
    assert parse("./x.skill", tmp_path) == Source("archive", str(tmp_path / "x.skill"))
    assert parse("./x.skill", tmp_path).origin == "file"


def test_a_place_at_home_is_kept_without_the_name_of_who_lives_there(tmp_path):
    assert Source("folder", str(Path.home() / "skills/x")).text == "~/skills/x"


def test_a_password_is_not_kept():
    source = Source("git", "https://me:secret@host.example/x.git", "a")
    assert source.text == "https://host.example/x.git#a"
    assert Source("git", "ssh://git@host.example/x").text == "ssh://git@host.example/x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--upload-pack=x",
        "acme/skills@--output=x",
        "acme/skills@../x",
        "acme/skills#../../etc",
        "acme/skills#/etc",
        "a\nb/c",
        "./not-here",
        "~/not-here-either",
        "https://github.com/acme",
        "nothing",
        "sourcehut:a/b",
    ],
)
def test_what_names_no_source_is_said_so_in_one_line(text, tmp_path):
    with pytest.raises(HermesError) as error:
        parse(text, tmp_path)
    assert error.value.exit_code in (2, 5) and "\n" not in str(error.value)
