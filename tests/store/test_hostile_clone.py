"""A workspace that a stranger made is brought, opened and used: nothing of it runs, nothing outside is touched, no key
is sent, and each thing is said in a line. Where plain git would have been caught, that is proved first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, Refused, UsageError
from hermes_fs.store import arriving, remote
from tests.store.hostile import Stranger, recorder, run_git, stranger, unpacked, use


@pytest.fixture
def theirs(tmp_path: Path) -> Stranger:
    return stranger(tmp_path)


def _said(lines: list[str], *words: str) -> None:
    assert any(all(word in line for word in words) for line in lines), lines


# -- what runs programs: brought by clone, and unpacked with its .git as an archive brings it ------------------------


def hook(theirs: Stranger) -> None:
    for name in ("post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        place = theirs.there / ".git/hooks" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(Path(theirs.program).read_text())
        place.chmod(0o755)


def included_hooks_path(theirs: Stranger) -> None:
    hook(theirs)
    (theirs.there / ".git/hooks").rename(theirs.there / ".git/elsewhere")
    (theirs.there / ".git/more").write_text(f"[core]\n\thooksPath = {theirs.there}/.git/elsewhere\n")
    theirs.git("config", "include.path", "more")


def filter_clean_smudge(theirs: Stranger) -> None:
    theirs.plant({".gitattributes": "*.md filter=evil\n"})
    theirs.git("config", "filter.evil.clean", theirs.program)
    theirs.git("config", "filter.evil.smudge", theirs.program)


def filter_process(theirs: Stranger) -> None:
    theirs.plant({".gitattributes": "*.md filter=evil\n"})
    theirs.git("config", "filter.evil.process", theirs.program)


def fsmonitor(theirs: Stranger) -> None:
    theirs.git("config", "core.fsmonitor", theirs.program)


def textconv(theirs: Stranger) -> None:
    theirs.plant({".gitattributes": "*.md diff=evil\n"})
    theirs.git("config", "diff.evil.textconv", theirs.program)


def external_diff(theirs: Stranger) -> None:
    theirs.git("config", "diff.external", theirs.program)


def signing_program(theirs: Stranger) -> None:
    theirs.git("config", "gpg.program", theirs.program)
    theirs.git("config", "commit.gpgSign", "true")


def merge_driver(theirs: Stranger) -> None:
    theirs.git("switch", "-qc", "side")
    theirs.plant({"notes/a.md": "side\n"})
    theirs.git("switch", "-q", "main")
    theirs.plant({"notes/a.md": "main\n", ".gitattributes": "*.md merge=evil\n"})
    theirs.git("config", "merge.evil.driver", theirs.program)


def pager_and_editor(theirs: Stranger) -> None:
    theirs.git("config", "core.editor", theirs.program)
    theirs.git("config", "core.pager", theirs.program)


ARMED: dict[str, tuple[Callable[[Stranger], None], str]] = {
    "hooks": (hook, "hooks"),
    "hooks by an included file": (included_hooks_path, "include.path"),
    "filter clean and smudge": (filter_clean_smudge, "filter.evil.clean"),
    "filter process": (filter_process, "filter.evil.process"),
    "fsmonitor": (fsmonitor, "core.fsmonitor"),
    "textconv": (textconv, "diff.evil.textconv"),
    "external diff": (external_diff, "diff.external"),
    "signing program": (signing_program, "gpg.program"),
    "merge driver": (merge_driver, "merge.evil.driver"),
    "pager and editor": (pager_and_editor, "core.editor"),
}


@pytest.mark.parametrize("vector", ARMED)
def test_no_program_that_its_repository_names_is_run(theirs: Stranger, vector: str) -> None:
    arm, name = ARMED[vector]
    arm(theirs)
    theirs.canary.unlink(missing_ok=True)
    naive = unpacked(theirs, "naive")
    (naive / "notes/a.md").write_text("changed\n")
    for words in (["diff"], ["add", "-A"], ["commit", "-qm", "x"], ["merge", "side"], ["tag", "-a", "x"]):
        run_git(naive, *words, check=False)
    theirs.proves()
    place = unpacked(theirs)
    said = use(place)
    assert not theirs.canary.exists()
    _said(said, "hermes does not", name.lower() if "." in name else "post-checkout")
    _, lines = theirs.clone()
    if "." in name:
        _said(lines, name.lower(), "never followed")


def test_a_template_folder_of_the_environment_brings_no_hooks(
    theirs: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = theirs.tmp / "template/hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(Path(theirs.program).read_text())
    (hooks / "post-checkout").chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    theirs.git("clone", "-q", str(theirs.there), str(theirs.tmp / "naive"), check=False)
    theirs.proves()
    here, _ = theirs.clone()
    assert not (here / ".git/hooks").exists()


# -- connections ------------------------------------------------------------------------------------------------------


def test_an_ssh_command_of_its_configuration_or_the_environment_is_not_run(
    theirs: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs.git("config", "core.sshCommand", theirs.program)
    theirs.git("fetch", "ssh://localhost/x", check=False)
    theirs.proves()
    place = unpacked(theirs)
    with remote.Workspace.open(place) as workspace, pytest.raises(Refused, match=r"core\.sshcommand"):
        remote.fetch(workspace.git, "ssh://127.0.0.1/x", "main")
    monkeypatch.setenv("GIT_SSH_COMMAND", theirs.program)
    with pytest.raises(Failed):
        remote.clone("ssh://127.0.0.1:9/x", theirs.tmp / "by-ssh")
    assert not theirs.canary.exists()
    _, lines = theirs.clone()
    _said(lines, "core.sshcommand", "never followed")


def test_a_credential_helper_of_its_configuration_is_not_asked(theirs: Stranger) -> None:
    theirs.git("config", "credential.helper", f"!{theirs.program}")
    with recorder(status=401) as (address, _):
        theirs.git("fetch", f"{address}/x.git", check=False, GIT_TERMINAL_PROMPT="0")
        theirs.proves()
        with remote.Workspace.open(unpacked(theirs)) as workspace, pytest.raises(Refused, match=r"credential\.helper"):
            remote.fetch(workspace.git, f"{address}/x.git", "main")
    assert not theirs.canary.exists()
    _, lines = theirs.clone()
    _said(lines, "credential.helper", "never followed")


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch {canary}'",
        "fd::17",
        "--upload-pack=touch {canary}",
        "-u touch {canary}",
        "ssh://-oProxyCommand=touch%20{canary}/x",
        "git@-oProxyCommand.x:y",
        "https://example.org/x\n--upload-pack=touch {canary}",
        "file+x::{canary}",
    ],
)
def test_an_address_that_is_an_option_or_a_program_is_refused(theirs: Stranger, url: str) -> None:
    with pytest.raises(UsageError):
        remote.clone(url.format(canary=theirs.canary), theirs.tmp / "here")
    assert not theirs.canary.exists()
    assert not (theirs.tmp / "here").exists()


def test_a_server_that_sends_git_on_to_a_file_is_not_followed(theirs: Stranger) -> None:
    to = f"file://{theirs.there}/info/refs?service=git-upload-pack"
    with recorder(302, to) as (address, asked), pytest.raises(Failed):
        remote.clone(f"{address}/x.git", theirs.tmp / "here")
    assert asked
    assert not (theirs.tmp / "here").exists()


def test_a_server_that_offers_bundles_from_elsewhere_is_not_followed(theirs: Stranger) -> None:
    with recorder() as (address, asked):
        for key, value in (
            ("uploadpack.advertiseBundleURIs", "true"),
            ("bundle.version", "1"),
            ("bundle.mode", "all"),
            ("bundle.a.uri", f"{address}/a.bundle"),
        ):
            theirs.git("config", key, value)
        run_git(theirs.tmp, "config", "--global", "transfer.bundleURI", "true")  # as a person may have it
        _, lines = theirs.clone()
        assert asked == []
    _said(lines, "uploadpack.advertisebundleuris", "never followed")


def test_a_repository_that_lacks_objects_does_not_fetch_them_by_a_program(theirs: Stranger) -> None:
    theirs.plant({"notes/lost.md": "lost\n"})
    lost = theirs.git("rev-parse", "HEAD:notes/lost.md").strip()
    (theirs.there / ".git/objects" / lost[:2] / lost[2:]).unlink()
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "evil"),
        ("remote.evil.promisor", "true"),
        ("remote.evil.url", str(theirs.tmp)),
        ("remote.evil.uploadpack", theirs.program),
    ):
        theirs.git("config", key, value)
    theirs.git("cat-file", "blob", lost, check=False)
    theirs.proves()
    with pytest.raises(Failed):
        remote.clone(str(theirs.there), theirs.tmp / "here")
    use(unpacked(theirs))
    assert not theirs.canary.exists()
    assert not (theirs.tmp / "here").exists()


# -- what its files are -----------------------------------------------------------------------------------------------


def test_links_are_left_out_and_lead_nowhere(theirs: Stranger) -> None:
    (theirs.there / "MEMORY.md").unlink()
    (theirs.there / "MEMORY.md").symlink_to("/etc/passwd")
    (theirs.there / "notes/out").symlink_to(theirs.tmp)
    theirs.plant({})
    theirs.git("clone", "-q", str(theirs.there), str(theirs.tmp / "naive"))
    assert (theirs.tmp / "naive/MEMORY.md").read_text() == Path("/etc/passwd").read_text()
    here, lines = theirs.clone()
    assert not (here / "MEMORY.md").exists() and not (here / "notes/out").exists()
    _said(lines, "MEMORY.md", "notes/out", "left out: a symbolic link")


def test_a_file_below_a_linked_folder_is_not_written_through_it(theirs: Stranger) -> None:
    outside = theirs.tmp / "outside"
    outside.mkdir()
    link, file = theirs.blob(str(outside)), theirs.blob("planted\n")
    inner = theirs.feed(f"100644 blob {file}\tx.md\n", "mktree")
    theirs.plant_tree([("120000", link, "Notes"), ("040000", inner, "notes.d")])
    _, lines = theirs.clone()
    assert list(outside.iterdir()) == []
    _said(lines, "Notes", "left out")


def test_submodules_are_not_fetched_and_their_list_is_left_out(theirs: Stranger) -> None:
    update = f'[submodule "x"]\n\tpath = x\n\turl = --upload-pack={theirs.program}\n\tupdate = !{theirs.program}\n'
    theirs.plant({".gitmodules": update})
    theirs.plant_tree([("160000", theirs.git("rev-parse", "HEAD").strip(), "x")])
    here, lines = theirs.clone()
    assert (here / ".gitmodules").read_text() == "" and not (here / "x").exists()
    _said(lines, "'x'", "a submodule")
    _said(lines, ".gitmodules", "submodules are not used here")


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".git.", ".g\u200cit", ".git "])
def test_names_that_some_disk_takes_for_a_git_folder_are_not_written(theirs: Stranger, name: str) -> None:
    config = theirs.feed(f"100644 blob {theirs.blob('[core]')}\tconfig\n", "mktree")
    skill = theirs.feed(f"040000 tree {config}\t{name}\n", "mktree")
    theirs.plant_tree([("040000", theirs.feed(f"040000 tree {skill}\tevil\n", "mktree"), "skills")])
    before = sorted(theirs.tmp.iterdir())
    try:
        here, lines = theirs.clone()
    except (Refused, Failed) as error:
        assert "git" in str(error)
        assert [path for path in sorted(theirs.tmp.iterdir()) if path not in before] == []
    else:
        assert not (here / "skills/evil").exists()
        _said(lines, "left out")


def test_names_that_differ_only_in_case_do_not_replace_each_other(theirs: Stranger) -> None:
    theirs.plant_tree([("100644", theirs.blob("the other\n"), "memory.md")])
    here, lines = theirs.clone()
    assert not (here / "memory.md").exists() and (here / "MEMORY.md").exists()
    _said(lines, "memory.md", "differs only in case")


def test_names_that_no_disk_should_see_are_left_out(theirs: Stranger) -> None:
    names = ["a\x1b[2Jb", "back\\slash", "col:on", "trailing."]
    theirs.plant_tree([("100644", theirs.blob("x"), name) for name in names])
    here, lines = theirs.clone()
    assert not any((here / name).exists() for name in names)
    assert len([line for line in lines if "left out" in line]) >= 2


def test_a_huge_file_is_left_out_unread(theirs: Stranger) -> None:
    theirs.git("config", "core.bigFileThreshold", "1m")
    theirs.plant({"notes/huge.md": b"\0" * (arriving.MAX_FILE + 1)})
    here, lines = theirs.clone()
    assert not (here / "notes/huge.md").exists()
    _said(lines, "notes/huge.md", "larger than 50 MB")
    assert run_git(here, "log", "--format=%s", "--", "notes/huge.md").strip() == "planted"  # and not deleted


def test_a_few_trees_that_name_ten_thousand_million_files_are_refused(theirs: Stranger) -> None:
    oid = theirs.feed(f"100644 blob {theirs.blob('x')}\tx\n", "mktree")
    for _ in range(10):
        oid = theirs.feed("".join(f"040000 tree {oid}\t{n}\n" for n in range(10)), "mktree")
    theirs.plant_tree([("040000", oid, "bomb")])
    with pytest.raises(Refused, match="more than 100,000 files"):
        remote.clone(str(theirs.there), theirs.tmp / "here")
    assert not (theirs.tmp / "here").exists()


def test_folders_without_end_are_refused(theirs: Stranger) -> None:
    oid = theirs.feed(f"100644 blob {theirs.blob('x')}\tx\n", "mktree")
    for _ in range(arriving.MAX_DEPTH + 2):
        oid = theirs.feed(f"040000 tree {oid}\td\n", "mktree")
    theirs.plant_tree([("040000", oid, "deep")])
    with pytest.raises(Refused, match="deep"):
        remote.clone(str(theirs.there), theirs.tmp / "here")


def test_attributes_change_no_byte(theirs: Stranger) -> None:
    text = "* ident eol=crlf\n*.md working-tree-encoding=UTF-16 filter=lfs\n"
    theirs.plant({"notes/id.md": "$Id$\n"})
    blob = theirs.blob(text)
    theirs.git("rm", "-q", "--cached", ".gitattributes")
    theirs.git("update-index", "--add", "--cacheinfo", f"100644,{blob},.gitattributes")
    theirs.git("commit", "-qm", "attributes")
    here, lines = theirs.clone()
    assert (here / "notes/id.md").read_bytes() == b"$Id$\n"
    _said(lines, ".gitattributes asks for", "filter=lfs", "no byte is changed")


# -- history, refs, objects -------------------------------------------------------------------------------------------


def test_replaced_objects_are_not_believed(theirs: Stranger) -> None:
    real = theirs.git("rev-parse", "HEAD:notes/a.md").strip()
    theirs.git("replace", real, theirs.blob("replaced\n"))
    assert theirs.git("cat-file", "blob", real) == "replaced\n"
    here, _ = theirs.clone()
    assert (here / "notes/a.md").read_text() == "two\n"
    use(unpacked(theirs))
    with remote.Workspace.open(unpacked(theirs, "again")) as workspace:
        assert workspace.git.read_blob(real) == b"two\n"


def test_grafts_that_hide_history_do_not_come_along(theirs: Stranger) -> None:
    whole = theirs.git("rev-list", "--count", "HEAD")
    (theirs.there / ".git/info").mkdir(exist_ok=True)
    (theirs.there / ".git/info/grafts").write_text(theirs.git("rev-parse", "HEAD"))
    assert theirs.git("rev-list", "--count", "HEAD") == "1\n" != whole
    with pytest.raises(Failed, match="git fetch failed"):  # what it hides is missing, and that is noticed
        remote.clone(str(theirs.there), theirs.tmp / "here")
    assert not (theirs.tmp / "here").exists()


def test_objects_of_elsewhere_are_not_linked_to(theirs: Stranger) -> None:
    private = theirs.tmp / "private"
    run_git(theirs.tmp, "init", "-q", str(private))
    (theirs.there / ".git/objects/info").mkdir(exist_ok=True)
    (theirs.there / ".git/objects/info/alternates").write_text(f"{private}/.git/objects\n")
    (theirs.there / ".git/objects/info/http-alternates").write_text("http://127.0.0.1:9/\n")
    here, _ = theirs.clone()
    assert not list((here / ".git/objects/info").glob("*alternates"))


@pytest.mark.parametrize(
    "name", ["refs/hermes/sessions/--output=x/2026-11", "refs/hermes/proposals/-x", "refs/hermes/sessions/a b/2026-11"]
)
def test_refs_that_look_like_options_are_left_out(theirs: Stranger, name: str) -> None:
    packed = theirs.there / ".git/packed-refs"
    packed.write_text(f"{theirs.git('rev-parse', 'HEAD').strip()} {name}\n")
    here, lines = theirs.clone()
    assert not list(here.rglob("*output*")) and not (theirs.tmp / "x").exists()
    assert "hermes" not in run_git(here, "for-each-ref", "refs/hermes/proposals", f"refs/hermes/sessions/{name[21:24]}")
    if " " not in name:  # git itself does not speak of a ref with a space
        _said(lines, name.rsplit("/", 1)[0][-8:], "left out")


def test_ref_names_from_a_lying_server_cannot_steer_the_fetch() -> None:
    good = ["refs/hermes/sessions/host-ab12/2026-11", "refs/hermes/proposals/01ABC"]
    evil = [
        "refs/hermes/proposals/x:refs/heads/main",
        "refs/hermes/proposals/*",
        "refs/hermes/proposals/..",
        "refs/hermes/sessions/../../heads/2026-11",
        "refs/hermes/sessions/x/2026-11\r",
        "refs/hermes/proposals/x.lock",
    ]
    fit, lines = arriving.refs([*good, *evil])
    assert sorted(fit) == sorted(good)
    assert len(lines) == 1 and "left out" in lines[0]
    fit, lines = arriving.refs([f"refs/hermes/sessions/h{n}/2026-01" for n in range(arriving.MAX_REFS + 5)])
    assert len(fit) == arriving.MAX_REFS and "5 of its" in lines[0]


def test_transcripts_with_hostile_names_stay_in_git(theirs: Stranger) -> None:
    host, blob = "evil-ab12", theirs.blob('{"type": "header"}\n')
    names = ["x.jsonl", "\x1b[2J-01ARZ3NDEKTSV4RRFFQ69G5FAV.jsonl", f"{host}-01ARZ3NDEKTSV4RRFFQ69G5FAV.sh"]
    tree = theirs.feed("".join(f"100644 blob {blob}\t{name}\n" for name in names), "mktree")
    for folder in ("21", "11", "2026", "sessions"):
        tree = theirs.feed(f"040000 tree {tree}\t{folder}\n", "mktree")
    up = theirs.feed(f"040000 tree {tree}\t..\n", "mktree")
    for month, root in (("2026-11", tree), ("2026-10", up)):
        commit = theirs.feed("", "commit-tree", "-m", "x", root)
        theirs.git("update-ref", f"refs/hermes/sessions/{host}/{month}", commit)
    here, _ = theirs.clone()
    assert not list((here / "sessions").rglob("*.jsonl")) and not list((here / "sessions").rglob("*.sh"))
    assert not (theirs.tmp / "sessions").exists()
