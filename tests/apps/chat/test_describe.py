import pytest

from hermes_fs.apps.chat import describe
from hermes_fs.core.events import TurnEnded
from hermes_fs.core.types import ToolCall, Usage


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"timeout": 5, "command": "make\\n  test"}', "make test"),
        ('{"action": "add", "text": "likes tea"}', "add likes tea"),
        ('{"path": "a.txt", "content": "long"}', "a.txt"),
        ('{"deep": {"x": 1}, "flag": true}', ""),
        ('{"batch": [{"action": "add"}, {"action": "remove"}]}', "2 at once"),
        ("{}", ""),
        ("", ""),
        ('{"command": "cut', '{"command": "cut'),
        ("[1]", "[1]"),
    ],
)
def test_of_a_call_the_part_that_matters_is_said(arguments, said):
    assert describe.argument(ToolCall("1", "x", arguments)) == said


def test_output_is_shown_as_a_terminal_would_leave_it():
    assert describe.tail("10%\r50%\r100%\n\n\x1b[32mok\x1b[0m\tdone\r\n") == ["100%", "ok  done"]
    assert describe.tail("a\nb\nc\nd") == ["b", "c", "d"]


@pytest.mark.parametrize(("value", "said"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (125, "2 min 5 s")])
def test_durations(value, said):
    assert describe.seconds(value) == said


@pytest.mark.parametrize(("value", "said"), [(999, "999"), (12_400, "12.4k"), (999_949, "999.9k"), (1_200_000, "1.2M")])
def test_counts(value, said):
    assert describe.count(value) == said


def test_money_is_said_only_where_the_price_is_known():
    assert describe.spent(Usage(10_000, 2_400)) == "12.4k tokens"
    assert describe.spent(Usage(10_000, 2_400, 0, 0.0213)) == "12.4k tokens · $0.0213"
    assert describe.spent(Usage(10, 2, 0, 1.5)) == "12 tokens · $1.50"


def test_exit_codes_of_a_turn():
    codes = {"done": 0, "error": 1, "steps": 1, "repeating": 1, "filtered": 4, "cancelled": 130}
    assert {reason: describe.exit_code(TurnEnded(reason, Usage())) for reason in codes} == codes


def test_every_ending_but_a_good_one_says_something():
    reasons = ["cancelled", "steps", "tokens", "money", "seconds", "length", "filtered", "repeating", "error"]
    assert all(describe.ending(TurnEnded(reason, Usage())) for reason in reasons)
    assert describe.ending(TurnEnded("done", Usage())) == ""
