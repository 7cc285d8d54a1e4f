"""Bad input and bad luck over the real command line: the exit code that is documented, one line with what to do, and
nothing lost."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.world import CALL, LESSON, Done, State, World

Damage = Callable[[World], object]


@dataclass(frozen=True, slots=True)
class Case:
    """What is wrong, what is asked of hermes then, how that must end, and a word of the error."""

    name: str
    argv: tuple[str, ...]
    code: int
    says: str
    damage: Damage = lambda world: None
    stdin: bytes = b""
    environ: tuple[tuple[str, str], ...] = ()


def config(text: str | bytes) -> Damage:
    data = text.encode() if isinstance(text, str) else text
    return lambda world: (world.root / "config.yaml").write_bytes(data)


def key_file(world: World) -> None:
    place = Path(world.environment({})["HOME"], ".config/hermes/env")
    place.parent.mkdir(parents=True)
    place.write_text("OPENAI_API_KEY=k\n")
    place.chmod(0o644)


ADD = ("memory", "add", "Backups run at night")
ASK = ("chat", "-q", "hi")
ODD = "\x1b]0;owned\x07\nerror: second"

CASES = (
    Case("an option that is none", ("log", "--nope"), 2, "--nope"),
    Case("a word for a number", ("log", "-n", "many"), 2, "integer"),
    Case("an option for a lesson", ("show", "--output=stolen"), 2, "--output"),
    Case("a shell that is unknown", ("completion", "tcsh"), 2, "tcsh"),
    Case("a backend that is unknown", ("backend", "use", "moon"), 2, "moon"),
    Case("a folder that is not there", ("-w", "/nowhere/at/all", "log"), 5, "/nowhere"),
    Case("a folder that is no workspace", ("-w", "/usr", "log"), 5, "/usr"),
    Case("a variable that names a file", ("log",), 5, "passwd", environ=(("HERMES_WORKSPACE", "/etc/passwd"),)),
    Case("nothing to remember", ("memory", "add", ""), 4, "needs a text"),
    Case("a bound below nothing", ("config", "set", "limits.steps", "--", "-1"), 2, "limits.steps"),
    Case("a period that is none", ("insights", "--since", "someday"), 2, "someday"),
    Case("a memory that is not there", ("memory", "remove", "zzzzzz"), 5, "zzzzzz"),
    Case("a tab in the settings", ("config", "check"), 2, "line 2", config("limits:\n\tsteps: 5\n")),
    Case("a setting that is unknown", ASK, 2, "limits.stepz", config("limits: {stepz: 5}\n")),
    Case("a setting of another type", ASK, 2, "limits.steps", config("limits: {steps: lots}\n")),
    Case("settings that are a list", ASK, 2, "mapping", config("- a\n- b\n")),
    Case("settings in another encoding", ASK, 2, "config.yaml", config(b"model: {name: \xff\xfe}\n")),
    Case("settings of a newer format", ASK, 2, "newer", config("format: 2\n")),
    Case("what only a machine may decide", ASK, 2, "approvals.mode", config("approvals: {mode: allow}\n")),
    Case("a provider that is unknown", ASK, 2, "opnai", config("model: {provider: opnai}\n")),
    Case("a workspace of a newer format", ADD, 4, "newer", lambda world: marker(world, "format: 2\n")),
    Case("a detached head", ADD, 4, "main", lambda world: world.git("checkout", "-q", "--detach")),
    Case("a merge that waits", ADD, 4, "merge", lambda world: git_file(world, "MERGE_HEAD")),
    Case("no git to be found", ADD, 1, "git", environ=(("PATH", "/nonexistent"),)),
    Case("a session that is not there", ("chat", "--session", "nosuch", "-q", "hi"), 5, "nosuch"),
    Case("a lesson that is not there", ("revert", "0badc0de"), 5, "0badc0de"),
    Case("a skill by a path", ("skills", "show", "../../etc"), 5, "etc"),
    Case("a file outside", ("restore", "../secret"), 5, "secret"),
    Case("a proposal that is not there", ("review", "accept", "99"), 5, "99"),
    Case("an answer that is not there", ("approvals", "remove", "9"), 5, "9"),
    Case("trust in nothing", ("trust", "accept", "skill:nosuch"), 5, "nosuch"),
    Case("a name with escapes and lines", ("sessions", "show", ODD), 5, "owned"),
    Case("a server that is down", ASK, 1, "127.0.0.1:9", environ=(("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),)),
    Case("a key that is refused", ("chat", "-q", "[[fake status=401]]"), 1, "OPENAI_API_KEY"),
    Case("a model that is gone", ("chat", "-q", "[[fake status=404]]"), 1, "hermes model list"),
    Case("no model at all", ASK, 2, "no model", environ=(("OPENAI_BASE_URL", ""), ("OPENAI_API_KEY", ""))),
    Case("keys that others can read", ASK, 4, "chmod 600", key_file, environ=(("OPENAI_API_KEY", ""),)),
    Case("bytes for a message", ("chat",), 2, "no text", stdin=b"\x00\x01binary"),
    Case("nobody to say yes", ("undo",), 4, "--yes"),
    Case("a clone from nowhere", ("init", "/nonexistent/x", "--from", "/nowhere/at/all"), 2, "/nowhere"),
)


def marker(world: World, text: str) -> None:
    (world.root / ".hermes-workspace").write_text(text)
    world.git("commit", "-qam", "newer", "--author=Ada <ada@example.org>")


def git_file(world: World, name: str) -> None:
    (world.root / ".git" / name).write_text(world.git("rev-parse", "HEAD"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_lost(world: World, case: Case) -> None:
    case.damage(world)
    before = world.state()
    done = world.run(case.argv, case.stdin, dict(case.environ))
    one_error(done, case.code, case.says)
    kept(before, world.state())


def kept(before: State, after: State) -> None:
    """A conversation that failed is one more."""
    assert after[:2] == before[:2]
    assert before[2].items() <= after[2].items()


def one_error(done: Done, code: int, says: str) -> None:
    """The documented exit code, one line that begins with `error:` and ends in what to do, and no traceback."""
    assert done.code == code, (done.code, done.err)
    errors = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, done.err
    assert says in errors[0]
    assert " — " in errors[0] or errors[0].endswith(")"), "what to do is missing"
    assert "Traceback" not in done.err
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", done.err)


# -- bad luck ---------------------------------------------------------------------------------------------------------

IN_A_MOUNT = """
set -e; mkdir small; mount -t tmpfs -o size=3m none small; cp -a "$MIND"/. small/; export HERMES_WORKSPACE=$PWD/small
"""
"""What `unshare -m` runs first: the workspace on a disk of its own, which is gone with the process."""


def mounted(world: World, script: str) -> Done:
    """As root, in a mount namespace; else as root of a user namespace."""
    namespace = "unshare -m" if os.geteuid() == 0 else "unshare -rm"
    return world.shell(f"{namespace} bash -c {shlex.quote(IN_A_MOUNT + script)}")


def test_a_full_disk_refuses_a_lesson_and_loses_none(world: World) -> None:
    done = mounted(
        world,
        """
        cat /dev/zero > small/work-filler 2>/dev/null || true
        code=0; $HERMES memory add "Backups run at night" || code=$?
        rm small/work-filler
        git -C small fsck --strict >/dev/null 2>&1; $HERMES memory list; git -C small status --porcelain
        $HERMES memory add "Deploys on Fridays"
        exit $code
        """,
    )
    one_error(done, 1, "space")
    assert LESSON in done.out and "Backups" not in done.out
    assert "Deploys on Fridays" in done.out


def test_a_disk_that_cannot_be_written_is_read_all_the_same(world: World) -> None:
    done = mounted(
        world,
        """
        mount -o remount,ro small
        $HERMES memory list; $HERMES log -n 1
        $HERMES memory add "Backups run at night"
        """,
    )
    one_error(done, 1, "Read-only")
    assert LESSON in done.out


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_index_heals_by_itself(world: World, damage: bytes) -> None:
    assert "hello there" in world.run(("search", "hello")).out
    for path in (world.root / ".git/hermes").glob("index.db*"):
        path.unlink()
    (world.root / ".git/hermes/index.db").write_bytes(damage)
    done = world.run(("search", "hello"))
    assert (done.code, "hello there" in done.out) == (0, True), done.err


def test_a_damaged_transcript_costs_its_own_lines_only(world: World) -> None:
    first = world.transcript
    damaged = first.read_bytes() + b'{"type": "mess\xff\xfe\n[1]\n'
    first.write_bytes(damaged)
    done = world.run(("chat", "--continue", "-q", "and now?"))
    assert (done.code, done.out) == (0, "All is well.\n"), done.err
    assert first.read_bytes() == damaged
    assert "hello there" in world.run(("sessions", "show", first.stem)).out


def test_a_second_process_is_kept_out_of_a_session_and_the_first_goes_on(world: World) -> None:
    with slow_turn(world) as first:
        done = world.run(("chat", "--session", world.transcript.stem, "-q", "me too"))
        one_error(done, 3, "session")
        assert first.poll() is None


def test_after_a_kill_in_a_turn_the_session_goes_on(world: World) -> None:
    with slow_turn(world) as first:
        first.kill()
    done = world.run(("chat", "--continue", "-q", "and now? [[fake sleep=0]]"))
    assert (done.code, done.out) == (0, "All is well.\n"), done.err
    said = world.run(("sessions", "show", world.transcript.stem)).out
    assert "take your time" in said and "and now?" in said


@contextlib.contextmanager
def slow_turn(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the middle of a turn of the last session."""
    command = [*CALL, "chat", "--continue", "-q", "take your time [[fake sleep=30]]"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=world.work, env=world.environment({}), **pipes)  # type: ignore[call-overload]
    try:
        limit = time.monotonic() + 30
        while b"take your time" not in world.transcript.read_bytes():
            assert time.monotonic() < limit and process.poll() is None
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$HERMES log | true; exit ${PIPESTATUS[0]}", {0, 1}),
        ("$HERMES chat -q hi | true; exit ${PIPESTATUS[0]}", {0, 1}),
        ("$HERMES log >&-", {0, 1}),
        ("$HERMES log <&-", {0}),
        ("$HERMES memory list 2>&-", {0}),
    ],
)
def test_whoever_stops_listening_gets_no_complaint(world: World, line: str, code: set[int]) -> None:
    done = world.shell(line)
    assert done.code in code
    assert done.err == ""


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("$HERMES log > /dev/full", 1, "space"),
        ("$HERMES chat -q hi > /dev/full", 1, "space"),
        ("mkdir gone; cd gone; rmdir ../gone; $HERMES log", 5, "folder"),
        ("mkdir gone; cd gone; rmdir ../gone; $HERMES chat -q hi", 5, "folder"),
    ],
)
def test_an_odd_place_to_stand_is_said(world: World, line: str, code: int, says: str) -> None:
    one_error(world.shell(line), code, says)


def test_no_locale_is_no_trouble(world: World) -> None:
    plain = {"LC_ALL": "POSIX", "LANG": "", "PYTHONIOENCODING": "ascii"}
    assert world.run(("memory", "add", "Grüße an Łódź — 東京"), more=plain).code == 0
    done = world.run(("memory", "list"), more=plain)
    assert (done.code, done.err) == (0, "")
