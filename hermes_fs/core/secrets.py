"""Finds and blots out credentials in text. Pure, linear in time, no I/O; never decides what to do about them.

Two ways in: shapes of well-known keys, each behind a literal that plain text hardly ever holds, and values that look
random right behind a word such as `password=`. Hashes, UUIDs, ULIDs and encoded images standing alone are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from re import Match, Pattern

from hermes_fs.core import granted

_PASSES = 8  # redaction repeats until nothing is found, so that it is idempotent; two passes are the most seen


@dataclass(frozen=True, slots=True)
class Finding:
    """A credential at `text[start:end]`; `kind` is a short lower-case name."""

    kind: str
    start: int
    end: int


Accept = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Rule:
    """`needles` are literals of which one must stand in the text before `pattern` is tried. The credential is group 1
    if the pattern has one. `accept` has the last word on the credential."""

    kind: str
    needles: tuple[str, ...]
    pattern: Pattern[str]
    accept: Accept | None = None


def find(text: str) -> list[Finding]:
    """All credentials in order, without overlaps. Never raises; time is linear in the length of the text."""
    found = [finding for rule in _RULES if _hinted(rule, text) for finding in _matches(rule, text)]
    found.extend(_near_key_words(text, _lowered(text)))
    return _joined(found) if found else found


def redact(text: str) -> str:
    """The text with each credential replaced by `[redacted:<kind>]`, those that were granted to commands by the name of
    their variable. Idempotent."""
    text = granted.hide(text)
    for _ in range(_PASSES):
        findings = find(text)
        if not findings:
            return text
        pieces, last = [], 0
        for finding in findings:
            pieces += [text[last : finding.start], f"[redacted:{finding.kind}]"]
            last = finding.end
        text = "".join(pieces) + text[last:]
    return text


def _hinted(rule: _Rule, text: str) -> bool:
    return any(needle in text for needle in rule.needles)


def _matches(rule: _Rule, text: str) -> Iterator[Finding]:
    group = 1 if rule.pattern.groups else 0
    for match in rule.pattern.finditer(text):
        if rule.accept is None or rule.accept(match[group]):
            yield Finding(rule.kind, match.start(group), match.end(group))


def _joined(found: list[Finding]) -> list[Finding]:
    """Sorted, and overlapping findings made one under the name of the first."""
    found.sort(key=lambda finding: (finding.start, -finding.end))
    joined: list[Finding] = []
    for finding in found:
        if joined and finding.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Finding(last.kind, last.start, max(last.end, finding.end))
        else:
            joined.append(finding)
    return joined


# -- what looks random ------------------------------------------------------------------------------------------------


_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_CLASSES = tuple(re.compile(kind) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^\w]|_"))


def _random(value: str) -> bool:
    """Whether the characters change their class as often as in a random string.

    Identifiers and words, in camelCase too, change it less than every seventh character; random base64, base36 and hex
    every second to third (measured over code, prose and generated keys). An upper-case letter before a lower-case one
    is no change: it is how words begin.
    """
    if len(set(value)) < 7 or not _has_digit_and_letter(value):
        return False
    changes = sum(_changes(left, right) for left, right in pairwise(value))
    return changes >= 0.16 * (len(value) - 1)


def _changes(left: str, right: str) -> bool:
    if not (left.isalnum() and right.isalnum()):
        return False
    return left.isdigit() != right.isdigit() or (left.islower() and right.isupper())


def _random_or_upper(value: str) -> bool:
    """For prefixes that slugs share: `sk-…` is a key only if what follows is random."""
    return _random(value.split("-", 1)[1])


def _has_digit_and_letter(value: str) -> bool:
    return bool(_DIGIT.search(value) and _LETTER.search(value))


# -- well-known shapes ------------------------------------------------------------------------------------------------

# A run that must not continue a longer word; bounded everywhere, so that no input takes more than linear time.
_WORD = "A-Za-z0-9"


def _key(kind: str, needles: str, body: str, accept: Accept | None = None) -> _Rule:
    pattern = re.compile(rf"(?<![{_WORD}]){body}(?![{_WORD}])")
    return _Rule(kind, tuple(needles.split()), pattern, accept)


def _plain_password(value: str) -> bool:
    return not value.startswith(("[redacted:", "<", "$", "{", "%7B", "*")) and set(value) != {"x"}


_URL_PASSWORD = r"://[^\s:/@?#\"'<>\[\]]{0,100}+:([^\s:/@\"'<>]{1,}+)@(?=[\w\[])"
_PEM = (
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?=[^\x00]{0,300}?[A-Za-z0-9+/=]{32})"
    r"(?:[A-Za-z0-9+/=\s\\:,.()\"'>|]|-(?!----))*+(?:-----END [A-Z0-9 ]{1,60}-----)?"
)

_RULES: tuple[_Rule, ...] = (
    _key("aws-key", "AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    _key("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}+"),
    _key("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,}+"),
    _key("gitlab-token", "glpat- gldt- glrt- glcbt-", r"gl(?:pat|dt|rt|cbt)-[A-Za-z0-9_.-]{20,}+"),
    _key("anthropic-key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}+"),
    _key("openai-key", "sk-", r"sk-[A-Za-z0-9_-]{20,}+", _random_or_upper),
    _key("slack-token", "xox xapp-", r"(?:xox[abeposr](?:\.xox[abp])?|xapp)-[A-Za-z0-9-]{10,}+", _has_digit_and_letter),
    _Rule(
        "slack-webhook",
        ("hooks.slack.com",),
        re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,}+)"),
    ),
    _Rule(
        "discord-webhook",
        ("api/webhooks/",),
        re.compile(r"discord(?:app)?\.com/api/webhooks/\d{15,22}/([A-Za-z0-9_-]{40,}+)"),
    ),
    _key("stripe-key", "_live_ _test_ whsec_", r"(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}+|whsec_[A-Za-z0-9+/=]{24,}+)"),
    _key("google-key", "AIza ya29. GOCSPX-", r"(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}+|GOCSPX-[A-Za-z0-9_-]{28})"),
    _key("jwt", "eyJ", r"(?<![\w-])eyJ[\w-]{10,}+\.eyJ[\w-]{8,}+\.[\w-]*+"),
    _Rule("private-key", ("-----BEGIN ",), re.compile(_PEM)),
    _Rule("private-key", ("AGE-SECRET-KEY-1",), re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]{50,}+")),
    _Rule("url-password", ("://",), re.compile(_URL_PASSWORD), _plain_password),
    _key("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _key("pypi-token", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,}+"),
    _key("telegram-token", ":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    _key("discord-token", ".", r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}+", _has_digit_and_letter),
    _key("sendgrid-key", "SG.", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}+"),
    _key("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{30,}+"),
    _key("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{40,}+"),
    _key("api-key", "xai- pplx- nvapi- tvly- r8_", r"(?:xai-|pplx-|nvapi-|tvly-(?:dev-|prod-)?|r8_)[A-Za-z0-9_-]{30,}+", _has_digit_and_letter),
    _key("digitalocean-token", "_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _key("shopify-token", "shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _key("vault-token", "hvs. hvb. hvr.", r"hv[sbr]\.[A-Za-z0-9_-]{24,}+"),
    _key("atlassian-token", "ATATT3 ATCTT3", r"AT[AC]TT3[A-Za-z0-9_=-]{50,}+"),
    _key("api-key", "lin_api_ ntn_ glsa_ PMAK- NRAK- sbp_ dckr_pat_", r"(?:lin_api_|ntn_|glsa_|PMAK-|NRAK-|sbp_|dckr_pat_)[A-Za-z0-9_-]{24,}+"),
    _key("databricks-token", "dapi", r"dapi[a-f0-9]{32}"),
)  # fmt: skip


# -- values near key words --------------------------------------------------------------------------------------------

_AUTHORIZED = re.compile(r"bearer\s|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|token|digest)\s")
_CREDENTIAL = re.compile(r"\s{0,3}([\w.~+/=-]{16,}+)")
# Searched for in the lower-cased text, case-sensitively: three times as fast as a pattern that ignores case.
_NAMED = re.compile(
    r"passw(?:or)?d|passphrase|passwd|pwd|secret|token|credential|session[_-]?cookie|"
    r"(?:api|access|auth|account|private|signing|encryption|master|service|client|app|session)[_-]?key"
)
_ASSIGNED = re.compile(
    r"(?P<rest>[A-Za-z0-9_-]{0,24}+)[\"']?\s{0,4}(?:(?P<is>is|was|to)\s{1,3}|:=|=>|={1,2}|:)\s{0,4}"
    r"(?P<quote>[\"'`]?)(?P<value>[^\s\"'`<>\[\]{}();,|\\]{6,100}+)(?P<after>[(\[]?)"
)
_REST = re.compile(r"[^\s\"'`<>\[\]{}();,|\\]*+")  # of a value of which 100 characters were enough to judge it
_PASSWORD_WORDS = ("passw", "pwd", "passphrase")
_PLACEHOLDER = re.compile(
    r"(?i)^(?:\$|%|&|\*|x{3,}|-{1,2}[a-z]|your|my[-_]|the[-_]|example|change|placeholder|dummy|sample|redacted|hidden|"
    r"none|null|true|false|undefined|required|optional|string|env[.:_]|os\.|process\.|self\.|this\.|config\.|settings\.|"
    r"~?\.{0,2}/|\w{2,12}://|https?:)"
)
_IDENTIFIER = re.compile(r"[A-Za-z_]++\d{0,2}+(?:[_.:/-]++[A-Za-z_]++\d{0,2}+)*+[.:]?$")


def _lowered(text: str) -> str:
    """Lower case with every character at its place (a few letters outside ASCII grow when lowered)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def _near_key_words(text: str, lowered: str) -> Iterator[Finding]:
    if "bearer" in lowered or "authorization" in lowered:
        for name in _AUTHORIZED.finditer(lowered):
            match = _CREDENTIAL.match(text, name.end())
            if match and (_random(match[1]) or match[1].endswith("=")):
                yield Finding("authorization", match.start(1), match.end(1))
    judged = 0
    for name in _NAMED.finditer(lowered):
        match = _ASSIGNED.match(text, name.end())
        if match is None or match.start("value") < judged:
            continue
        kind = "password" if name[0].startswith(_PASSWORD_WORDS) else "secret"
        value = match["value"].rstrip(".:!?")
        if _assigned_secret(kind, match, value):
            rest = _REST.match(text, match.end("value"))
            judged = rest.end() if rest and rest[0] else match.start("value") + len(value)
            yield Finding(kind, match.start("value"), judged)


def _assigned_secret(kind: str, match: Match[str], value: str) -> bool:
    """Whether an assignment assigns a credential, rather than code, a name, a placeholder or a word of prose."""
    if match["after"] or match["rest"].lower().endswith(("_env", "-env", "_name", "_file", "_path", "_url", "_id")):
        return False
    if _PLACEHOLDER.match(value):
        return False
    if kind == "password" and _has_digit_and_letter(value) and not match["is"]:
        return len(value) >= 6  # `password=hunter22`; in prose (`the password is …`) it takes more
    if _IDENTIFIER.match(value):
        return False
    if kind == "password":
        return len(value) >= 6 and (_classes(value) >= 3 or _random(value))
    return len(value) >= 12 and _random(value)


def _classes(value: str) -> int:
    """How many of: lower, upper, digit, other."""
    return sum(1 for kind in _CLASSES if kind.search(value))
