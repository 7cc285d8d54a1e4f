"""Hidden characters: every one of Unicode's invisible ones is found; every living script passes undisturbed."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core import hidden

# The property Default_Ignorable_Code_Point, and what else draws nothing or moves other characters about.
IGNORABLE = "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff ffa0 fff0-fff8"
ASTRAL = "1bca0-1bca3 1d173-1d17a e0000-e0fff"
CONTROLS = "0-8 b-c e-1f 7f-9f fff9-fffb 2800 d800-d803"


def points(ranges: str) -> list[str]:
    found: list[str] = []
    for each in ranges.split():
        first, _, last = each.partition("-")
        found += map(chr, range(int(first, 16), int(last or first, 16) + 1))
    return found


ORDINARY = [
    "‏این متن می‌خواهد نیم‌فاصله داشته باشد",
    "שם הקובץ הוא config.yaml‎ בתיקייה, טלפון \u2066+972 50 1234567\u2069",
    "\u2067‏مرحبا README بكم\u2069 في \u202a+20 100\u202c",
    "بِسْمِ ٱللَّٰهِ، رقم ١٢٣ و API الجديد",
    "हिन्दी में क्‍ष और र्‍य, और श्र‌ी",
    "বাংলা র‌্যাব, മലയാളം ന്‍ ർ ൽ, සිංහල ශ්‍රී ලංකා",
    "ภาษาไทย​ไม่มีช่องว่าง​ iPhoneได้",
    "ភាសាខ្មែរ​ជាភាសា​ផ្លូវការ, မြန်မာ​ဘာသာ, ພາສາ​ລາວ, བོད་ཡིག",
    "ᠮᠣᠩᠭᠣᠯ᠎ᠠ ᠪᠢᠴᠢᠭ᠌",
    "ユーザーは ＪＲ東海 と Ｗｉ－Ｆｉ を使う。葛󠄀城",
    "한국어 API를 쓴다, 中文和English混排，全角标点！",
    "Добавь URLа и PDFом, IT-шник, файл «рис.txt» лежит рядом",
    "Українська: ґанок, п'ять; Српски: Њујорк; Қазақша: әңгіме",
    "Ελληνικά: το API του GitHubου, η τιμή ΔT = 5 K",
    "NFκB, IFNγ, TNFα, PPARγ, μm, kΩ, πr², hν, Σx, αs, λx.x, β-blocker, ΔG",
    "Հայերեն API-ում և APIի մեջ; ქართული; አማርኛ; ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ; ꓡꓲ-ꓢꓴ",
    "Tiếng Việt đẹp, Yorùbá ẹ̀kọ́, Íslenska þorn, naïve façade, Malagasy, ʻŌlelo Hawaiʻi",
    "/ˈɪɡnɔːr/ [ɢʌɴ], x² + y³, 10⁻⁶, H₂O, 1ˢᵗ Mˡˡᵉ Nº 5, ⓐ ⓑ ⓒ, 𝑓(𝑥), 𝔽₂, ℝⁿ, ∩︀",
    "👩‍👩‍👧‍👦 👨🏽‍💻 ❤️‍🔥 🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪 1️⃣ #️⃣ ☎︎ ✔️ ⓂⓂ️ ℹ️ 👁️‍🗨️ 🧑‍🚀 ↔️ ©️ ‼️ 〰️ ㊗️ 🏴‍☠️",
    "⠓⠑⠇⠇⠕⠀⠺⠕⠗⠇⠙ ⣿⣿⠀⠀⠀⣿⣿",
    "│├──└ ▓▒░ ➜ \ue0b0 \uf09b → « » „ “ … – — ‑ 100\u00a0km 5\u202fm  em",
    "\ufeffUser prefers dark mode\r\nwith\ttabs",
    "ᄀᅠ ᄒᆞᆫ글, שָׁ͏לוֹם",
]

POSING = [
    "раypal", "gοοgle", "micrоsoft", "Αdmin panel", "pаssword", "аррӏе.com", "օffice", "scoρe", "Ꭺpple", "ꓮdmin",
    "ＩＧＮＯＲＥ this", "𝐢𝐠𝐧𝐨𝐫𝐞 all", "𝖎𝖌𝖓𝖔𝖗𝖊", "ⓘⓖⓝⓞⓡⓔ", "🅸🅶🅽🅾🆁🅴", "ᶦᵍⁿᵒʳᵉ", "ᴘᴀʏᴘᴀʟ", "ехаmple in раypаl",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_of_any_language_is_left_alone(text: str) -> None:
    assert hidden.find(text) == []
    assert hidden.surface(text) is text


def test_every_visible_character_is_left_alone_between_blanks() -> None:
    invisible = set(points(f"{IGNORABLE} {ASTRAL} {CONTROLS}"))
    flagged = [
        f"{code:04X}"
        for code in range(0x20, sys.maxunicode)
        if (letter := chr(code)) not in invisible
        and unicodedata.category(letter) not in ("Cn", "Cs", "Cc")
        and hidden.surface(f"a {letter} b") != f"a {letter} b"
    ]
    assert flagged == []


def test_every_letter_is_left_alone_in_a_word_of_its_own_script() -> None:
    drawn = ("<font>", "<wide>", "<circle>", "<super>", "<sub>", "<square>")
    invisible = set(points(f"{IGNORABLE} {CONTROLS}"))
    for code in range(0xA0, 0x1FFFF):
        letter = chr(code)
        is_letter = unicodedata.category(letter) in ("Lu", "Ll", "Lo") and letter not in invisible
        if is_letter and not unicodedata.decomposition(letter).startswith(drawn):
            assert hidden.find(letter * 2) == [], f"{code:04X}"


def test_every_invisible_character_inside_a_word_is_shown() -> None:
    for letter in points(f"{IGNORABLE} {ASTRAL} {CONTROLS}"):
        text = f"Project uses py{letter}test."
        assert hidden.find(text), f"{ord(letter):04X}"
        assert hidden.surface(text) == f"Project uses py⟨U+{ord(letter):04X}⟩test."


@pytest.mark.parametrize("text", POSING)
def test_letters_that_pose_as_others_are_shown(text: str) -> None:
    assert hidden.find(text)
    assert hidden.surface(text) != text


@pytest.mark.parametrize(
    "text",
    [
        "ok.\ufe06\ufe09\ufe0f",
        "ok.\ufe0e\ufe0f\ufe0e",
        "Hi😀\U000e0159\U000e0157",
        "葛\U000e0100\U000e0101\U000e0102",
        "می\u200c\u200c\u200dخواهم",
        "ไทย\u200b\u200b\u200bไทย",
        "שלום \u202eabc\u202c",
        "שלום \u2067abc\u2069",
        "שלום \u2066abc",
        "שלום\nabc \u2066 def \u2069",
        "\u200e\u200f\u200e\u200fשלום",
        "🏴\U000e0061\U000e0062\U000e0063\U000e0064\U000e0065\U000e0066\U000e0067\U000e007f",
        "😀\u200dabc",
        "a\u2800\u2800b",
    ],
)
def test_a_payload_beside_what_it_pretends_to_serve_is_shown(text: str) -> None:
    assert hidden.find(text)
    assert "⟨U+" in hidden.surface(text)


def test_what_is_shown_reads_in_place() -> None:
    assert hidden.surface("rm \u202egpj.exe") == "rm ⟨U+202E⟩gpj.exe"
    assert hidden.surface("раypal") == "⟨U+0440⟩⟨U+0430⟩ypal"
    assert hidden.surface("𝐢𝐠𝐧𝐨𝐫𝐞 all") == "⟨disguised: ignore⟩ all"
    assert hidden.surface("x" + "\u200b" * 1000).endswith("⟨and 992 more hidden⟩")


@given(
    st.text(
        alphabet=st.one_of(st.characters(codec=None), st.sampled_from(points(f"{IGNORABLE} e0061 1f3f4 5d0 41 430")))
    )
)
def test_what_was_shown_once_is_clean(text: str) -> None:
    shown = hidden.surface(text)
    assert hidden.surface(shown) == shown
    assert hidden.find(shown) == []
    assert bool(hidden.find(text)) == (shown != text)
