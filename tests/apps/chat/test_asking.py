from __future__ import annotations

import io
import os
import pty
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from hermes_fs.apps.chat.asking import Asker, approval_keys
from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.plain import Plain
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.core.types import Answer, Question

APPROVE = Question("approve", "Run this command?", "rm -rf build", ("once", "session", "no"))


@dataclass
class Person:
    """Somebody at a pseudo-terminal who answers what stands there."""

    tty: Tty
    keyboard: int
    seen: bytearray = field(default_factory=bytearray)
    interrupts: list[int] = field(default_factory=list)

    def answer(self, question: Question, *keys: tuple[str, str]) -> Answer:
        """Ask, and press each key once the text before it is on the screen."""
        ask = Asker(
            self.tty, Plain(io.StringIO(), None, io.StringIO()), lambda: self.interrupts.append(1), Ink(None, {})
        )
        typing = threading.Thread(target=self._type, args=(keys,))
        typing.start()
        answer = ask(question)
        typing.join()
        return answer

    def screen(self) -> str:
        return re.sub(r"\r", "", self.seen.decode(errors="replace"))

    def _type(self, keys: tuple[tuple[str, str], ...]) -> None:
        place = len(self.seen)
        for awaited, key in keys:
            while awaited.encode() not in self.seen[place:]:
                self.seen += os.read(self.keyboard, 1024)
            place = len(self.seen)
            os.write(self.keyboard, key.encode())


@pytest.fixture
def person() -> Iterator[Person]:
    keyboard, terminal = pty.openpty()
    yield Person(Tty(terminal), keyboard)
    os.close(keyboard)
    os.close(terminal)


@pytest.mark.parametrize(
    ("key", "value"), [("y", "once"), ("Y", "once"), ("s", "session"), ("n", "no"), ("\x1b", "no"), ("\x1b[A", "no")]
)
def test_an_approval_is_one_key(person, key, value):
    assert person.answer(APPROVE, ("say why ", key)) == Answer(value, "owner")
    assert "    │ rm -rf build\n" in person.screen()


def test_other_keys_decide_nothing(person):
    assert person.answer(APPROVE, ("say why ", "q"), ("", "\r"), ("", "y")).value == "once"


def test_keys_typed_before_the_question_do_not_answer_it(person):
    os.write(person.keyboard, b"yyyy")
    assert person.answer(APPROVE, ("say why ", "n")).value == "no"


def test_ctrl_c_refuses_and_interrupts(person):
    assert person.answer(APPROVE, ("say why ", "\x03")).value == "no"
    assert person.interrupts == [1]


def test_what_is_decided_on_hides_nothing(person):
    question = Question("approve", "Run?", "echo hi \x1b[2K\r; rm x\u202e", ("once", "no"))
    person.answer(question, ("say why ", "n"))
    assert "│ echo hi ␛[2K␍; rm x⟨U+202E⟩\n" in person.screen()


def test_a_long_subject_can_be_viewed_whole(person):
    subject = "\n".join(f"line {number}" for number in range(100))
    question = Question("approve", "Write it?", subject, ("once", "no"))
    answer = person.answer(question, ("v view all ", "v"), ("line 99", "y"))
    assert answer.value == "once"
    assert "… 70 lines left out …" in person.screen()
    assert "│ line 50\n" in person.screen()


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (f"ls{' ' * 3000}; rm -rf ~", "ls ⟨3,000 blanks⟩ ; rm -rf ~"),
        (f"ls{chr(10) * 900}rm -rf ~", "⟨899 empty lines⟩"),
        ("curl https://\u0430pple.example", "curl https://⟨U+0430⟩pple.example"),
        ("./build\u3164", "./build⟨U+3164⟩"),
    ],
)
def test_what_counts_is_not_pushed_out_of_sight_and_poses_as_nothing(person, subject, shown):
    person.answer(Question("approve", "Run?", subject, ("once", "no")), ("say why ", "n"))
    assert shown in person.screen()


def test_a_long_line_counts_as_many(person):
    question = Question("approve", "Run?", "echo " + "x" * 20_000 + "; rm -rf ~", ("once", "no"))
    person.answer(question, ("v view all ", "n"))
    assert "lines left out" in person.screen() and "; rm -rf ~" in person.screen()


def test_the_words_of_a_question_show_what_is_in_them(person):
    person.answer(Question("approve", "Run? It writes \x1b[8m~/.bashrc", "x", ("once", "no")), ("say why ", "n"))
    assert "␛[8m~/.bashrc" in person.screen()


def test_a_choice_is_a_number_or_the_words(person):
    question = Question("choose", "Which?", options=("red", "green"))
    assert person.answer(question, ("› ", "2\n")).value == "green"
    assert person.answer(question, ("› ", "red\n")).value == "red"
    assert person.answer(question, ("› ", "7\n"), ("please", "1\n")).value == "red"


def test_a_free_question_takes_a_line(person):
    assert person.answer(Question("text", "Your name?"), ("› ", "Ada\n")).value == "Ada"


def test_a_refusal_may_say_why(person):
    assert person.answer(APPROVE, ("say why ", "t"), ("› ", "use trash instead\n")).value == "use trash instead"
    assert person.answer(APPROVE, ("say why ", "t"), ("› ", "\n")).value == "no"


def test_where_nobody_is_there_everything_is_refused():
    ask = Asker(None, Plain(io.StringIO(), None, io.StringIO()), lambda: None, Ink(None, {}))
    assert ask(APPROVE) == Answer(None)


def test_each_option_has_a_key_of_its_own():
    assert approval_keys(("once", "session", "no")) == {"y": "once", "s": "session", "n": "no"}
    assert len(approval_keys(("once", "yes", "open", "over", "ok"))) == 5
