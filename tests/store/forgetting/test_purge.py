"""What is purged is gone: from every object, log, cache and file; all else is as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_fs.core.errors import Refused
from hermes_fs.store import init
from hermes_fs.store.forgetting import purge
from hermes_fs.store.workspace import Workspace
from tests.store.forgetting.lived import SECRET, TEXT, git, learn, live, sessions_of, talk, traces

_TRAILERS = "--format=%an|%ae|%ad|%cd|%(trailers:key=Hermes-Change)|%(trailers:key=Hermes-Kind)"


@pytest.fixture
def mind(tmp_path: Path) -> Workspace:
    made, _ = init.init(tmp_path / "mind")
    return made


@pytest.mark.slow
def test_a_purged_text_is_nowhere_and_the_rest_is_as_it_was(mind: Workspace) -> None:
    live(mind)
    assert len(traces(mind.root)) > 25
    before = git(mind.root, "log", "main", _TRAILERS)
    found = purge.look(mind, TEXT)
    kinds = {place.what for place in found.places}
    assert kinds >= {
        *("file", "transcript", "history of main", "transcripts in git", "stash"),
        *("other branches and tags", "unreachable objects", "words of a reflog"),
        *("prompt history", "search index and caches", "what is to be learned", "copies set aside"),
    }
    done = purge.purge(mind, TEXT)
    assert traces(mind.root) == []
    assert done.commits > 4 and done.objects > 10
    assert git(mind.root, "log", "main", _TRAILERS) == before
    assert git(mind.root, "fsck", "--strict", "--no-dangling") == ""
    assert git(mind.root, "status", "--porcelain") == ""
    assert git(mind.root, "stash", "list").strip() == "stash@{0}: On main: stash for [forgotten]"
    assert mind.read("notes/people.md").text == "# People\n\n[forgotten] rings at noon.\nBob rings at one.\n"
    assert "db2" in mind.read("MEMORY.md").text and mind.read("MEMORY.md").text.count("- ") == 1
    assert (mind.state_dir / "prompt-history").read_text() == '"weather"\n'
    assert purge.look(mind, TEXT).places == ()
    mind.close()
    with Workspace.open(mind.root) as again:
        learn(again, "notes/next.md", "# Next\n")
        assert again.settle() and git(again.root, "status", "--porcelain") == ""


@pytest.mark.slow
def test_packed_objects_go_too_and_what_nobody_reaches_but_holds_nothing_stays(mind: Workspace) -> None:
    live(mind)
    stray = mind.git.hash_blob(b"a stray that somebody may still want")
    git(mind.root, "repack", "-q", "-a", "-d", "-k")
    git(mind.root, "prune-packed")
    git(mind.root, "commit-graph", "write", "--reachable")
    purge.purge(mind, TEXT)
    assert traces(mind.root) == []
    assert git(mind.root, "cat-file", "-p", stray) == "a stray that somebody may still want"
    assert git(mind.root, "fsck", "--strict", "--no-dangling") == ""


def test_a_purged_session_takes_its_summary_its_blobs_and_its_typed_lines_along(mind: Workspace) -> None:
    kept = talk(mind, "the weather")
    gone = talk(mind, f"call {SECRET} please", "y" * 70_000 + SECRET)
    gone.with_suffix(".md").write_text(f"# Summary\n\nabout {SECRET}\n")
    lesson = learn(mind, "notes/x.md", "# X\n")
    (mind.state_dir / "prompt-history").write_text(f'"call {SECRET} please"\n"the weather"\n')
    sessions, refs = sessions_of(mind)
    refs.commit([sessions.find(gone.stem)])
    purge.purge(mind, purge.session(sessions.find(gone.stem), mind))
    assert traces(mind.root) == []
    assert kept.exists() and not gone.exists()
    assert gone.stem not in git(mind.root, "log", "--all", "--format=%B")
    assert mind.head() == lesson
    assert (mind.state_dir / "prompt-history").read_text() == '"the weather"\n'
    assert git(mind.root, "fsck", "--strict", "--no-dangling") == ""


def test_a_conversation_that_goes_on_and_holds_it_is_to_be_ended_first(mind: Workspace) -> None:
    path = talk(mind, f"call {SECRET}")
    sessions, _ = sessions_of(mind)
    resumed = sessions.resume(sessions.find(path.stem), sessions.find(path.stem).header)
    before = git(mind.root, "for-each-ref")
    if resumed.transcript.path == path:
        with pytest.raises(Refused):
            purge.purge(mind, TEXT)
    resumed.transcript.close()
    assert git(mind.root, "for-each-ref") == before


def test_names_of_files_and_of_authors_are_forgotten_and_signatures_said(mind: Workspace) -> None:
    path = mind.root / "notes" / f"{SECRET}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("# A page\n")
    git(mind.root, "add", ".")
    git(mind.root, "commit", "-q", "-m", "page", f"--author={SECRET} <alice@example.org>")
    done = purge.purge(mind, TEXT)
    assert traces(mind.root) == []
    assert mind.read("notes/forgotten.md").text == "# A page\n"
    assert git(mind.root, "log", "-1", "--format=%an").strip() == "[forgotten]"
    assert git(mind.root, "status", "--porcelain") == "" and done.signed == 0


def test_a_long_history_is_written_as_one_pack_that_git_finds_nothing_wrong_with(mind: Workspace) -> None:
    head, lines = mind.head(), []
    for number in range(120):
        body = f"# N\n\nwords {number} of {SECRET if number == 3 else 'Bob'}\n"
        start = f"from {head}\n" if not number else ""
        lines.append(
            f"commit refs/heads/main\ncommitter A <a@b> {1_700_000_000 + number} +0000\ndata 2\nn\n{start}"
            f"M 100644 inline notes/n{number}.md\ndata {len(body)}\n{body}\n"
        )
    subprocess.run(["git", "-C", str(mind.root), "fast-import", "--quiet"], input="".join(lines).encode(), check=True)
    git(mind.root, "reset", "-q", "--hard")
    done = purge.purge(mind, TEXT)
    assert done.commits == 117 and traces(mind.root) == []
    assert git(mind.root, "fsck", "--strict", "--no-dangling") == ""
    assert mind.read("notes/n3.md").text == "# N\n\nwords 3 of [forgotten]\n"
    assert mind.read("notes/n4.md").text == "# N\n\nwords 4 of Bob\n"
