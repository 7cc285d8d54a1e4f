"""What every backend must do: subclass `BackendConformance` in a test, with a `backend` fixture that makes a fresh one
and `another`, which is called for a further object of the same place.

The suite speaks to the port alone; a backend registers in `backends/registry.py` only with it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.core.errors import HermesError, NotFound, Refused
from hermes_fs.core.ports import Backend
from hermes_fs.testing.backend_commands import CommandConformance, OutputConformance, ended, run, until


class JobConformance:
    """`start`, `poll`, `jobs`, `send`, `kill`."""

    def test_a_job_runs_on_and_ends_with_its_code(self, backend: Backend) -> None:
        job = backend.start("echo one; read line; echo two >&2; exit 7")
        until(lambda: backend.poll(job).output == "one\n")
        assert backend.poll(job).code is None
        backend.send(job, b"go\n")
        state = ended(backend, job)
        assert (state.id, state.code, state.output) == (job, 7, "one\ntwo\n")
        assert state.command == "echo one; read line; echo two >&2; exit 7"

    def test_a_poll_goes_on_where_the_last_one_ended(self, backend: Backend) -> None:
        job = backend.start("echo one; read line; echo two; read line")
        until(lambda: backend.poll(job).offset == 4)
        first = backend.poll(job)
        backend.send(job, b"\n")
        until(lambda: backend.poll(job, first.offset).output == "two\n")
        assert backend.poll(job, 8).output == ""
        backend.kill(job)

    def test_a_large_output_comes_in_bounded_polls_that_make_the_whole(self, backend: Backend) -> None:
        job = backend.start("yes 日本 | head -n 40000")
        ended(backend, job)
        whole, offset = "", 0
        while state := backend.poll(job, offset):
            if not state.output:
                break
            assert len(state.output.encode()) < 200_000
            whole, offset = whole + state.output, state.offset
        assert whole == "日本\n" * 40_000

    def test_a_job_starts_in_the_shells_state_and_keeps_its_own(self, backend: Backend) -> None:
        run(backend, "mkdir here; cd here; word=kept; say() { echo said; }")
        job = backend.start("echo $word; say; pwd; word=changed; cd /")
        state = ended(backend, job)
        assert state.output.startswith("kept\nsaid\n")
        assert state.output.endswith("/here\n")
        assert run(backend, "echo $word").output == "kept\n"
        assert backend.cwd.endswith("/here")

    def test_input_is_held_open(self, backend: Backend) -> None:
        job = backend.start("while read line; do echo got $line; done")
        backend.send(job, b"a\nb")
        until(lambda: backend.poll(job).output == "got a\n")
        backend.send(job, b"c\n")
        until(lambda: backend.poll(job).output == "got a\ngot bc\n")
        backend.kill(job)

    def test_kill_ends_the_job_and_all_its_children(self, backend: Backend) -> None:
        job = backend.start("(sleep 603 & echo $!; wait) & setsid sleep 604 & echo $!; wait")
        until(lambda: backend.poll(job).output.count("\n") == 2)
        children = backend.poll(job).output.split()
        backend.kill(job)
        assert ended(backend, job).code not in (0, None)
        for child in children:
            until(lambda child=child: run(backend, f"kill -0 {child}").code != 0)  # type: ignore[misc]

    def test_kill_ends_a_job_that_ignores_the_polite_signal(self, backend: Backend) -> None:
        job = backend.start("trap '' TERM; echo ready; while :; do sleep 605; done")
        until(lambda: backend.poll(job).output == "ready\n")
        backend.kill(job)
        assert ended(backend, job).code == 137

    def test_to_kill_a_job_that_has_ended_is_no_error(self, backend: Backend) -> None:
        job = backend.start("exit 4")
        ended(backend, job)
        backend.kill(job)
        assert backend.poll(job).code == 4

    def test_nothing_can_be_sent_to_a_job_that_has_ended(self, backend: Backend) -> None:
        job = backend.start("true")
        ended(backend, job)
        with pytest.raises(HermesError):
            backend.send(job, b"x")

    def test_jobs_are_listed_newest_first(self, backend: Backend) -> None:
        before = [state.id for state in backend.jobs()]
        first, second = backend.start("true"), backend.start("sleep 606")
        ended(backend, first)
        listed = backend.jobs()
        assert [state.id for state in listed] == [second, first, *before]
        assert [(state.code, state.output, state.command) for state in listed[:2]] == [
            (None, "", "sleep 606"),
            (0, "", "true"),
        ]
        backend.kill(second)

    def test_an_unknown_job_is_not_found(self, backend: Backend) -> None:
        for job in ("999", "../1", ""):
            with pytest.raises(NotFound):
                backend.poll(job)
            with pytest.raises(NotFound):
                backend.kill(job)


class FileConformance:
    """`read`, `write`, `stat`, `upload`, `download`."""

    def test_what_is_written_is_read(self, backend: Backend) -> None:
        data = bytes(range(256)) * 5
        backend.write("new/folders/file.bin", data)
        assert backend.read("new/folders/file.bin") == data
        backend.write("new/folders/file.bin", b"")
        assert backend.read("new/folders/file.bin") == b""

    def test_files_and_commands_see_the_same(self, backend: Backend) -> None:
        backend.write("seen", b"by both\n")
        assert run(backend, "cat seen; echo more >>seen").output == "by both\n"
        assert backend.read("seen") == b"by both\nmore\n"

    def test_relative_paths_start_where_the_shell_stands(self, backend: Backend) -> None:
        run(backend, "mkdir sub && cd sub")
        backend.write("here", b"x")
        assert run(backend, 'test "$(cat ../sub/here)" = x').code == 0
        assert backend.read(f"{backend.cwd}/here") == b"x"

    def test_an_existing_file_keeps_its_mode(self, backend: Backend) -> None:
        run(backend, "echo old >script; chmod 750 script")
        backend.write("script", b"new")
        assert run(backend, "stat -c %a script").output == "750\n"

    def test_a_write_leaves_nothing_else_behind(self, backend: Backend) -> None:
        backend.write("only/one", b"x")
        assert run(backend, "ls -A only").output == "one\n"

    def test_stat_tells_where_a_link_leads_and_nothing_else_follows_it(self, backend: Backend) -> None:
        run(backend, "mkdir real; echo old >real/target; ln -s real/target link; ln -s real folder")
        for path in ("link", "folder/target"):
            with pytest.raises(Refused):
                backend.read(path)
            with pytest.raises(Refused):
                backend.write(path, b"new")
            backend.write(backend.stat(path).path, b"by its own name")
            assert backend.read(backend.stat(path).path) == b"by its own name"
        assert run(backend, "test -L link && test -L folder").code == 0

    def test_a_link_that_leads_nowhere_is_replaced_and_never_followed(self, backend: Backend) -> None:
        run(backend, "ln -s elsewhere dangling")
        backend.write("dangling", b"here")
        assert run(backend, "test ! -e elsewhere && test ! -L dangling && cat dangling").output == "here"

    def test_a_hard_link_is_told_and_broken_by_a_write(self, backend: Backend) -> None:
        run(backend, "echo old >one; ln one other")
        assert backend.stat("one").names == 2
        backend.write("one", b"new")
        assert (backend.read("one"), backend.read("other")) == (b"new", b"old\n")

    def test_stat_tells_the_kind_the_size_and_the_path_without_links(self, backend: Backend) -> None:
        backend.write("real/file", b"12345")
        run(backend, "ln -s real link")
        found = backend.stat("link/file")
        assert (found.size, found.is_dir) == (5, False)
        assert found.path.endswith("/real/file")
        assert backend.stat("link").is_dir
        assert backend.stat(".").path == run(backend, "pwd -P").output.rstrip("\n")

    def test_what_is_not_there_is_not_found(self, backend: Backend) -> None:
        run(backend, "ln -s nowhere dangling")
        for path in ("missing", "missing/deeper", "dangling"):
            with pytest.raises(NotFound):
                backend.read(path)
            with pytest.raises(NotFound):
                backend.stat(path)

    def test_only_files_are_read_and_written(self, backend: Backend) -> None:
        run(backend, "mkdir folder; mkfifo pipe; echo x >file")
        for path in ("folder", "pipe", "", "file\0"):
            with pytest.raises(HermesError):
                backend.read(path)
            with pytest.raises(HermesError):
                backend.write(path, b"x")
        with pytest.raises(HermesError):
            backend.write("file/below", b"x")

    def test_files_go_there_and_back(self, backend: Backend, tmp_path: Path) -> None:
        here, back = tmp_path / "here", tmp_path / "back"
        here.write_bytes(b"\0\1data")
        backend.upload(str(here), "there/copy")
        assert backend.read("there/copy") == b"\0\1data"
        backend.download("there/copy", str(back))
        assert back.read_bytes() == b"\0\1data"
        with pytest.raises(NotFound):
            backend.upload(str(tmp_path / "missing"), "x")
        with pytest.raises(NotFound):
            backend.download("missing", str(back))


class BackendConformance(CommandConformance, OutputConformance, JobConformance, FileConformance):
    """All of it, and the ends of a backend's life."""

    def test_files_and_state_outlive_hibernation(self, backend: Backend) -> None:
        backend.write("kept", b"x")
        backend.hibernate()
        backend.resume()
        assert backend.read("kept") == b"x"
        assert run(backend, "cat kept").output == "x"

    def test_jobs_are_found_again_by_another_object(self, backend: Backend, another: Callable[[], Backend]) -> None:
        job = backend.start("echo one; read line; echo $line; exit 3")
        until(lambda: backend.poll(job).output == "one\n")
        backend.close()
        other = another()
        assert [(state.id, state.code) for state in other.jobs()] == [(job, None)]
        other.send(job, b"two\n")
        state = ended(other, job)
        assert (state.code, state.output) == (3, "one\ntwo\n")
        endless = other.start("sleep 606")
        other.close()
        last = another()
        last.kill(endless)
        assert last.poll(endless).code not in (0, None)

    def test_the_network_can_be_opened_and_commands_go_on(self, backend: Backend) -> None:
        run(backend, "kept=1")
        backend.allow_network()
        assert backend.capabilities.network
        assert run(backend, "echo $kept").output == "1\n"
        backend.close_network()
        assert backend.capabilities.network is not backend.capabilities.isolated
        assert run(backend, "echo $kept").output == "1\n"

    def test_closing_twice_is_no_error(self, backend: Backend) -> None:
        run(backend, "true")
        backend.close()
        backend.close()
