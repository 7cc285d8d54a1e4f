"""The loopback server that the others are made of: routes, what it remembers, and the kinds of answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest

from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing

Answered = tuple[int, dict[str, str], bytes]


def double(asked: Incoming, number: str) -> Outgoing:
    return Outgoing({"number": 2 * int(number), "given": asked.body}, 201, {"X-Kind": "double"})


@pytest.fixture
def server() -> Iterator[Loopback]:
    odd = Outgoing(iter([b"ab", b"c"]), headers={"Content-Length": "9"})
    with Loopback(("POST", "/double/([0-9]+)", double), ("GET", "/odd", lambda asked: odd)) as running:
        yield running


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> Answered:
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Authorization": "Bearer x"})
    answer = connection.getresponse()
    return answer.status, dict(answer.headers), answer.read()


def test_json_goes_in_and_out_over_one_connection(server: Loopback) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for number in (1, 2):
        status, headers, said = ask(connection, "POST", f"/double/{number}?page=3", {"a": [1]})
        assert (status, headers["X-Kind"], headers["Content-Type"]) == (201, "double", "application/json")
        assert json.loads(said) == {"number": 2 * number, "given": {"a": [1]}}
    connection.close()
    first, second = server.requests
    assert (first.method, first.path, first.query, first.body) == ("POST", "/double/1", "page=3", {"a": [1]})
    assert (second.path, second.headers["authorization"]) == ("/double/2", "Bearer x")


@pytest.mark.parametrize(("method", "path"), [("GET", "/double/1"), ("POST", "/double/x"), ("POST", "/double/1/more")])
def test_what_no_route_fits_is_404_and_remembered(server: Loopback, method: str, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    status, _, said = ask(connection, method, path)
    connection.close()
    assert (status, json.loads(said)) == (404, {"message": f"no route {method} {path}"})
    assert [asked.path for asked in server.requests] == [path]


def test_pieces_that_are_fewer_than_declared_break_off(server: Loopback) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask(connection, "GET", "/odd")
    connection.close()
    assert cut.value.partial == b"abc"
