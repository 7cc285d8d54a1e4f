"""Attempts to get out of the sandbox by sockets, and past the proxy that is the only way out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.backends.egress import Egress, grant, granted_by, may_reach, parse
from hermes_fs.core.errors import UsageError
from hermes_fs.testing.backend_conformance import until
from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing
from tests.backends.scene import SECRET, Scene, python


@pytest.fixture
def server() -> Iterator[int]:
    """A web server of the machine that answers SECRET."""

    def tell(asked: Incoming) -> Outgoing:
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        return Outgoing(f"{SECRET} {target} {asked.headers['host']}")

    with Loopback(("GET", ".*", tell)) as serving:
        yield serving.port


def fetch(url: str, how: str = "") -> str:
    return f"curl -sS --max-time 5 {how} {url} 2>&1"


# -- sockets ----------------------------------------------------------------------------------------------------------


def listening(made: socket.socket) -> socket.socket:
    made.listen()
    return made


CONNECT = "import socket\nmade = socket.socket(socket.AF_UNIX)\nmade.connect(%r)\nprint('connected')"


def test_a_socket_file_of_the_machine_is_not_there(scene: Scene) -> None:
    """Such as docker.sock, or that of an ssh agent."""
    place = scene.home / "docker.sock"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
        listening(made)
        attack = python(CONNECT % str(place))
        assert "connected" in scene.bare(attack).output
        assert "connected" not in scene.inside(attack).output


def test_an_abstract_socket_of_the_machine_is_not_there(scene: Scene) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("\0hermes-escape")
        listening(made)
        attack = python(CONNECT % "\0hermes-escape")
        assert "connected" in scene.bare(attack).output
        assert "connected" not in scene.inside(attack).output


def test_a_server_on_this_machine_is_not_reached(scene: Scene, server: int) -> None:
    url = f"http://127.0.0.1:{server}/"
    assert SECRET in scene.bare(fetch(url)).output
    for how in ("", "--noproxy '*'", "--proxy http://127.0.0.1:3128 --noproxy ''"):
        assert SECRET not in scene.inside(fetch(url, how)).output


def test_no_packet_goes_out(scene: Scene) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(0.5)
        send = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', %r)"
        scene.bare(python(send % (made.getsockname(),)))
        assert made.recv(10) == b"x"
        scene.inside(python(send % (made.getsockname(),)))
        with pytest.raises(TimeoutError):
            made.recv(10)
    assert "unreachable" in scene.inside(python(send % (("192.0.2.1", 53),))).output


def test_names_are_not_resolved(scene: Scene) -> None:
    ask = python("import socket\nprint(socket.getaddrinfo('example.com', 80))")
    assert "gaierror" in scene.inside(ask).output
    assert scene.inside("cat /etc/resolv.conf").code != 0


FAMILIES = python(
    """
import errno, socket
for family, kind in ((40, 1), (17, 3), (38, 5), (15, 3), (31, 3), (29, 3)):
    try:
        socket.socket(family, kind).close()
        print("made")
    except OSError as error:
        print(errno.errorcode[error.errno])
"""
)


def test_only_sockets_that_a_network_of_ones_own_confines_can_be_made(scene: Scene) -> None:
    """Not vsock (it leads to the machine around a virtual one), packet, alg, key, bluetooth, can."""
    assert "made" in scene.bare(FAMILIES).output
    assert scene.inside(FAMILIES).output == "EAFNOSUPPORT\n" * 6


def test_the_interfaces_are_the_sandboxs_own(scene: Scene) -> None:
    assert scene.inside("ls /proc/self/net/dev; tail -n +3 /proc/self/net/dev | cut -d: -f1").output.split()[1:] == [
        "lo"
    ]
    assert scene.inside("ip link add dummy0 type dummy || ip addr add 192.0.2.7/24 dev lo").code != 0


def test_a_server_inside_is_reached_from_inside_only(scene: Scene) -> None:
    (scene.work / "index.html").write_text("served inside")
    scene.sandbox.start("python3 -m http.server 8765 --bind 127.0.0.1")
    done = scene.inside("for i in $(seq 100); do curl -s http://127.0.0.1:8765/ && break; sleep 0.1; done")
    assert done.output == "served inside"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 8765), 2)


# -- the proxy --------------------------------------------------------------------------------------------------------


def test_a_host_that_was_not_granted_is_named_to_whoever_can_grant_it(scene: Scene) -> None:
    done = scene.inside(fetch("http://example.org/x"))
    assert "network is off here for example.org:80" in done.output
    assert "ask the user to allow that host" in done.output
    assert "network is off here for example.org:443" in scene.inside(fetch("https://example.org/")).output
    assert not scene.sandbox.capabilities.network


def test_a_granted_address_is_reached_and_no_other(scene: Scene, server: int) -> None:
    scene.sandbox.allow_network(f"127.0.0.1:{server}")
    assert scene.sandbox.capabilities.network
    done = scene.inside(fetch(f"http://127.0.0.1:{server}/a?b=c", "--noproxy ''"))
    assert done.output == f"{SECRET} /a?b=c 127.0.0.1:{server}"
    tunnel = fetch(f"http://127.0.0.1:{server}/", "--noproxy '' --proxytunnel")
    assert SECRET in scene.inside(tunnel).output
    for other in (f"http://localhost:{server}/", f"http://127.0.0.2:{server}/", "http://127.0.0.1:1/"):
        assert "network is off" in scene.inside(fetch(other, "--noproxy ''")).output


def test_what_was_granted_ends_with_the_object(scene: Scene, server: int) -> None:
    scene.sandbox.start("sleep 622")
    scene.sandbox.allow_network(f"127.0.0.1:{server}")
    ask = fetch(f"http://127.0.0.1:{server}/", "--noproxy ''")
    assert SECRET in scene.inside(ask).output
    scene.sandbox.close()
    assert SECRET not in scene.inside(ask).output.replace(str(Path.cwd()), "")


def test_a_new_sandbox_keeps_what_was_granted_to_the_object(scene: Scene, server: int) -> None:
    scene.sandbox.allow_network(f"127.0.0.1:{server}")
    ask = fetch(f"http://127.0.0.1:{server}/", "--noproxy ''")
    assert SECRET in scene.inside(ask).output
    scene.sandbox.allow_network("example.org")
    assert SECRET in scene.inside(ask).output


def test_what_was_opened_is_closed_and_what_is_connected_is_cut(scene: Scene) -> None:
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=lambda: held.append(listener.accept()[0]), daemon=True).start()
        scene.sandbox.allow_network(f"127.0.0.1:{port}")
        job = scene.sandbox.start(f"curl -sS --max-time 60 --noproxy '' http://127.0.0.1:{port}/; echo ended")
        until(lambda: bool(held))
        scene.sandbox.close_network()
        until(lambda: scene.sandbox.poll(job).code is not None)
        assert not scene.sandbox.capabilities.network
        said = scene.inside(fetch(f"http://127.0.0.1:{port}/", "--noproxy ''")).output
        assert "network is off here" in said
        held[0].close()


def test_any_host_means_public_ones(scene: Scene, server: int) -> None:
    scene.sandbox.allow_network()
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"):
        done = scene.inside(fetch(f"http://{host}:{server}/", "--noproxy ''"))
        assert SECRET not in done.output, host
    for host in ("169.254.169.254", "[fe80::1]", "10.0.0.1", "192.168.0.1", "100.64.0.1", "[fd00::1]"):
        assert "its own network" in scene.inside(fetch(f"http://{host}/latest/meta-data/")).output, host


def test_a_name_that_leads_home_is_not_followed() -> None:
    for address in (
        "127.0.0.1",
        "169.254.169.254",
        "10.1.2.3",
        "::1",
        "fe80::1%eth0",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ):
        assert not may_reach(address, "evil.example", ["evil.example", ""])
    assert may_reach("93.184.216.34", "evil.example", ["evil.example"])
    assert may_reach("10.1.2.3", "intranet.example", ["intranet.example", "10.1.2.3"])
    assert may_reach("127.0.0.1", "localhost", ["localhost"])
    assert not may_reach("127.0.0.1", "localhost", [""])


def through(proxy: Callable[[], int], request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy()), 10) as made:
        made.sendall(request)
        made.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := made.recv(65536):
            answer += piece
        return answer


def test_a_name_is_asked_for_once_and_what_was_judged_is_connected_to(server: int) -> None:
    """Rebinding: the first answer is harmless, every later one is this machine."""
    asked: list[str] = []

    def resolving(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        proxy = Egress(listener, lambda: ["rebind.example"], resolving, {})
        proxy.start()
        for _ in range(3):
            answer = through(
                lambda: int(listener.getsockname()[1]),
                f"GET http://rebind.example:{server}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
            )
            assert SECRET.encode() not in answer
            assert b" 403 " in answer.split(b"\r\n")[0] or b" 502 " in answer.split(b"\r\n")[0]
        assert len(asked) == 3
        assert "an address of this machine" in proxy.take_refused()[-1]


def test_a_grant_is_that_very_host() -> None:
    for host in ("evil.example.org", "example.org.evil.test", "notexample.org", "example.orgx", "", "org"):
        assert granted_by(["example.org"], host, 443) is None
    assert granted_by(["example.org"], "example.org", 8443) == "example.org"
    assert granted_by(["*.example.org"], "a.b.example.org", 443)
    assert granted_by(["*.example.org"], "example.org", 443) is None
    assert granted_by(["example.org:443"], "example.org", 80) is None
    assert granted_by(["::1"], "::1", 80) == "::1"
    for wrong in ("http://example.org", "a b", "example.org:http", ":80", "user@example.org"):
        with pytest.raises(UsageError):
            grant(wrong)


def test_the_host_of_the_address_counts_and_not_that_of_the_headers() -> None:
    sent = parse(b"GET http://real.example/x HTTP/1.1\r\nHost: other.example\r\nProxy-Connection: keep-alive\r\nA: b")
    assert (sent.host, sent.port) == ("real.example", 80)
    assert b"Host: real.example\r\n" in sent.head
    assert b"other.example" not in sent.head
    assert b"Proxy-" not in sent.head
    assert parse(b"CONNECT Example.ORG.:443 HTTP/1.1").host == "example.org"
    assert parse(b"GET http://good.example@evil.example/ HTTP/1.1").host == "evil.example"
