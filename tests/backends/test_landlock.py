"""The Landlock backend: the shared suite, what it hides, and what it says that it cannot do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.backends.confined import Ground
from hermes_fs.backends.isolation_probe import landlock_abi
from hermes_fs.backends.landlock import Landlock
from hermes_fs.core.errors import Refused
from hermes_fs.testing.backend_commands import run
from hermes_fs.testing.backend_conformance import BackendConformance
from tests.backends.scene import SECRET, Scene, python


@pytest.fixture
def another(scene: Scene) -> Iterator[Callable[[], Landlock]]:
    ground = Ground((scene.work, scene.mind / "work"), (scene.mind,), (scene.mind / ".git",))
    made: list[Landlock] = []

    def one() -> Landlock:
        made.append(Landlock(scene.work, scene.state, scene.environ, ground))
        return made[-1]

    yield one
    for each in made:
        for job in each.jobs():
            each.kill(job.id)
        each.close()


@pytest.fixture
def confined(another: Callable[[], Landlock]) -> Landlock:
    return another()


class TestLandlock(BackendConformance):
    @pytest.fixture
    def backend(self, confined: Landlock) -> Landlock:
        return confined


def test_this_kernel_has_it() -> None:
    assert landlock_abi() >= 1


def test_nothing_but_the_declared_ground_is_read_or_written(confined: Landlock, scene: Scene) -> None:
    for path in (scene.outside / "secret", scene.home / ".ssh/id_ed25519", scene.state / "local.yaml"):
        assert SECRET not in run(confined, f"cat {path}; ln -sfn {path} link; cat link; ln -f {path} hard").output
        assert run(confined, f"echo x >>{path}").code != 0
    assert run(confined, f"echo x >>{scene.mind}/MEMORY.md").code != 0
    assert run(confined, f"cat {scene.mind}/MEMORY.md; echo x >{scene.mind}/work/made").output == "- kept\n"
    assert run(confined, "cat /etc/shadow").code != 0
    assert run(confined, "echo x >/tmp/hermes-landlock").code != 0
    assert run(confined, "echo x >$TMPDIR/a && cat ~/../tmp/a").output == "x\n"
    assert run(confined, "cat /proc/sys/kernel/printk_ratelimit >/proc/sys/kernel/printk_ratelimit").code != 0


def test_other_processes_are_out_of_reach(confined: Landlock, scene: Scene) -> None:
    assert (
        SECRET
        not in run(confined, "cat /proc/*/environ /proc/*/cwd/../../../../etc/shadow 2>&1 | tr '\\0' '\\n'").output
    )
    if landlock_abi() >= 6:
        assert run(confined, "kill -0 $PPID").code != 0


def test_no_socket_is_reached(confined: Landlock, scene: Scene) -> None:
    place = scene.work / "docker.sock"
    with socket.socket(socket.AF_UNIX) as made, socket.create_server(("127.0.0.1", 0)) as server:
        made.bind(str(place))
        made.listen()
        for attack in (
            f"socket.socket(socket.AF_UNIX).connect({str(place)!r})",
            f"socket.create_connection({server.getsockname()!r})",
            f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', {server.getsockname()!r})",
        ):
            assert "Address family not supported" in run(confined, python(f"import socket\n{attack}")).output


def test_the_network_is_opened_as_a_whole_or_not_at_all(confined: Landlock) -> None:
    with pytest.raises(Refused, match="alone"):
        confined.allow_network("example.org")
    assert not confined.capabilities.network
    with socket.create_server(("127.0.0.1", 0)) as server:
        attack = python(f"import socket\nsocket.create_connection({server.getsockname()!r}); print('connected')")
        assert "connected" not in run(confined, attack).output
        confined.allow_network()
        assert confined.capabilities.network
        assert "connected" in run(confined, attack).output


def test_a_planted_hook_is_put_aside(confined: Landlock, scene: Scene) -> None:
    before = (scene.work / ".git/config").read_text()
    done = run(confined, "echo evil >.git/hooks/pre-commit; git config core.fsmonitor /tmp/x; echo . >.git/commondir")
    assert not (scene.work / ".git/hooks/pre-commit").exists()
    assert not (scene.work / ".git/commondir").exists()
    assert (scene.work / ".git/config").read_text() == before
    assert done.output.count("it was put back") == 3


def test_what_a_command_leaves_for_its_shell_is_not_followed(confined: Landlock, scene: Scene) -> None:
    link = f"ln -sfn {scene.outside}/secret"
    done = run(
        confined,
        f'for part in cwd next command; do {link} "$(ls -d $HOME/../../../landlock/shells/*)/1.$part"; done; exec true',
    )
    assert done.code == 0
    assert SECRET not in confined.cwd
    run(confined, f"x={'y' * 300_000}")
    assert (scene.outside / "secret").read_text() == SECRET


def test_dangerous_ground_is_refused(scene: Scene, tmp_path: Path) -> None:
    for folder in (Path("/"), scene.home / ".ssh", Path("/etc")):
        with pytest.raises(Refused):
            Landlock(folder, scene.state, scene.environ)
