from pathlib import Path

from hermes_fs.apps.chat.banner import Facts, Learned, Size, banner
from hermes_fs.apps.chat.ink import Ink

HOME = Path("/home/ada")
FACTS = Facts("0.1.0", "gpt-5", HOME / "hermes", HOME / "src/app", 14, 1, Size(840, 2200), Size(0, 1375))


def test_the_banner_says_where_one_is():
    assert banner(FACTS, Ink(None, {}), 80, HOME) == [
        "",
        "  hermes 0.1.0",
        "",
        "  model      gpt-5",
        "  workspace  ~/hermes",
        "  work in    ~/src/app",
        "  mind       14 tools · 1 skill",
        "  memory     840 of 2,200 characters · about you 0 of 1,375",
        "",
        "  /help for commands · Alt-Enter for a new line · Ctrl-D leaves",
        "",
    ]


def test_what_was_learned_meanwhile_and_why_learning_is_off_are_said():
    lessons = Learned(("memory: add 1 entry", "skill logs: edit 1 section"), "Tuesday")
    facts = Facts(
        "0", "m", HOME, HOME, 0, 0, Size(0, 1), Size(0, 1), lessons, "Title", "learning is off: detached head"
    )
    lines = banner(facts, Ink(None, {}), 60, HOME)
    learned = next(line for line in lines if "learned" in line)
    assert learned.startswith("  learned    2 lessons since Tuesday: memory: add 1 entry") and learned.endswith("…")
    assert "  session    Title" in lines
    assert "  learning is off: detached head" in lines
    assert max(map(len, lines)) <= 60


def test_what_waits_for_the_person_is_said():
    facts = Facts("0", "m", HOME, HOME, 0, 0, Size(0, 1), Size(0, 1), waiting=2)
    assert any("2 proposals await you" in line for line in banner(facts, Ink(None, {}), 80, HOME))
    none = Facts("0", "m", HOME, HOME, 0, 0, Size(0, 1), Size(0, 1))
    assert not any("review" in line for line in banner(none, Ink(None, {}), 80, HOME))
