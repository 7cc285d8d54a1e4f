# ruff: noqa: E501  (a table)
"""The places where people leave credentials: words that name one, what joins a word to its value, commands that take one.

Data for `secrets`, which judges the values; patterns are bounded, so that no text takes more than linear time.
"""

from __future__ import annotations

import re
from re import Pattern

# In the languages that are written most; searched for in lower-cased text, case-sensitively: three times as fast.
_OTHER_WORDS = (
    "kennwort|contrase[ñn]a|senha|palavra-passe|mot de passe|wachtwoord|passord|adgangskode|lösenord|losenord|salasana|has[łl]o|heslo|jelszó|"
    "parolă|şifre|parol[ae](?: d'ordine)?(?=\\s?[:=])|пароль|пароля|лозинка|συνθηματικό|密码|密碼|口令|パスワード|비밀번호|mật khẩu|kata sandi|"
    "סיסמה|סיסמא|كلمة المرور|كلمة السر|पासवर्ड|รหัสผ่าน"
)
NAMED = re.compile(
    r"passw(?:or)?[dt]|passphrase|passwd|pwd|(?<![a-z])pass(?=[\"'`*]{0,2}(?:\s{0,2}[:=]|\sis\s))|(?:(?<=[_-])|(?<=smtp|mail|user|root|http))pass(?![a-z])|"
    r"secret|token|credential|session[_-]?cookie|(?<![a-z])p(?:w|sk)(?=[\"']?\s{0,2}[:=])|"
    rf"(?:api|access|auth|account|private|signing|encryption|master|service|client|app|session|admin|shared)[._ -]?key|(?<=[a-z0-9][_.-])key(?=[\"'`\]\\]{{0,3}}\s{{0,3}}[:=])|{_OTHER_WORDS}"
)
OTHER_WORDS: Pattern[str] = re.compile(_OTHER_WORDS)
HINTS = tuple(
    [
        "pass",
        "pwd",
        "pw",
        "psk",
        "secret",
        "token",
        "credential",
        "cookie",
        "key",
        "kennwort",
        "contrasen",
        "senha",
        "woord",
        "sandi",
        "adgang",
        "losen",
        "sala",
        "has",
        "hes",
        "paro",
    ]
)
"""Parts of words of which one stands in every ASCII name, found much faster than the names."""
_IS = r"is|was|to|are|lautet|ist|es|est|jest|é|è|это|は|是|为|為"
ASSIGNED = re.compile(
    r"(?P<rest>[A-Za-z0-9_-]{0,24}+)\\?[\"'`*]{0,3}\]?(?:\s?\{[^{}\n]{2,30}\}(?=\s{0,2}=))?"
    r"(?:\s{0,2}:\s{0,2}&?[\w']{2,12}(?=\s{0,2}=)|\s(?:string|str|text)(?=\s{0,2}=))?"  # a type between name and value
    rf"(?:\s{{0,24}}(?:(?P<is>(?:{_IS})[:\s]{{1,3}}|は|(?:\s?[a-z]\S{{0,14}}\s){{1,5}}?(?:(?:{_IS})[:\s]{{1,3}}|(?<=\s):\s)|(?:\s[a-z]\S{{0,24}}){{1,4}}?:\s|,(?=\s{{0,3}}[\"'`]))"
    r"|:=|=>|\|\||\?\?|={1,2}|[:：](?:\s{0,4}[>|][+-]?\s(?=\s))?[\"'`*]{0,2})|[\s,\"']{1,40}value[\"']?\s{0,2}[:=]|(?:\s--?[\w-]{1,20}[ =]\w{1,20}){0,2}\s--?(?:body|value|data)[ =]|\"?\s?\{\s{1,9}(?:type\s{1,9}=\s\w{1,12}\s{1,9})?default\s{1,9}=|(?P<tag>>)"
    r"|\((?=[\"'])|[ \t]{0,3}(?P<bare>[ \t|]))\s{0,4}(?:[NbrfuL](?=[\"'])|\\)?(?P<quote>[\"'`]{0,3})"
    r"(?P<value>[^\s\"'`<>\[\]{}();,|\\]{6,64}+)(?P<after>[(\[]|</)?"
)

LONG = re.compile(r"(?<![\w/.+=%-])[A-Za-z0-9_~.+/=-]{24,600}+")
"""What may be a key that was drawn at random; whether a word before it says so is for `BEFORE` characters to tell."""
BEFORE = 90
HASHED = re.compile(r"sha\d|hash|digest|checksum|commit|integrity|fingerprint|md5|etag|public|uuid|revision")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_Q = r"[\"']"
PLACES: tuple[tuple[tuple[str, ...], Pattern[str]], ...] = (
    (("auth",), re.compile(rf"\b(?:basic_?)?auth\s?[=(:]\s?\(?\s?{_Q}[^\"'\s]{{1,60}}{_Q},\s?{_Q}([^\"'\s]{{4,}})")),
    ((".login(",), re.compile(rf"\.login\(\s?{_Q}?[^\"'\s,]{{1,60}}{_Q}?,\s?{_Q}([^\"'\s]{{4,}})")),
    ((":",), re.compile(r"(?m)^[\w.*-]{1,80}:(?:\d{2,5}|\*):[\w.*-]{1,60}:[\w.*-]{1,60}:(\S{4,200})$")),
    (("creds", "Creds"), re.compile(r"\b[Cc]reds?[ :=]{1,3}[\w.@-]{1,60}\s?[:/]\s?(\S{6,})")),
    (("ogin", "og in"), re.compile(r"\b[Ll]og ?in (?:with|as|is)?:?\s{0,2}[\w.@-]{1,60}\s?[:/]\s(\S{6,})")),
    (
        ("mongo", "7z ", "rar ", "psql", "docker", "cqlsh"),
        re.compile(r"\b(?:mongo\w{0,8}|7za?|u?n?rar|cqlsh)\s[^\n|;&]{0,120}?\s-p\s?[\"']?([^\s\"'-][^\s\"']{3,})"),
    ),
    (("htpasswd",), re.compile(r"\bhtpasswd\s(?:-\w{1,6}\s){1,4}\S{1,80}\s[\w.@-]{1,60}\s[\"']?([^\s\"']{4,})")),
    (("redis-cli",), re.compile(r"\bredis-cli\s[^\n|;&]{0,80}?\s-a\s[\"']?([^\s\"']{4,})")),
    (("ldap",), re.compile(r"\bldap\w{3,10}\s[^\n|;&]{0,120}?\s-w\s[\"']?([^\s\"']{4,})")),
    (("sqlplus",), re.compile(r"\bsqlplus\s[\w.-]{1,60}/([^\s@\"']{4,})@")),
    (("storepass", "keypass", "-pass"), re.compile(r"\s-(?:storepass|keypass|pass)\s(?:pass:)?([^\s\"':]{4,})")),
    (
        ("hook",),
        re.compile(r"://[\w.-]{0,80}hook[\w.-]{0,40}/[\w@/.-]{0,200}?/([\w-]{7,100}(?:/[\w-]{20,80})?)(?![\w/-])"),
    ),
    (("sig=", "ignature="), re.compile(r"[?&](?:sig|[\w-]{0,20}[Ss]ignature)=([\w%+/=-]{20,})")),
    (("/bot",), re.compile(r"/bot(\d{8,10}:[\w-]{33,40})/")),
    (
        ("invalid ", "wrong ", "bad "),
        re.compile(
            r"\b(?:invalid|wrong|bad) (?:[\w-]{1,20} ){0,3}?(?:passw\w{2,4}|pass|token|secret|key) [\"'`]([^\s\"'`]{6,})"
        ),
    ),
    (("#define",), re.compile(r"#define\s+\w{0,40}(?:PASS|PWD|SECRET|TOKEN|KEY)\w{0,20}\s+\"([^\s\"]{6,})\"")),
    (
        ("echo ", "printf "),
        re.compile(r"\b(?:echo|printf)\s(?:-n\s)?[\"']?([^\s\"'|]{6,600})[\"']?\s\|\s[^\n|]{0,40}(?:login|secret)"),
    ),
    (("auth",), re.compile(r"\b_?auth[\"']?\s?[=:]\s?[\"']?([A-Za-z0-9+/_-]{14,600}={0,2})(?![\w(.])")),
    (("Private-Lines",), re.compile(r"\bPrivate-Lines: \d{1,4}\s{1,2}((?:[A-Za-z0-9+/=]{4,80}\s{0,2}){1,60})")),
    (("net use",), re.compile(r"\bnet use \S{1,3} \\\\\S{1,80} ([^\s/*]{4,}) /")),
)
"""Commands and calls that take a password without naming it: literals that must stand in the text, and the pattern."""

MEANT = re.compile(
    r"\b(?:use|try|with|set)\s[\"'`]?([^\s\"'`]{6,200})[\"'`]?\s(?:as|for)\s(?:the|my|your|our|its|a)\s(?:[\w.-]{1,30}\s){0,3}?(?:passw|passphrase|token|secret|[\w-]{0,20}key\b)"
)
"""A value before the word: `use … as the token`."""
