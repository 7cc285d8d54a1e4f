"""The sandbox backend: the shared suite, its life across objects and processes, and how it treats odd grounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.backends import sandbox_folders
from hermes_fs.backends.confined import Ground
from hermes_fs.backends.registry import Choice, choose
from hermes_fs.backends.sandbox import Sandbox
from hermes_fs.backends.sandbox_crowd import Crowd, below
from hermes_fs.backends.sandbox_remarks import RENEWED
from hermes_fs.core.errors import Refused, UsageError
from hermes_fs.testing.backend_commands import ended, run, until
from hermes_fs.testing.backend_conformance import BackendConformance

Make = Callable[..., Sandbox]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Sandbox] = []

    def one(**more: object) -> Sandbox:
        (tmp_path / "work").mkdir(exist_ok=True)
        given: dict[str, object] = {"cwd": tmp_path / "work", "state_dir": tmp_path / "state", "environ": os.environ}
        made.append(Sandbox(**(given | more)))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for each in made:
        each.close()
    for state in (tmp_path / "state", tmp_path / "work/mind/.git/hermes"):
        for known in sandbox_folders.running(state):
            sandbox_folders.stop(known)


class TestSandbox(BackendConformance):
    @pytest.fixture
    def backend(self, make: Make) -> Sandbox:
        return make()

    @pytest.fixture
    def another(self, make: Make) -> Make:
        return make


class Narrow(Sandbox):
    most_processes = 20


@pytest.mark.slow
@pytest.mark.parametrize("command", ["{} ; wait", "( {} ) >/dev/null 2>&1 & disown; sleep 30"])
def test_too_many_processes_end_the_sandbox_and_that_is_said(tmp_path: Path, make: Make, command: str) -> None:
    made = make()
    many = "for i in $(seq 40); do sleep 60 & done"
    narrow = Narrow(tmp_path / "work", tmp_path / "state", os.environ, session="narrow")
    try:
        assert run(narrow, "for i in $(seq 5); do sleep 0.1 & done; wait; echo fine").output == "fine\n"
        done = run(narrow, command.format(many))
        assert done.code != 0 and "more than 20 processes ran in it: it was ended" in done.output
        again = run(narrow, "echo there").output
        assert again.startswith("there\n") and "more than" not in again
        assert RENEWED in done.output + again
        assert run(made, "echo untouched").output == "untouched\n"
    finally:
        narrow.close()


def test_processes_below_another_are_counted_by_descent_whatever_they_call_themselves() -> None:
    line = "exec -a 'a) 1 (b' sleep 30 & (sleep 30 & sleep 30) & echo ready; wait"
    with subprocess.Popen(["bash", "-c", line], stdout=subprocess.PIPE, text=True, start_new_session=True) as shell:
        try:
            assert shell.stdout and shell.stdout.readline() == "ready\n"

            def count() -> int:
                return below(shell.pid, [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()])

            until(lambda: count() == 4)
            assert not Crowd(shell.pid, 4).is_too_large and Crowd(shell.pid, 3).is_too_large
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


# -- its life ---------------------------------------------------------------------------------------------------------


def supervisor(state: Path) -> int:
    (known,) = sandbox_folders.running(state)
    return known.pid


def test_nothing_is_made_before_the_first_command(make: Make, tmp_path: Path) -> None:
    make()
    assert not (tmp_path / "state").exists()


def test_it_ends_with_its_last_object_where_nothing_runs(make: Make, tmp_path: Path) -> None:
    one, other = make(), make()
    assert run(one, "echo $$ >/tmp/shared").code == run(other, "cat /tmp/shared").code == 0
    one.close()
    assert len(list(sandbox_folders.running(tmp_path / "state"))) == 1
    other.close()
    until(lambda: not list(sandbox_folders.running(tmp_path / "state")))


def test_sessions_do_not_share_a_sandbox(make: Make) -> None:
    one, other = make(session="a"), make(session="b")
    job = one.start("sleep 630")
    assert run(other, "ls /tmp; ps ax | grep -c 'sleep 63[0]'").output == "work\n0\n" or not other.jobs()
    assert [state.id for state in one.jobs()] == [job]
    assert other.jobs() == []


def test_a_supervisor_that_died_is_replaced_and_that_is_said_once(make: Make, tmp_path: Path) -> None:
    sandbox = make()
    run(sandbox, "kept=1")
    job = sandbox.start("sleep 631")
    os.kill(supervisor(tmp_path / "state"), signal.SIGKILL)
    until(lambda: not list(sandbox_folders.running(tmp_path / "state")))
    done = run(sandbox, "echo ${kept-gone} $HOME")
    assert done.output.startswith(f"gone {os.environ['HOME']}\n")
    assert RENEWED in done.output
    assert RENEWED not in run(sandbox, "true").output
    assert sandbox.poll(job).code == 137


def test_a_sandbox_that_dies_ends_its_command(make: Make, tmp_path: Path) -> None:
    sandbox = make()
    run(sandbox, "true")
    number = supervisor(tmp_path / "state")
    threading.Timer(0.3, os.kill, (number, signal.SIGKILL)).start()
    assert run(sandbox, "echo before; sleep 600").code == 137


PROGRAM = """
import os, sys
from pathlib import Path
from hermes_fs.backends.sandbox import Sandbox
from hermes_fs.core.ports import Cancel
sandbox = Sandbox(Path(sys.argv[1]), Path(sys.argv[2]), os.environ)
print(sandbox.start("echo up; read line; echo $line"), flush=True)
sandbox.run("echo $$ >pid; sleep 632", timeout=600, cancel=Cancel())
"""


def test_jobs_outlive_a_hermes_that_is_killed_and_its_command_does_not(make: Make, tmp_path: Path) -> None:
    sandbox = make()
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "work"), str(tmp_path / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        job = killed.stdout.readline().strip()
        until((tmp_path / "work/pid").exists)
        killed.kill()
    until(lambda: "sleep 632" not in run(sandbox, "ps ax | grep '[s]leep 632'; true").output)
    sandbox.send(job, b"found again\n")
    assert ended(sandbox, job).output == "up\nfound again\n"


def test_an_unused_sandbox_ends_by_itself(tmp_path: Path) -> None:
    class Brief(Sandbox):
        idle_seconds = 0.5

    (tmp_path / "work").mkdir()
    command = "import os, sys; os.kill(os.getpid(), 9)"
    brief = Brief(tmp_path / "work", tmp_path / "state", os.environ)
    child = os.fork()
    if child == 0:
        run(brief, "true")
        os.execv(sys.executable, [sys.executable, "-c", command])
    os.waitpid(child, 0)
    until(lambda: not list(sandbox_folders.running(tmp_path / "state")))


def test_folders_that_nobody_used_for_a_week_are_cleared_away(make: Make, tmp_path: Path) -> None:
    old, running, mine = make(session="old"), make(session="running"), make(session="mine")
    for each in (old, running, mine):
        run(each, "echo kept >~/file")
    running.start("sleep 633")
    for each in (old, mine):
        each.close()
    until(lambda: len(list(sandbox_folders.running(tmp_path / "state"))) == 1)
    for path in (tmp_path / "state").rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert run(make(session="mine"), "cat ~/file").output == "kept\n"
    assert not (tmp_path / "state/sandbox/old").exists()
    assert run(running, "cat ~/file").output == "kept\n"


def test_two_that_start_at_once_share_one(make: Make, tmp_path: Path) -> None:
    made = [make() for _ in range(6)]
    threads = [threading.Thread(target=run, args=(each, "true")) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(sandbox_folders.running(tmp_path / "state"))) == 1


def test_a_place_with_a_long_name_will_do(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    (deep / "work").mkdir(parents=True)
    sandbox = Sandbox(deep / "work", deep / "state", os.environ)
    assert run(sandbox, "echo x").output == "x\n"
    sandbox.close()


# -- odd grounds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["/", "/etc", "/etc/ssl", "/proc", "/usr", "/dev/shm", "~/.ssh", "~/.config/hermes", "~/.."]
)
def test_a_place_that_no_sandbox_should_have_is_refused(place: str, tmp_path: Path, home: Path) -> None:
    with pytest.raises(Refused):
        Sandbox(Path(place.replace("~", str(home))), tmp_path / "state", os.environ)


def test_in_a_home_credentials_are_covered_and_what_shells_run_is_kept(make: Make, home: Path) -> None:
    (home / ".ssh").mkdir()
    for name in (".ssh/id_rsa", ".netrc", ".bashrc", "notes"):
        (home / name).write_text("mine\n")
    sandbox = make(cwd=home)
    assert run(sandbox, "cat .ssh/id_rsa .netrc").output.count("mine") == 0
    assert run(sandbox, "cat .bashrc; echo evil >>.bashrc || mv .bashrc .old").code != 0
    assert run(sandbox, "cat notes; echo more >>notes; echo $HOME").output == "mine\n/run/hermes/home\n"
    assert (home / ".bashrc").read_text() == "mine\n"


def test_a_mind_inside_the_work_directory_stays_read_only(make: Make, tmp_path: Path) -> None:
    mind = tmp_path / "work/mind"
    (mind / ".git/hermes").mkdir(parents=True)
    (mind / "work").mkdir()
    (mind / ".git/hermes/secret").write_text("x")
    ground = Ground((tmp_path / "work", mind / "work"), (mind,), (mind / ".git",))
    sandbox = make(ground=ground, state_dir=mind / ".git/hermes")
    assert run(sandbox, "echo x >mind/MEMORY.md").code != 0
    assert run(sandbox, "rm -rf mind; mv mind other").code != 0
    assert run(sandbox, "ls -A mind/.git/hermes; echo x >mind/work/a; echo y >b").output == ""
    assert (mind / ".git/hermes/secret").exists()


def test_a_linked_worktree_can_be_committed_in_and_its_hooks_are_kept(make: Make, tmp_path: Path) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    main, tree = tmp_path / "main", tmp_path / "work"
    subprocess.run(["git", "init", "-q", str(main)], check=True)
    subprocess.run(["git", "-C", str(main), *who, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    subprocess.run(["git", "-C", str(main), "worktree", "add", "-q", str(tree), "-b", "side"], check=True)
    sandbox = make()
    done = run(sandbox, f"echo x >f; git add f; git {' '.join(who)} commit -qm two; git log --oneline | wc -l")
    assert done.output == "2\n"
    assert run(sandbox, f"echo evil >{main}/.git/hooks/post-commit").code != 0
    assert run(sandbox, f"echo 'gitdir: /tmp' >.git || mv .git x; ls {main}").output.count("f\n") == 0
    assert (tree / ".git").read_text().startswith(f"gitdir: {main}")


def test_a_git_file_that_points_anywhere_opens_nothing(make: Make, tmp_path: Path, home: Path) -> None:
    (tmp_path / "work").mkdir()
    (home / ".ssh").mkdir()
    (tmp_path / "work/.git").write_text(f"gitdir: {home}/.ssh\n")
    assert run(make(), f"ls -d {home}/.ssh").code != 0


def test_files_of_the_private_folders_are_read_and_written_as_commands_see_them(make: Make) -> None:
    sandbox = make()
    run(sandbox, "echo x >/tmp/a; echo y >~/b")
    assert sandbox.read("/tmp/a") == b"x\n"
    assert sandbox.read("~/b") == b"y\n"
    sandbox.write("/tmp/deep/c", b"z")
    assert run(sandbox, "cat /tmp/deep/c").output == "z"
    assert sandbox.stat("/tmp/a").path == "/tmp/a"
    assert run(sandbox, "cd /tmp/deep").code == 0
    assert sandbox.read("c") == b"z"


def test_auto_takes_the_sandbox(tmp_path: Path) -> None:
    assert choose("auto", tmp_path) == choose("sandbox", tmp_path) == Choice("sandbox")
    assert choose("local", tmp_path) == Choice("local")
    with pytest.raises(UsageError):
        choose("nowhere", tmp_path)


def test_without_bubblewrap_it_is_landlock_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for wanted in ("auto", "sandbox"):
        choice = choose(wanted, tmp_path)
        assert choice.name == "landlock"
        assert "not installed" in choice.remark
