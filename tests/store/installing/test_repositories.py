from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused, UsageError
from hermes_fs.store import remote
from hermes_fs.store.git import Git
from hermes_fs.store.init import make_repository
from hermes_fs.store.installing import repositories
from hermes_fs.store.installing.bringing import bring
from hermes_fs.store.installing.source import Source
from hermes_fs.store.objects import TreeEntry
from tests.store.git_shell import sh
from tests.store.installing.git_http import GitServer
from tests.store.installing.packing import SKILL

pytestmark = pytest.mark.slow
"""One install of a repository stands among the quick tests of the command."""


@pytest.fixture
def offered(tmp_path: Path) -> Path:
    root = tmp_path / "served" / "skills"
    root.mkdir(parents=True)
    sh(root, "git", "init", "-q", "-b", "trunk")
    (root / "SKILL.md").write_bytes(SKILL)
    sh(root, "git", "add", "-A")
    sh(root, "git", "commit", "-qm", "first")
    sh(root, "git", "tag", "-a", "v1", "-m", "a tag of its own")
    (root / "LICENSE").write_text("MIT\n")
    sh(root, "git", "add", "-A")
    sh(root, "git", "commit", "-qm", "second")
    return root


def commit(offered: Path, rev: str) -> str:
    return sh(offered, "git", "rev-parse", f"{rev}^{{commit}}").strip()


def test_over_http_the_newest_commit_of_whatever_branch_is_the_default(offered, tmp_path):
    with GitServer(offered.parent) as server:
        found = bring(Source("git", f"{server.root}/skills"), tmp_path)
    assert found.commit == commit(offered, "trunk") and sorted(found.files) == ["LICENSE", "SKILL.md"]
    assert not (tmp_path / "installing").exists()


def test_a_branch_a_tag_and_a_whole_commit_are_understood(offered, tmp_path):
    sh(offered, "git", "config", "uploadpack.allowReachableSHA1InWant", "true")
    for ref, rev in (("trunk", "trunk"), ("v1", "v1"), (commit(offered, "trunk~1"), "trunk~1")):
        found = bring(Source("git", f"file://{offered}", ref=ref), tmp_path)
        assert found.commit == commit(offered, rev)
    with pytest.raises(NotFound, match="no branch or tag none"):
        bring(Source("git", str(offered), ref="none"), tmp_path)


def test_a_login_goes_to_its_host_and_into_no_message(offered, tmp_path):
    with GitServer(offered.parent) as server, pytest.raises(Failed) as raised:
        bring(Source("git", server.root.replace("://", "://me:s3cret@") + "/none"), tmp_path)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("address", ["http://example.com/x.git", "git://example.com/x.git"])
def test_a_plain_address_elsewhere_is_refused(address, tmp_path):
    with pytest.raises(UsageError, match="no https"):
        bring(Source("git", address), tmp_path)


def test_an_empty_repository_is_one_line(tmp_path):
    sh(tmp_path, "git", "init", "-q", "empty")
    with pytest.raises(NotFound, match="no commit yet"):
        bring(Source("git", str(tmp_path / "empty")), tmp_path)


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1"])
def test_a_crafted_tree_that_leads_into_git_is_refused(offered, tmp_path, name):
    git = Git(offered)
    inner = git.write_tree_with("", {"config": ("100644", git.hash_blob(b"[core]\n"))})
    tree = git.make_tree([*git.tree(commit(offered, "trunk")), TreeEntry("040000", "tree", inner, name)])
    git.close()
    crafted = sh(offered, "git", "commit-tree", "-m", "crafted", tree).strip()
    sh(offered, "git", "update-ref", "refs/heads/trunk", crafted)
    with pytest.raises(Refused, match=r"leads into a \.git folder"):
        bring(Source("git", str(offered)), tmp_path)


def test_a_server_that_says_nothing_is_given_up_with_all_its_processes(tmp_path):
    git = make_repository(tmp_path / "r")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(Failed, match="took more than"):
            remote.listed(git, address, ["HEAD"], remote.Bounds(0.5, 1 << 20))
    git.close()


def test_a_repository_beyond_the_bound_is_refused(offered, tmp_path):
    git = make_repository(tmp_path / "r")
    with pytest.raises(Failed, match="larger than"):
        remote.fetch(git, str(offered), "+HEAD:refs/x", depth=1, bounds=remote.Bounds(20, 100))
    git.close()


def test_a_file_too_large_for_a_skill_is_not_even_read(offered, tmp_path):
    (offered / "big.bin").write_bytes(bytes(6 << 20))
    sh(offered, "git", "add", "-A")
    sh(offered, "git", "commit", "-qm", "big")
    with pytest.raises(Refused, match="more than 5 MB"):
        bring(Source("git", str(offered)), tmp_path)


def test_links_and_submodules_are_left_out_and_named(offered, tmp_path):
    (offered / "assets").symlink_to("/etc")
    sh(offered, "git", "add", "-A")
    sh(offered, "git", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    sh(offered, "git", "commit", "-qm", "odd")
    found = bring(Source("git", str(offered)), tmp_path)
    assert sorted(found.files) == ["LICENSE", "SKILL.md"]
    assert found.left_out == ("assets (a link)", "module (a link)")


def test_what_a_killed_process_left_goes_first(offered, tmp_path):
    left = tmp_path / "installing" / "repository"
    left.mkdir(parents=True)
    (left / "HEAD").write_text("half\n")
    assert bring(Source("git", str(offered)), tmp_path).commit
    assert not (tmp_path / "installing").exists()


def test_a_planted_link_in_place_of_the_private_folder_is_not_followed(offered, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/kept").write_text("kept")
    (tmp_path / "installing").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HermesError):
        bring(Source("git", str(offered)), tmp_path)
    assert (tmp_path / "elsewhere/kept").exists()


def test_newest_asks_without_fetching(offered, tmp_path):
    (tmp_path / "room").mkdir()
    assert repositories.newest(Source("git", str(offered)), tmp_path / "room") == commit(offered, "trunk")
