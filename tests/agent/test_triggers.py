"""What makes a turn worth looking back on, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hermes_fs.agent.corrections import corrects
from hermes_fs.agent.triggers import Facts, facts, program_of, reasons
from hermes_fs.store.transcript import Record


def record(kind: str, data: dict[str, Any]) -> Record:
    return Record("e", kind, "2026-01-31T12:00:00.000Z", "owner", "cli", "agent", data)


def ran(command: str, code: int = 0, tool: str = "terminal") -> list[Record]:
    end = f"[exit code {code}]" if code else "fine"
    call = {"call": "c", "name": tool, "arguments": json.dumps({"command": command})}
    result = {"call": "c", "name": tool, "text": f"<foreign 1 tool>\nsome output\n{end}\n</foreign 1>", "failed": False}
    return [record("tool_call", call), record("tool_result", result)]


def used(tool: str, failed: bool = False) -> list[Record]:
    return [record("tool_result", {"call": "c", "name": tool, "text": "said", "failed": failed})]


def turn(*parts: list[Record]) -> Facts:
    return facts([record("message", {"role": "user", "text": "do it"}), *(one for part in parts for one in part)])


def test_a_plain_short_turn_is_not_worth_it() -> None:
    assert reasons(turn(ran("ls"), used("read_file")), 5) == ()
    assert reasons(turn(), 5) == ()


def test_five_calls_are_and_the_number_can_be_changed_or_put_out_of_use() -> None:
    found = turn(*(used("read_file") for _ in range(5)))
    assert reasons(found, 5) == ("5 tool calls",)
    assert reasons(found, 6) == () and reasons(found, 0) == ()


def test_an_error_is_overcome_where_the_same_kind_of_call_works_later() -> None:
    assert (
        turn(ran("pytest -q", 1), used("edit_file"), ran("cd app && python3 -m pytest -q")).overcame
        == "terminal pytest"
    )
    assert turn(used("edit_file", failed=True), used("edit_file")).overcame == "edit_file"
    assert turn(ran("make", 2), ran("ls")).overcame == ""
    assert turn(used("edit_file", failed=True), used("read_file")).overcame == ""


def test_that_a_search_finds_nothing_is_no_error() -> None:
    assert turn(ran("grep -r nothing .", 1), ran("grep -r something .")).overcame == ""


def test_a_skill_and_a_correction_are_reasons() -> None:
    found = turn([record("skill_used", {"name": "deploy", "tree": "abc"})])
    assert found.skills == {"abc": "deploy"}
    assert reasons(found, 5) == ("a skill used: deploy",)
    corrected = facts([record("outcome", {"why": "correction", "result": "partial"})])
    assert reasons(corrected, 5) == ("a correction by the person",)


def test_a_check_that_failed_last_counts_until_a_command_works() -> None:
    assert turn(ran("pytest", 1)).check == "terminal pytest"
    assert turn(ran("npm run test", 1), used("edit_file")).check == "terminal npm"
    assert turn(ran("cargo build", 101), ran("cargo build")).check == ""
    assert turn(ran("make test", 2), ran("python check.py")).check == ""
    assert turn(ran("rm x", 1)).check == ""


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("pytest -q", "pytest"),
        ("cd app && FOO=1 python3 -m pytest", "pytest"),
        ("sudo /usr/bin/apt-get install x", "apt-get"),
        ("python3.11 x.py", "python"),
        ("cat a | sort", "cat"),
        ("", ""),
        ("((", "(("),
    ],
)
def test_a_command_is_named_by_its_program(command: str, program: str) -> None:
    assert program_of(command) == program


DONE = "I have changed the file."
CORRECTIONS = """\
No, the other file
no - use tabs
That's wrong, the port is 8080
that is not what I asked for
Wrong. It is db2.
Actually, it should be in UTC
I meant the staging server
you forgot the header
Don't use tabs here
Sorry but that's not right
It still... no, it doesn't matter
Nein, die andere Datei
Das ist falsch, es sind drei
so nicht, bitte mit Leerzeichen
Ich meinte den anderen Server
Non, c'est l'autre fichier
Ce n'est pas ça
No, el otro archivo
Eso no es lo que pedí
Quise decir el servidor de pruebas
Não, o outro arquivo
No, l'altro file
Нет, другой файл
неверно, порт 8080
不对，是另一个文件
違います、別のファイルです
틀렸어요, 다른 파일입니다
""".splitlines()
OTHERS = """\
No problem, thanks
no worries
no, thanks
Nothing else, thank you
Note that the port is 8080
Now do the other file
Not bad! Now the next
Knock it down to three columns
Great, that's right
Thanks, that works
What is wrong with this file?
Why did the test fail?
Nein danke
Gut, jetzt die andere Datei
Non merci
Nonetheless, go on
Nina wants the file too
Nice, go on
Actually good. Next: deploy it
Is that wrong?
Now write a test that shows what was wrong
notes/a.md holds the list
не забудь про заголовок
Не мог бы ты добавить тест
好的，继续
""".splitlines()


@pytest.mark.parametrize("text", [text for text in CORRECTIONS if "matter" not in text])
def test_a_correction_is_seen(text: str) -> None:
    assert corrects(text, DONE)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_correction_is_not_taken_for_one(text: str) -> None:
    assert not corrects(text, DONE)


def test_a_no_to_a_question_is_an_answer() -> None:
    assert not corrects("No, leave it as it is", "Shall I delete it?")
    assert corrects("No, that's wrong", "Shall I delete it?")
