"""The local backend: the shared suite, and what only holds on this machine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.backends.local import Local
from hermes_fs.backends.registry import BACKENDS, backend
from hermes_fs.core.errors import Failed, UsageError
from hermes_fs.core.ports import Cancel
from hermes_fs.testing.backend_commands import ended, run, until
from hermes_fs.testing.backend_conformance import BackendConformance

Make = Callable[..., Local]


class Short(Local):
    output_limit = 100


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Local] = []

    def one(environ: dict[str, str] | None = None, kind: type[Local] = Local) -> Local:
        (tmp_path / "work").mkdir(exist_ok=True)
        made.append(kind(tmp_path / "work", tmp_path / "state", environ or dict(os.environ)))
        return made[-1]

    yield one
    for each in made:
        for job in each.jobs():
            each.kill(job.id)
        each.close()


class TestLocal(BackendConformance):
    @pytest.fixture
    def backend(self, make: Make) -> Local:
        return make()

    @pytest.fixture
    def another(self, make: Make) -> Make:
        return make


def test_the_registry_makes_backends_by_name(tmp_path: Path) -> None:
    assert [backend(name, tmp_path, tmp_path, {}).name for name in BACKENDS] == list(BACKENDS)
    with pytest.raises(UsageError, match="no backend 'nowhere'"):
        backend("nowhere", tmp_path, tmp_path, {})


def test_nothing_is_made_before_the_first_command(make: Make, tmp_path: Path) -> None:
    make()
    assert not (tmp_path / "state").exists()


def test_the_state_is_private_and_goes_when_the_backend_is_closed(make: Make, tmp_path: Path) -> None:
    local = make()
    run(local, "umask 000; export SECRET_OF_MINE=1")
    local.start("true")
    assert stat.S_IMODE((tmp_path / "state/local").stat().st_mode) == 0o700
    assert list((tmp_path / "state/local/shells").iterdir())
    local.close()
    assert not list((tmp_path / "state/local/shells").iterdir())


def test_a_command_sees_no_credentials_and_nothing_of_git_or_ours(make: Make) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "VIRTUAL_ENV": "/venv",
        "OPENAI_API_KEY": "sk-1",
        "PIP_TOKEN": "t",
        "NODE_AUTH_TOKEN": "n",
        "GIT_DIR": "/elsewhere",
        "HERMES_WORKSPACE": "/mind",
        "BASH_ENV": "/tmp/evil",
        "BASH_FUNC_ls%%": "() { evil; }",
        "SSH_AUTH_SOCK": "/agent",
        "https_proxy": "http://user:password@proxy:1",
        "UNHEARD_OF": "x",
    }
    local = make(environ)
    names = {line.partition("=")[0] for line in run(local, "env").output.splitlines()}
    assert names - {"_", "PWD", "OLDPWD", "SHLVL"} == {"PATH", "LC_ALL", "VIRTUAL_ENV", "TERM", "PAGER"}


def test_two_backends_do_not_share_a_shell_but_their_jobs(make: Make) -> None:
    one, other = make(), make()
    run(one, "mine=1; cd /")
    assert run(other, "echo ${mine-none}").output == "none\n"
    job = one.start("read line; echo $line; exit 5")
    other.send(job, b"hello\n")
    assert ended(other, job).output == "hello\n"
    assert ended(one, job).code == 5


def test_a_job_outlives_the_process_that_started_it(make: Make, tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from hermes_fs.backends.local import Local\n"
        "print(Local(Path(sys.argv[1]), Path(sys.argv[2]), os.environ).start('echo up; read line; echo $line'))"
    )
    local = make()
    command = [sys.executable, "-c", program, str(tmp_path / "work"), str(tmp_path / "state")]
    job = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    until(lambda: local.poll(job).output == "up\n")
    assert local.poll(job).code is None
    local.send(job, b"found again\n")
    assert ended(local, job).output == "up\nfound again\n"


def test_a_reused_process_id_is_not_taken_for_the_job(make: Make, tmp_path: Path) -> None:
    local = make()
    job = local.start("sleep 607")
    home = tmp_path / "state/local/jobs" / job
    number = int((home / "pid").read_text().split()[0])
    local.kill(job)
    (home / "rc").unlink()
    bystander = subprocess.Popen(["sleep", "608"], start_new_session=True)
    try:
        (home / "pid").write_text(f"{bystander.pid} {number}@some-boot")
        assert local.poll(job).code == 137
        local.kill(job)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_job_that_was_killed_from_outside_has_ended(make: Make, tmp_path: Path) -> None:
    local = make()
    job = local.start("sleep 609")
    leader = int((tmp_path / "state/local/jobs" / job / "pid").read_text().split()[0])
    os.killpg(leader, 9)
    assert ended(local, job).code == 137


def test_a_full_disk_ends_neither_the_command_nor_the_shell(make: Make, tmp_path: Path) -> None:
    local = make(kind=Short)
    run(local, "kept=1")
    (tmp_path / "state/local/output").write_text("in the way")
    done = run(local, "seq 1000")
    assert (done.code, done.overflow) == (0, "")
    assert done.dropped > 3000
    assert run(local, "echo $kept").output == "1\n"


def test_a_shell_that_its_command_replaced_keeps_its_last_state(make: Make) -> None:
    local = make()
    run(local, "a=1")
    assert run(local, "a=2; exec echo replaced").output == "replaced\n"
    assert run(local, "echo $a").output == "1\n"


def test_aliases_of_builtins_do_not_break_the_machinery(make: Make) -> None:
    local = make()
    run(local, "alias builtin=false eval=false trap=false exit=false source=false declare=false; cd /")
    run(local, "x=1")
    assert run(local, "echo $x $PWD").output == "1 /\n"


def test_options_of_the_shell_do_not_break_the_machinery(make: Make) -> None:
    local = make()
    assert run(local, "set -euxCf -o pipefail; shopt -s nullglob failglob extglob; IFS=,; x=1").code == 0
    assert run(local, "IFS=$' \\t\\n'; echo $x; case ab in @(ab|c)) echo yes;; esac").output == "1\nyes\n"


def test_errors_count_the_commands_own_lines(make: Make) -> None:
    assert "line 2:" in run(make(), "true\nno-such-thing").output


def test_a_nul_character_is_refused(make: Make) -> None:
    with pytest.raises(UsageError):
        run(make(), "echo a\0b")


def test_a_work_directory_that_is_gone_is_said(make: Make, tmp_path: Path) -> None:
    local = make()
    (tmp_path / "work").rmdir()
    with pytest.raises(Failed, match="work directory is gone"):
        run(local, "true")


def test_a_tilde_is_the_commands_own_home(make: Make, home: Path) -> None:
    local = make()
    local.write("~/noted", b"x", outside=True)
    assert (home / "noted").read_bytes() == b"x"


def test_a_callback_that_fails_does_not_leave_the_command_running(make: Make, tmp_path: Path) -> None:
    local = make()

    def fail(_: str) -> None:
        raise Failed("the screen is gone")

    with pytest.raises(Failed, match="screen"):
        local.run("echo $$ >pid; echo x; sleep 610", timeout=60, cancel=Cancel(), output=fail)
    number = int((tmp_path / "work/pid").read_text())
    until(lambda: run(local, f"kill -0 {number}").code != 0)


def test_old_state_is_cleared_away_and_running_jobs_are_not(make: Make, tmp_path: Path) -> None:
    local = make(kind=Short)
    old_output = Path(run(local, "seq 1000").overflow)
    running, done = local.start("sleep 611"), local.start("true")
    ended(local, done)
    for path in (tmp_path / "state").rglob("*"):
        os.utime(path, (1, 1))
    new = make()
    run(new, "true")
    assert not old_output.exists()
    assert [state.id for state in new.jobs()] == [running]


def test_credentials_do_not_reach_the_disk_with_a_long_output(make: Make) -> None:
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    done = run(make(), f"seq 60000; echo token {key}; seq 60000")
    whole = Path(done.overflow).read_text()
    assert key not in whole
    assert "redacted" in whole
    assert whole.endswith("60000\n")
