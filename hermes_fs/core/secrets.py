"""Finds and blots out credentials in text. Pure, linear in time, no I/O; never decides what to do about them.

Two ways in: shapes of well-known keys, each behind a literal that plain text hardly ever holds, and values that look
random right behind a word such as `password=`. Hashes, UUIDs, ULIDs and encoded images standing alone are left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from re import Match, Pattern

from hermes_fs.core import granted, secret_places
from hermes_fs.core.secret_places import ASSIGNED, NAMED, OTHER_WORDS

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
    lowered = _lowered(text)
    if not text.isascii() or any(hint in lowered for hint in secret_places.HINTS):
        found.extend(_near_key_words(text, lowered))
        found.extend(_long_behind_key_words(text, lowered))
    found.extend(_authorizations(text, lowered))
    found.extend(_in_their_places(text, lowered))
    found.extend(_alone(text))
    found = [one for one in found if not _ULID.fullmatch(text, one.start, one.end)]
    return _joined(found) if found else found


def fingerprint(value: str) -> str:
    """A name for a value by which a person can say that it is no credential: ten hex digits of its SHA-256."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:10]


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
_CHANGE = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_DIGIT_OR_UPPER = re.compile(r"[^\W_a-z]")
_MARK = re.compile(r"[!@#%^*+$&]")
_LETTER = re.compile(r"[^\W\d_]")
_CLASSES = tuple(re.compile(kind) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^\w]|_"))


def _random(value: str) -> bool:
    """Whether the characters change their class as often as in a random string.

    Identifiers and words, in camelCase too, change it less than every seventh character; random base64, base36 and hex
    every second to third (measured over code, prose and generated keys). An upper-case letter before a lower-case one
    is no change: it is how words begin.
    """
    if len(set(value)) < 7 or not _LETTER.search(value):
        return False
    changes = _changes(value)
    if not _DIGIT.search(value):  # one in two hundred random keys has none; camelCase changes every seventh character
        return len(value) >= 20 and changes >= 0.2 * (len(value) - 1)
    return changes >= 0.16 * (len(value) - 1)


def _changes(value: str) -> int:
    """How often a letter follows a digit, a digit a letter, or an upper-case letter a lower-case one."""
    return len(_CHANGE.findall(value))


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


_WORDS = frozenset(("password", "passwd", "pass", "pw", "secret", "token", "pwd", "user", "x-oauth-basic"))


def _plain_password(value: str) -> bool:
    placeholder = value.startswith(("[redacted:", "<", "$", "{", "%7B")) or set(value.lower()) in ({"x"}, {"*"})
    return not placeholder and value.lower() not in _WORDS


_URL_PASSWORD = r"://[^\s:/@?#\"'<>\[\]]{0,100}+:(?!\d{1,5}/)([^\s:@\"'<>]{1,}+)@(?=[\w\[])"
_USER_FLAG = r"(?<!\S)(?:-u|--(?:proxy-)?user)[ =]{1,4}[\"']?[\w.@+%-]{1,100}+:([^\s\"':/]{3,})"
_MYSQL = r"\b(?:mysql|mariadb)[\w-]{0,20}+[^\n|;&]{0,200}?\s-p([^\s\"'-][^\s\"']{2,})"
_NETRC = r"\blogin\s{1,9}[^\s]{1,100}+\s{1,9}(?:account\s{1,9}[^\s]{1,100}+\s{1,9})?password\s{1,9}([^\s]{3,})"
_LOGIN_FLAG = r"\blogin\b[^\n|;&]{0,120}?\s-p[ =]{1,3}[\"']?([^\s\"'-][^\s\"']{2,})"
_DSN = r"(?<![\w/])[\w.-]{1,64}+:([^\s:/@\"']{3,100}+)@(?:tcp|unix)\("
_PEM = (
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?=[^\x00]{0,300}?[A-Za-z0-9+/=]{32})"
    r"(?:[A-Za-z0-9+/=\s\\:,.()\"'>|]|-(?!----))*(?:-----END [A-Z0-9 ]{1,60}-----)?"  # *+ is broken in 3.11.2
)

_RULES: tuple[_Rule, ...] = (
    _key("aws-key", "AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    _key("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}+"),
    _key("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,}+"),
    _key("gitlab-token", "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- glimt-", r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-[A-Za-z0-9_.-]{20,}+"),
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
    _Rule("password", (" -u", "--user", "--proxy-user"), re.compile(_USER_FLAG), _plain_password),
    _Rule("password", ("mysql", "mariadb"), re.compile(_MYSQL), _plain_password),
    _Rule("password", ("sshpass",), re.compile(r"\bsshpass\s{1,4}-p\s{0,4}[\"']?([^\s\"']{3,})"), _plain_password),
    _Rule("password", ("login",), re.compile(_NETRC), _plain_password),
    _Rule("password", ("login",), re.compile(_LOGIN_FLAG), _plain_password),
    _Rule("password", ("IDENTIFIED BY", "identified by"), re.compile(r"(?i)\bidentified by\s{1,4}'([^'\s]{3,})'"), _plain_password),
    _Rule("password", ("chpasswd",), re.compile(r":([^\s:\"']{3,200}+)[\"']?\s{0,4}\|\s{0,4}(?:sudo )?chpasswd"), _plain_password),
    _Rule("password", (" -P ",), re.compile(r"\b(?:un)?zip\s[^\n|;&]{0,80}?-P\s{1,3}(\S{3,})"), _plain_password),
    _Rule("password", ("openssl",), re.compile(r"\bopenssl\s[^\n|;&]{0,80}?\s-k\s{1,3}[\"']?([^\s\"']{3,})"), _plain_password),
    _Rule("password", ("@tcp(", "@unix("), re.compile(_DSN), _plain_password),
    _Rule("password", ("requirepass", "masterauth"), re.compile(r"\b(?:requirepass|masterauth)[ \t]{1,4}[\"']?([^\s\"']{3,})"), _plain_password),
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
    _key("api-key", "key-", r"key-[a-f0-9]{32}"),
    _key("api-key", "sq0 EAAA", r"(?:sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}+|EAAA[A-Za-z0-9_-]{60})", _has_digit_and_letter),
    _key("airtable-token", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    _key("api-key", "pscale_ sntry figd_ pcsk_ rubygems_ tskey- xkeysib- ops_eyJ CFPAT- jina_ phx_ rzp_live_ FLWSECK- atlasv1. pul- dp.", (
        r"(?:pscale_(?:tkn|pw|oauth)_[\w-]{32,}+|sntry[su]_[\w+/=-]{40,}+|figd_[\w-]{40,}+|pcsk_\w{40,}+|rubygems_[a-f0-9]{48}"
        r"|tskey-[a-z]{2,10}-[\w-]{20,}+|xkeysib-[a-f0-9]{64}-\w{16}|ops_eyJ[\w-]{100,}+|CFPAT-[\w-]{43}|jina_[a-f0-9]{32}\w{20,}+"
        r"|phx_\w{40,}+|rzp_live_\w{14,}+|FLWSECK-\w{32,}+|atlasv1\.[\w-]{60,}+|pul-[a-f0-9]{40}|dp\.(?:pt|st|ct|sa|scim)\.[\w.-]{40,}+)"
    )),
    _key("databricks-token", "dapi", r"dapi[a-f0-9]{32}"),
)  # fmt: skip


# -- what stands alone ------------------------------------------------------------------------------------------------

_ALONE = re.compile(r"(?<![^\s\"'`(])[A-Za-z0-9+/_-]{32,100}+={0,2}(?![^\s\"'`),.;])")
_WRAPPED = 57  # characters from which on a whole line of them is one of many: a certificate, an encoded picture
_LINE = re.compile(r"[A-Za-z0-9+/_=-]++")
_ULID = re.compile(r"(?<![A-Za-z0-9])[0-7][0-9A-HJKMNP-TV-Z]{25}(?![A-Za-z0-9])")  # an id that is a time, as ours are
_WORDLIKE = re.compile(r"[a-z]{6}|[A-Z]{6}|[-_/]{2}")


def _alone(text: str) -> Iterator[Finding]:
    """Tokens of lower and upper case and digits that look drawn at random and follow a blank or a quote. Hashes have
    one case; what a lock file calls a hash follows its name; what is wrapped is no token."""
    for match in _ALONE.finditer(text):
        value = match[0]
        if _mixed(value) and not _is_wrapped(text, match):
            yield Finding("token", match.start(), match.end())


def _mixed(value: str) -> bool:
    if value.startswith(("AAAA", "sha")) or _ULID.search(value) or not all(kind.search(value) for kind in _CLASSES[:3]):
        return False
    changes = _changes(value)
    return changes >= 0.3 * (len(value) - 1) and not _WORDLIKE.search(value)


def _is_wrapped(text: str, match: Match[str]) -> bool:
    """Whether it is a line of several that hold nothing else."""
    start, end = match.span()
    if text[max(0, start - 1) : start] not in ("", "\n") or text[end : end + 1] not in ("", "\n"):
        return False
    above = text[max(0, start - 2 * _WRAPPED) : max(0, start - 1)].rpartition("\n")[2]
    below = text[end + 1 : end + 1 + 2 * _WRAPPED].partition("\n")[0]
    return any(len(line) >= 32 and _LINE.fullmatch(line) for line in (above, below))


# -- values near key words --------------------------------------------------------------------------------------------

_AUTHORIZED = re.compile(r"bearer\s|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|token|digest)\s")
_CREDENTIAL = re.compile(r"\s{0,3}([\w.~+/=-]{16,}+)")
_REST = re.compile(r"[^\s\"'`<>\[\]{}();,|\\]*+")  # of a value of which 64 characters were enough to judge it
_PASSWORD_WORDS = ("pass", "pw", "psk")
_SETTERS = frozenset(("ENV", "ARG", "set", "setx", "setenv", "export"))
_BEFORE = 80
_PLACEHOLDER = re.compile(
    r"(?i)^(?:\$|%|&|\*|x{3,}|x:|(?-i:-{1,2}[a-z]+(?:-[a-z]+)*(?:=|$))|your|my[-_]|the[-_]|example|change|placeholder|dummy|sample|redacted|hidden|"
    r"none|null|true|false|undefined|required|optional|string|env[.:_]|os\.|process\.|self\.|this\.|config\.|settings\.|"
    r"~/|\.{1,2}/|(?-i:/[a-z._-]+(?:/|$))|\w{2,12}://|https?:)"
)
_IDENTIFIER = re.compile(r"[A-Za-z_]++\d{0,2}+(?:[_.:/-]++[A-Za-z_]++\d{0,2}+)*+[.:]?$")


def _lowered(text: str) -> str:
    """Lower case with every character at its place (a few letters outside ASCII grow when lowered)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def _authorizations(text: str, lowered: str) -> Iterator[Finding]:
    if "bearer" in lowered or "authorization" in lowered:
        for name in _AUTHORIZED.finditer(lowered):
            match = _CREDENTIAL.match(text, name.end())
            if match and (_random(match[1]) or match[1].endswith("=")):
                yield Finding("authorization", match.start(1), match.end(1))


def _near_key_words(text: str, lowered: str) -> Iterator[Finding]:
    judged = 0
    for name in NAMED.finditer(lowered):
        match = ASSIGNED.match(text, name.end())
        if match is None or match.start("value") < judged:
            continue
        inner = NAMED.match(lowered, match.start("value"))
        if inner and text[inner.end() : inner.end() + 1] in ("=", ":"):
            continue  # an assignment in its place: that one is judged
        kind = "password" if name[0].startswith(_PASSWORD_WORDS) or OTHER_WORDS.match(name[0]) else "secret"
        value = match["value"].rstrip(".:!?")
        if match["bare"] and not _follows(kind, value, text[max(0, name.start() - _BEFORE) : name.start()]):
            continue
        if _assigned_secret(kind, match, value):
            rest = _REST.match(text, match.end("value"))
            judged = rest.end() if rest and rest[0] else match.start("value") + len(value)
            yield Finding(kind, match.start("value"), judged)


def _long_behind_key_words(text: str, lowered: str) -> Iterator[Finding]:
    """Long random values that a word before them in the line, or in the line above, calls a credential."""
    for match in secret_places.LONG.finditer(text):
        value = match[0].rstrip(".=")
        if len(value) < 24 or not _drawn(value):
            continue
        before = lowered[max(0, match.start() - secret_places.BEFORE) : match.start()].rpartition("\n\n")[2]
        if NAMED.search(before) and not secret_places.HASHED.search(before):
            yield Finding("secret", match.start(), match.end())


def _drawn(value: str) -> bool:
    """Whether it is no path, picture, version, id or name but a key."""
    if value.startswith(("AAAA", "sha", "data:")) or _IDENTIFIER.match(value) or secret_places.UUID.fullmatch(value):
        return False
    return _random(value) and _changes(value) >= 0.25 * (len(value) - 1) and not _WORDLIKE.search(value)


def _in_their_places(text: str, lowered: str) -> Iterator[Finding]:
    for needles, pattern in secret_places.PLACES:
        if any(needle in text for needle in needles):
            for match in pattern.finditer(text):
                if _plain_password(match[1]) and _strong(match[1]):
                    yield Finding("password", match.start(1), match.end(1))
    if " as " in lowered or " for " in lowered:
        for match in secret_places.MEANT.finditer(lowered):
            value = text[match.start(1) : match.end(1)]
            if _has_digit_and_letter(value) and _strong(value) and not _IDENTIFIER.match(value):
                yield Finding("secret", match.start(1), match.end(1))


def _strong(value: str) -> bool:
    return _classes(value) >= 3 or _random(value) or (len(value) >= 8 and len(_DIGIT.findall(value)) >= 2)


def _follows(kind: str, value: str, before: str) -> bool:
    """Whether a value that comes after a key word and a blank is meant by it: behind a flag, or too odd for prose."""
    words = before.rsplit(None, 3)
    last = words.pop() if words and not before[-1].isspace() else ""
    if last.startswith("-") or any(word in _SETTERS for word in words[-2:]):
        return True
    if kind == "password":
        return _has_digit_and_letter(value) and (_classes(value) == 4 or _random_long(value, 8))
    return _random_long(value, 20)


def _random_long(value: str, least: int) -> bool:
    return len(value) >= least and _random(value)


def _assigned_secret(kind: str, match: Match[str], value: str) -> bool:
    """Whether an assignment assigns a credential, rather than code, a name, a placeholder or a word of prose."""
    if match["after"] in ("(", "[") or (match["tag"] and match["after"] != "</"):
        return False
    if not _DIGIT_OR_UPPER.search(value):
        return False
    if match["rest"].lower().endswith(("_env", "-env", "_name", "_file", "_path", "_url", "_id")):
        return False
    if _PLACEHOLDER.match(value):
        return False
    if kind == "password" and _has_digit_and_letter(value) and not match["is"]:
        return len(value) >= 6  # `password=hunter22`; in prose (`the password is …`) it takes more
    if _IDENTIFIER.match(value):
        return len(value) >= 32 and _random(value)
    if kind == "password":
        return len(value) >= 6 and _strong(value)
    return len(value) >= 12 and (_random(value) or len(_MARK.findall(value)) >= 4)


def _classes(value: str) -> int:
    """How many of: lower, upper, digit, other."""
    return sum(1 for kind in _CLASSES if kind.search(value))
