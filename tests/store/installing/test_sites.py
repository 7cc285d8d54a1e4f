from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused, UsageError
from hermes_fs.store.installing import fetching, hubs, sites
from hermes_fs.store.installing.fetching import Bounds
from tests.store.installing.packing import SKILL, tarred, zipped
from tests.store.installing.site import Page, Site, row

SMALL = Bounds(10_000, seconds=5)


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with Site() as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(server: Site) -> None:
    server.pages.clear()
    server.requests.clear()


# -- one file ---------------------------------------------------------------------------------------------------------


def test_a_file_comes_byte_for_byte(server):
    server.pages["/a"] = Page(b"\x1f\x8b raw", headers={"Content-Encoding": "gzip"})
    assert fetching.get(f"{server.address}/a", SMALL).data == b"\x1f\x8b raw"


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/x",
        "http://10.0.0.1/x",
        "http://localhost.example.com/x",
        "ftp://example.com/x",
        "https:///x",
        "file:///etc/passwd",
        "http://127.0.0.1.example.com/x",
    ],
)
def test_plain_http_is_spoken_with_this_machine_alone(address):
    with pytest.raises(UsageError, match="no https address"):
        fetching.get(address, SMALL)


def test_a_huge_body_is_cut_off_whether_announced_or_not(server):
    server.pages["/announced"] = Page(bytes(20_000))
    server.pages["/not"] = Page(bytes(20_000), declared=9_000)
    server.pages["/lie"] = Page(b"", declared=10**15)
    for path in ("/announced", "/lie"):
        with pytest.raises(Refused, match="more than 10,000 bytes"):
            fetching.get(server.address + path, SMALL)
    assert len(fetching.get(f"{server.address}/not", SMALL).data) <= 10_000


def test_a_body_that_drips_is_given_up(server):
    server.pages["/slow"] = Page(b"x" * 1000, drip=0.05)
    with pytest.raises(Failed, match=r"took more than|did not answer"):
        fetching.get(f"{server.address}/slow", Bounds(10_000, seconds=0.3))


def test_a_body_that_breaks_off_is_no_body(server):
    server.pages["/half"] = Page(b"x" * 10, declared=20)
    with pytest.raises(Failed, match="did not answer"):
        fetching.get(f"{server.address}/half", Bounds(10_000, seconds=1))


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (410, NotFound), (500, Failed), (403, Failed)])
def test_what_is_not_there_is_one_line(server, status, error):
    server.pages["/x"] = Page(b"<html>", status)
    with pytest.raises(error) as raised:
        fetching.get(f"{server.address}/x", SMALL)
    assert "\n" not in str(raised.value)


def test_where_nobody_listens_is_one_line():
    with pytest.raises(Failed, match="did not answer"):
        fetching.get("http://127.0.0.1:9/x", SMALL)


def test_a_password_goes_to_the_host_that_it_was_given_for_and_to_no_other(server):
    with Site("localhost") as other:
        other.pages["/there"] = Page(b"ok", headers={"Set-Cookie": "a=b"})
        server.pages["/here"] = Page(status=302, headers={"Location": "/again"})
        server.pages["/again"] = Page(status=302, headers={"Location": f"{other.address}/there"})
        answer = fetching.get(server.address.replace("://", "://me:s3cret@") + "/here", SMALL)
        assert answer.data == b"ok" and answer.address == f"{other.address}/there"
        assert ["authorization" in asked.headers for asked in server.requests] == [True, True]
        assert all(not asked.headers.keys() & {"authorization", "cookie"} for asked in other.requests)


def test_a_password_in_a_redirect_is_not_used(server):
    server.pages["/a"] = Page(status=302, headers={"Location": server.address.replace("://", "://u:p@") + "/b"})
    server.pages["/b"] = Page(b"ok")
    fetching.get(f"{server.address}/a", SMALL)
    assert all("authorization" not in asked.headers for asked in server.requests)


@pytest.mark.parametrize("target", ["http://example.com/x", "file:///etc/passwd", "ftp://x/y", "", "https://[bad"])
def test_a_redirect_to_what_is_not_spoken_is_not_followed(server, target):
    server.pages["/a"] = Page(status=302, headers={"Location": target})
    with pytest.raises(HermesError) as raised:
        fetching.get(f"{server.address}/a", SMALL)
    assert "\n" not in str(raised.value)


def test_a_redirect_from_elsewhere_to_this_machine_is_refused():
    for target in (
        "http://127.0.0.1/x",
        "https://localhost/x",
        "https://192.168.1.1/x",
        "https://[::1]/",
        "https://169.254.169.254/",
    ):
        with pytest.raises(HermesError, match=r"this machine|no https"):
            fetching._next("https://example.com/a", target)


def test_redirects_without_end_are_given_up(server):
    server.pages["/a"] = Page(status=302, headers={"Location": "/a"})
    with pytest.raises(Refused, match="without an end"):
        fetching.get(f"{server.address}/a", SMALL)
    assert len(server.requests) == 6


# -- an index ---------------------------------------------------------------------------------------------------------


def test_an_offer_is_taken_by_its_name_and_checked(server):
    packed = tarred({"SKILL.md": SKILL, "scripts/run.py": b"1\n"})
    server.pages["/cdn/pdf.tar.gz"] = Page(packed)
    server.pages["/.well-known/agent-skills/web/SKILL.md"] = Page(SKILL)
    address = server.offer(row("pdf", packed, "/cdn/pdf.tar.gz"), row("web", SKILL, "web/SKILL.md", "skill-md"))
    found = sites.index(address)
    assert sites.fetch(sites.choose(found, "pdf")).read("scripts/run.py") == b"1\n"
    assert sites.fetch(sites.choose(found, "web")).names == ("SKILL.md",)
    with pytest.raises(NotFound, match="add #NAME to the source: pdf, web"):
        sites.choose(found, "")
    with pytest.raises(NotFound, match="it offers pdf, web"):
        sites.choose(found, "none")


def test_a_wrong_digest_is_refused_before_anything_is_unpacked(server):
    packed = zipped({"SKILL.md": SKILL})
    server.pages["/x.zip"] = Page(b"not even an archive")
    offer = sites.choose(sites.index(server.offer(row("pdf", packed, "/x.zip"))), "")
    with pytest.raises(Refused, match="is not what its index says: its SHA-256 is"):
        sites.fetch(offer)


def test_addresses_are_those_of_where_the_index_lay_in_the_end(server):
    with Site("localhost") as other:
        server.pages["/.well-known/agent-skills/index.json"] = Page(
            status=301, headers={"Location": f"{other.address}/deep/index.json"}
        )
        other.offer(row("pdf", SKILL, "pdf/SKILL.md", "skill-md"))
        other.pages["/deep/index.json"] = other.pages.pop("/.well-known/agent-skills/index.json")
        found = sites.index(f"{server.address}/.well-known/agent-skills/index.json")
        assert found.offers[0].address == f"{other.address}/deep/pdf/SKILL.md"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<html>", "no JSON"),
        (b"[]", "lists no skills"),
        (b"{}", "lists no skills"),
        (b'{"skills": {}}', "lists no skills"),
        (b'{"skills": []}', "version 0.1"),
        (b'{"$schema": "https://schemas.agentskills.io/discovery/9/schema.json", "skills": []}', "not of version"),
        (b"[" * 100_000, "no JSON"),
        (b'{"skills": "\xff"}', "no JSON"),
    ],
)
def test_what_is_no_index_of_this_version_is_refused(data, why):
    with pytest.raises(Refused, match=why):
        sites.read(data, "https://example.com/index.json")


def test_what_is_no_offer_is_skipped_and_said():
    good = row("good", SKILL, "good/SKILL.md", "skill-md") | {"future": {"field": 1}}
    rows = [
        good,
        good,
        row("Bad Name", SKILL, "x"),
        row("../evil", SKILL, "x"),
        row("odd", SKILL, "x", "docker-image"),
        row("unpinned", SKILL, "x") | {"digest": "md5:1"},
        row("inward", SKILL, "https://127.0.0.1:8443/x"),
        row("inward-too", SKILL, "//192.168.1.1/x"),
        {"name": "lacking"},
        7,
        {"name": 7},
    ]
    data = json.dumps({"$schema": sites.SCHEMA, "skills": rows}).encode()
    found = sites.read(data, "https://example.com/.well-known/agent-skills/index.json")
    assert [offer.name for offer in found.offers] == ["good"]
    assert found.offers[0].address == "https://example.com/.well-known/agent-skills/good/SKILL.md"
    assert len(found.skipped) == 10 and "odd: its type is 'docker-image'" in found.skipped
    with pytest.raises(NotFound, match=r"no skill unpinned.*digest"):
        sites.choose(found, "unpinned")


# -- hubs -------------------------------------------------------------------------------------------------------------


def test_hubs_are_searched_by_their_index_alone_and_one_that_is_down_hides_no_other(server):
    server.offer(
        row("pdf-forms", b"", "/x", about="Fills in forms"),
        row("weather", b"", "/y", about="Forecasts; exports as PDF files"),
        row("bread", b"", "/z", about="Bakes"),
    )
    hits, problems = hubs.search((server.address, "http://127.0.0.1:9/", "ssh://x/y"), "pdf form")
    assert [hit.name for hit in hits] == ["pdf-forms"]
    assert hits[0].source == f"{server.address}/.well-known/agent-skills/index.json#pdf-forms"
    assert len(problems) == 2
    assert [asked.path for asked in server.requests] == ["/.well-known/agent-skills/index.json"], "no word was sent"
    assert [hit.name for hit in hubs.search((server.address,), "pdf")[0]] == ["pdf-forms", "weather"]
    assert hubs.search((server.address,), "nothing-alike") == ([], [])
