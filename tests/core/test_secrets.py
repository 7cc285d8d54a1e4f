"""Credentials are found and blotted out; what only looks a little like one is left alone."""

from __future__ import annotations

import base64
import random
import string
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.secrets import find, redact

# Put together from pieces, so that no scanner takes this file for a leak.
KEYS = {
    "aws-key": "AKIA" + "IOSFODNN7EXAMPLE",
    "github-token": "gh" + "p_" + "a1B2" * 9,
    "gitlab-token": "gl" + "pat-abcdefghij1234567890",
    "openai-key": "sk" + "-proj-aB3dE5fG7hI9jK1lM3nO5pQ7",
    "anthropic-key": "sk" + "-ant-api03-abcdefghij1234567890xyz",
    "slack-token": "xox" + "b-1234567890-abcdef12345",
    "google-key": "AI" + "za" + "aB3_-" * 7,
    "stripe-key": "sk" + "_live_a1b2c3d4e5f6",
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0In0.abcDEF123_-xyz",
    "npm-token": "npm" + "_" + "a1B2" * 9,
    "pypi-token": "pypi" + "-AgEIcHlwaS5vcmc" + "aB3d" * 15,
    "telegram-token": "123456789" + ":AA" + "aB3dE5fG7hI" * 3,
    "discord-token": "MTIzNDU2Nzg5MDEyMzQ1Njc4" + ".GaBcDe." + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9",
    "huggingface-token": "hf" + "_" + "aB3d" * 9,
    "private-key": f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{'MIIEowIBAAKCAQEA' * 20}\n-----END RSA PRIVATE KEY-----",
}

ASSIGNED = [
    ("password=hunter22", "hunter22"),
    ("password: Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("DB_PASSWORD='correct-horse1!'", "correct-horse1!"),
    ("my password is Xk39!fjwPq", "Xk39!fjwPq"),
    ('api_key = "9f8a7b6c5d4e3f2a1b0c9d8e"', "9f8a7b6c5d4e3f2a1b0c9d8e"),
    ('{"client_secret": "a8Kd03jfLq92mZx71Pq4"}', "a8Kd03jfLq92mZx71Pq4"),
    ("Authorization: Bearer abcDEF123456789xyzQQ", "abcDEF123456789xyzQQ"),
    ("authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
    ("postgres://app:s3cr3tpw@db.internal/x", "s3cr3tpw"),
    ("https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx", "T00000000/B00000000"),
]

HARMLESS = [
    "token = tokenizer.next()",
    "password: required",
    "api_key_env: OPENAI_API_KEY",
    "token: str = ''",
    "self.token = token",
    "api_key=os.environ['X1']",
    "password = get_password(user1)",
    "password=${DB_PASSWORD_1}",
    "password: <your password here 1>",
    "commit 2c772d58a9e0b1f3c4d5e6f7a8b9c0d1e2f3a4b5",
    "blob 4b825dc642cb6eb9a060e54bf8d69288fbee4904c5a4e8f3b2d1a0f9e8d7c6b5",
    str(uuid.UUID(int=0x1234567890ABCDEF1234567890ABCDEF)),
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "data:image/png;base64," + base64.b64encode(random.Random(1).randbytes(3000)).decode(),
    "http://localhost:8080/a@b",
    "tokens: 12345 in, 553 out; max_tokens=4096",
    "the secret is patience; the key is to relax",
    "task-list-of-all-the-things-that-we-did-in-2024",
    "sk-fading-circle-animation-keyframes",
]


@pytest.mark.parametrize("kind", KEYS)
def test_a_well_known_key_is_found_where_it_stands(kind: str) -> None:
    text = f"use {KEYS[kind]} for it"
    assert [(found.kind, text[found.start : found.end]) for found in find(text)] == [(kind, KEYS[kind])]


@pytest.mark.parametrize(("text", "secret"), ASSIGNED)
def test_a_value_behind_a_key_word_is_blotted_out(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "[redacted:" in redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_hashes_ids_images_code_and_prose_are_left_alone(text: str) -> None:
    assert find(text) == []
    assert redact(text) == text


def test_a_private_key_that_was_cut_off_is_blotted_out_as_far_as_it_goes() -> None:
    cut = KEYS["private-key"].partition("\n-----END")[0]
    assert redact(f"{cut}\n") == "[redacted:private-key]"


def test_a_key_inside_json_text_is_found() -> None:
    assert redact('{"a": "' + KEYS["github-token"] + '"}') == '{"a": "[redacted:github-token]"}'


_PIECES = [*KEYS.values(), *(text for text, _ in ASSIGNED), *HARMLESS, "password=", "=", " ", "\n", '"', "[redacted:x]"]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=12), max_size=6).map("".join))
def test_redaction_is_idempotent_and_leaves_nothing_to_find(text: str) -> None:
    assert redact(redact(text)) == redact(text)
    assert find(redact(text)) == []


@given(st.text(string.ascii_letters + string.digits, min_size=36, max_size=36))
def test_nothing_of_a_token_survives_redaction(body: str) -> None:
    assert body not in redact(f"the token ghp_{body}, keep it")


def test_the_place_of_a_finding_is_right_where_letters_grow_when_lowered() -> None:
    text = "İİİİ password=hunter22!"
    assert redact(text) == "İİİİ password=[redacted:password]!"


def test_time_grows_no_faster_than_the_text() -> None:
    """Each repeated piece is a way to make a careless pattern start over and over again."""
    for piece in [
        "password=",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJ.",
        "://a:",
        "M" * 24 + ".",
        "sk-a1-",
        "bearer a",
        "password=a",
        "mysql -p",
        "login a password ",
        "--token x ",
        "openssl ",
        "aB3" * 12 + " ",
        "A" * 57 + "\n",
    ]:
        short, long = (_seconds(piece * (size // len(piece))) for size in (8_192, 65_536))
        assert long < 40 * max(short, 0.001), piece  # eight times the text; a quadratic pattern takes 64 times as long


def _seconds(text: str) -> float:
    started = time.process_time()
    find(text)
    return time.process_time() - started


def test_our_own_ids_are_no_secrets() -> None:
    ulids = Ulids(SystemClock())
    for number in range(2000):
        name = f"vm-{number:04x}-{ulids()}"
        assert find(name) == [], name
        assert find(f"sessions/2026/01/31/{name}.jsonl#{ulids()}") == []
    assert find("vm-1726-01M7YPBF0M7FV5JG6835YM0PWD.jsonl#01M7YPBF0M7FV5JG6835YM0PWE") == []
