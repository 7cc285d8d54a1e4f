"""One server for all of a person's conversations: found, started, shared, believed only when it is ours, ended."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.ports import Cancel
from hermes_fs.providers.embedded import record, server
from hermes_fs.providers.embedded.flags import Flag, is_up
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.record import Record
from hermes_fs.providers.embedded.server import Server
from hermes_fs.providers.embedded.task import Task, task_for
from hermes_fs.testing.openai_server import OpenAIServer

Model = Callable[..., Path]


def task(path: Path, idle: float = 300.0) -> Task:
    return dataclasses.replace(task_for(path), idle=idle)


def starts(path: Path) -> int:
    return len(path.with_suffix(".starts").read_text().splitlines())


def until(fact: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_is_started_on_demand_and_found_again(folders: Folders, model: Model) -> None:
    path = model()
    first, second = Server(folders, task(path)), Server(folders, task(path))
    found = first.ready(Cancel())
    assert second.ready(Cancel()) == found
    assert starts(path) == 1
    assert record.answering(folders.server) == found
    state = server.state(folders)
    assert state is not None
    assert state.users == 2
    first.release()
    second.release()
    assert record.answering(folders.server) == found, "it goes on without users for a while"


def test_its_record_and_its_folder_are_this_persons_alone(folders: Folders, model: Model) -> None:
    found = Server(folders, task(model())).ready(Cancel())
    assert record.record_path(folders.server).stat().st_mode & 0o777 == 0o600
    assert folders.server.stat().st_mode & 0o777 == 0o700
    assert found.key not in repr(found)
    command = Path(f"/proc/{found.pid}/cmdline")
    assert not command.exists() or found.key not in command.read_text(), "nor does a list of processes show the key"


def test_no_credential_reaches_it(folders: Folders, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "HERMES_X", "HTTPS_PROXY", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "hush")
    path = model()
    Server(folders, task(path)).ready(Cancel())
    seen = json.loads(path.with_suffix(".environ").read_text())
    assert "hush" not in seen.values()
    assert (seen["OMP_WAIT_POLICY"], seen["GOMP_SPINCOUNT"]) == ("passive", "2000")


def test_two_that_start_at_once_get_one_server(folders: Folders, model: Model) -> None:
    path = model(kind="slow")
    found: list[Record] = []
    threads = [
        threading.Thread(target=lambda: found.append(Server(folders, task(path)).ready(Cancel()))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert starts(path) == 1
    assert len({one.port for one in found}) == 1


def test_it_outlives_the_process_that_started_it(folders: Folders, model: Model) -> None:
    path = model()
    program = (
        "import sys; from pathlib import Path; from hermes_fs.core.ports import Cancel;"
        "from hermes_fs.providers.embedded.folders import Folders;"
        "from hermes_fs.providers.embedded.server import Server;"
        "from hermes_fs.providers.embedded.task import task_for;"
        "Server(Folders.of_this_person(), task_for(Path(sys.argv[1]))).ready(Cancel())"
    )
    environ = server.environment(os.environ) | {"HOME": os.environ["HOME"]}
    subprocess.run([sys.executable, "-c", program, str(path)], env=environ, check=True, timeout=60)
    assert record.answering(folders.server)
    state = server.state(folders)
    assert state is not None
    assert state.users == 0, "the lease of a process that is gone counts no more"


def test_it_ends_after_its_last_user_and_not_before(folders: Folders, model: Model) -> None:
    user = Server(folders, task(model(), idle=0.5))
    found = user.ready(Cancel())
    time.sleep(2)
    assert record.answering(folders.server) == found, "an open conversation holds it"
    user.release()
    until(lambda: not is_up(record.alive_path(folders.server)))
    assert record.read(folders.server) is None


def test_a_killed_server_is_noticed_and_started_anew(folders: Folders, model: Model) -> None:
    path = model()
    user = Server(folders, task(path))
    first = user.ready(Cancel())
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not user.is_known)
    assert record.answering(folders.server) is None
    second = user.ready(Cancel())
    assert (second.key != first.key, starts(path)) == (True, 2)


def test_a_record_that_others_can_read_or_that_is_a_link_is_not_believed(folders: Folders, model: Model) -> None:
    Server(folders, task(model())).ready(Cancel())
    path = record.record_path(folders.server)
    path.chmod(0o644)
    assert record.read(folders.server) is None
    path.chmod(0o600)
    assert record.read(folders.server)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))
    assert record.read(folders.server) is None


def test_a_record_that_leads_to_somebody_elses_server_is_not_believed(folders: Folders, model: Model) -> None:
    path = model()
    with OpenAIServer() as stranger, subprocess.Popen(["sleep", "60"]) as process:
        port = int(stranger.base_url.rpartition(":")[2].partition("/")[0])
        folder = folders.private_server()
        forged = Record(process.pid, record.born(process.pid), port, "no-secret", str(path), "tiny", 99_000)
        record.write(folder, forged)
        assert record.living(folder) is None, "its process does not hold the flag"
        flag = Flag(record.alive_path(folder))
        assert flag.raise_it()
        assert record.living(folder) == forged
        assert record.answering(folder) is None, "what listens there takes any key"
        record.write(folder, dataclasses.replace(forged, born="1"))
        assert record.living(folder) is None, "another process has that number now"
        flag.lower()
        found = Server(folders, task(path)).ready(Cancel())
        process.kill()
    assert found.port != port
    assert stranger.chats() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "1"}', "\0" * 100, '{"pid": 1, "port": 99999999}'])
def test_a_broken_record_is_none(folders: Folders, text: str) -> None:
    path = record.record_path(folders.private_server())
    path.write_text(text)
    path.chmod(0o600)
    assert record.read(folders.server) is None


def test_a_folder_that_others_may_enter_is_closed_to_them(folders: Folders, model: Model) -> None:
    folders.server.mkdir(parents=True)
    folders.server.chmod(0o777)
    Server(folders, task(model())).ready(Cancel())
    assert folders.server.stat().st_mode & 0o777 == 0o700


def test_a_model_that_cannot_be_loaded_is_one_line(folders: Folders, model: Model) -> None:
    with pytest.raises(ProviderError, match="failed to load the model") as caught:
        Server(folders, task(model(kind="refuse"))).ready(Cancel())
    assert "log.txt" in caught.value.hint
    assert not caught.value.transient


def test_a_file_that_is_none_is_one_line(folders: Folders, model: Model) -> None:
    path = model()
    path.write_text("<html>")
    with pytest.raises(ProviderError, match="web page"):
        Server(folders, task(path)).ready(Cancel())
    path.unlink()
    with pytest.raises(ProviderError, match="there is no file") as caught:
        Server(folders, task(path)).ready(Cancel())
    assert "hermes model pull" in caught.value.hint


def test_another_model_takes_the_place_of_one_that_nobody_uses(folders: Folders, model: Model) -> None:
    one, other = model("one"), model("other")
    first = Server(folders, task(one))
    first.ready(Cancel())
    with pytest.raises(ProviderError, match="runs one for another conversation") as caught:
        Server(folders, task(other)).ready(Cancel())
    assert "hermes model stop" in caught.value.hint
    first.release()
    assert Server(folders, task(other)).ready(Cancel()).alias == "other"


def test_waiting_for_it_can_be_broken_off(folders: Folders, model: Model) -> None:
    flag = Flag(record.starting_path(folders.private_server()))
    assert flag.raise_it()
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        Server(folders, task(model())).ready(cancel)
    flag.lower()


def test_taking_its_record_away_ends_it(folders: Folders, model: Model) -> None:
    Server(folders, task(model())).ready(Cancel())
    record.remove(folders.server)
    until(lambda: not is_up(record.alive_path(folders.server)))
