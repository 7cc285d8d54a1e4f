import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.terminal import neutralise, one_line, spell_out


def test_ordinary_text_of_any_script_stays_the_same():
    for text in ("plain\ttext\n", "naïve — café", "日本語 ไทย עברית", "👩‍👩‍👧 ok", "می‌خواهم"):
        assert neutralise(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]52;c;ZXZpbA==\x1b\\x", "x"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\x", "x"),
        ("\x9b31mred", "red"),
        ("\x1bcreset", "reset"),
        ("\x1b]0;never ended", "0;never ended"),
        ("half\x1b", "half␛"),
        ("a\x07b\x08c", "a␇b␈c"),
        ("a\r\nb", "a\nb"),
        ("over\rwritten", "over␍written"),
        ("abc\u202edef", "abc⟨U+202E⟩def"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("lone\ud800", "lone\N{REPLACEMENT CHARACTER}"),
        ("\x85\x9d", "⟨U+0085⟩⟨U+009D⟩"),
    ],
)
def test_what_could_change_the_terminal_or_mislead_is_gone_or_visible(text, safe):
    assert neutralise(text) == safe


def test_a_sequence_inside_a_sequence_does_not_survive_removal():
    assert "\x1b" not in neutralise("\x1b\x1b[31m[2J")


def test_what_a_person_decides_on_hides_nothing():
    assert spell_out("rm x \x1b[2K\recho hi") == "rm x ␛[2K␍echo hi"


def test_one_line_is_cut_with_an_ellipsis():
    assert one_line("a\n  b\tc") == "a b c"
    assert one_line("abcdef", 4) == "abc…"


@given(st.text(alphabet=st.characters(codec=None)))
def test_nothing_unsafe_is_ever_left(text):
    for safe in (neutralise(text), spell_out(text)):
        assert neutralise(safe) == safe
        safe.encode()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("seed", ["\x1b]", "\x1b[0;", "\x1bP", "\x1b ", "\x9b1"])
def test_hostile_text_does_not_stall(seed):
    neutralise(seed * 200_000)  # quadratic time would run into the limit by far
