import re

from rich.console import Console

from hermes_fs.apps.chat.markdown import THEME, rendered


def lines(text: str, width: int = 60) -> list[str]:
    console = Console(force_terminal=True, theme=THEME, color_system="standard", width=width)
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in rendered(console, text, width)]


def test_angle_brackets_and_html_are_text_and_not_hidden():
    assert lines("run it with <name>\n\n<div>seen</div>") == ["run it with <name>", "", "<div>seen</div>"]


def test_lines_that_the_model_ended_stay_ended():
    assert lines("first\nsecond") == ["first", "second"]


def test_the_target_of_a_link_is_always_shown():
    assert lines("[your bank](http://evil.example)") == ["your bank (http://evil.example)"]
    assert lines("![cat](http://x.example/c.png)") == ["cat (http://x.example/c.png)"]


def test_headings_stand_at_the_left_and_code_is_only_indented():
    assert lines("# Title\n\n```python\nx = 1\n```") == ["Title", "", "    x = 1"]


def test_rich_markup_in_a_reply_is_text():
    assert lines("[bold]x[/bold]") == ["[bold]x[/bold]"]


def test_an_unknown_language_is_shown_as_it_is():
    assert lines("```no-such-language\nx\n```") == ["    x"]


def test_nothing_gives_no_lines():
    assert lines("") == [] == lines("\n\n")
