"""Credentials of many kinds as they stand in files, logs and commands, and text that only looks like them. Seeded.

Three sets that the patterns were written against, and `unseen`: kinds and places that nobody tuned
them on, measured when all was done.
"""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator

Make = Callable[[random.Random], str]

LOWER, UPPER, DIGIT = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM, HEX = string.ascii_letters + DIGIT, "0123456789abcdef"
B64 = ALNUM + "+/"
B64URL = ALNUM + "-_"


def _of(alphabet: str, size: int, prefix: str = "", suffix: str = "") -> Make:
    return lambda r: prefix + "".join(r.choice(alphabet) for _ in range(size)) + suffix


def _jwt(r: random.Random) -> str:
    head, body = (
        base64.urlsafe_b64encode(text).decode().rstrip("=")
        for text in (b'{"alg":"HS256"}', b'{"sub":"%d"}' % r.getrandbits(40))
    )
    return f"{head}.{body}.{_of(B64URL, 43)(r)}"


def _password(r: random.Random) -> str:
    words = ["Winter", "dragon", "correct", "Horse", "staple", "Summer", "monkey", "Blue", "tiger", "Secure"]
    return (
        r.choice(words)
        + r.choice(["", "_", "-", "!"])
        + str(r.randrange(10, 9999))
        + r.choice(["!", "#", "", "$x", "@9"])
    )


def _strong(r: random.Random) -> str:
    return "".join(r.choice(ALNUM + "!#%^*-_=+.") for _ in range(r.randrange(12, 20))) + "a7"


def _pem(r: random.Random) -> str:
    kind = r.choice(["RSA ", "EC ", "OPENSSH ", ""])
    body = "\n".join(_of(B64, 64)(r) for _ in range(r.randrange(3, 9)))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


PREFIXED: dict[str, Make] = {
    "aws-access": _of(UPPER + "234567", 16, "AKIA"),
    "github": _of(ALNUM, 36, "gh" + "p_"),
    "github-fine": lambda r: "github_" + "pat_" + _of(ALNUM, 22)(r) + "_" + _of(ALNUM, 59)(r),
    "gitlab": _of(B64URL, 20, "gl" + "pat-"),
    "openai": _of(ALNUM, 48, "sk" + "-"),
    "openai-project": _of(B64URL, 64, "sk" + "-proj-"),
    "anthropic": _of(B64URL, 93, "sk" + "-ant-api03-", "AA"),
    "openrouter": _of(HEX, 64, "sk" + "-or-v1-"),
    "slack-bot": lambda r: "xo" + f"xb-{r.randrange(10**11, 10**12)}-{r.randrange(10**12, 10**13)}-{_of(ALNUM, 24)(r)}",
    "slack-app": lambda r: "xa" + f"pp-1-A{_of(UPPER + DIGIT, 10)(r)}-{r.randrange(10**12, 10**13)}-{_of(HEX, 64)(r)}",
    "stripe": _of(ALNUM, 24, "sk" + "_live_"),
    "stripe-restricted": _of(ALNUM, 24, "rk" + "_live_"),
    "google": _of(B64URL, 35, "AI" + "za"),
    "google-oauth": _of(B64URL, 28, "GOC" + "SPX-"),
    "jwt": _jwt,
    "npm": _of(ALNUM, 36, "npm" + "_"),
    "pypi": _of(B64URL, 150, "pypi" + "-AgEIcHlwaS5vcmc"),
    "telegram": lambda r: f"{r.randrange(10**8, 10**10)}:" + "AA" + _of(B64URL, 33)(r),
    "sendgrid": lambda r: "S" + "G." + _of(B64URL, 22)(r) + "." + _of(B64URL, 43)(r),
    "huggingface": _of(ALNUM, 34, "hf" + "_"),
    "groq": _of(ALNUM, 52, "gsk" + "_"),
    "digitalocean": _of(HEX, 64, "dop" + "_v1_"),
    "shopify": _of(HEX, 32, "shp" + "at_"),
    "vault": _of(B64URL, 90, "hv" + "s."),
    "databricks": _of(HEX, 32, "da" + "pi"),
    "linear": _of(ALNUM, 40, "lin_" + "api_"),
    "private-key": _pem,
}
GENERIC: dict[str, Make] = {
    "aws-secret": _of(B64, 40),
    "hex-32": _of(HEX, 32),
    "hex-64": _of(HEX, 64),
    "base62-32": _of(ALNUM, 32),
    "base62-40": _of(ALNUM, 40),
    "base64-44": _of(B64, 43, "", "="),
    "azure-88": _of(B64, 86, "", "=="),
    "uuid-key": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    "password": _password,
    "strong": _strong,
}
PLACES: tuple[str, ...] = (
    "API_KEY={}",
    "export SERVICE_API_KEY='{}'",
    '"api_key": "{}",',
    "  client_secret: {}",
    "secret_key = '{}'",
    '{{"auth": {{"token": "{}", "expires": 3600}}}}',
    "curl -H 'Authorization: Bearer {}' https://api.example.org/v1/me",
    "X-Api-Key: {}",
    "ENV ACCESS_TOKEN={}",
    "./deploy --token {} --region eu",
    "./deploy --api-key={} --dry-run",
    "2026-11-21T07:00:00Z INFO login ok access_token={} user=17",
    "https://api.example.org/v1/items?api_key={}&limit=5",
    "the deploy token is {} until Friday",
    "##[debug] SECRET_ACCESS_KEY: {}",
    'const apiKey = "{}";',
    "auth_token => '{}',",
    '<add key="ApiSecret" value="{}" />',
)
PASSWORD_PLACES: tuple[str, ...] = (
    "password={}",
    "DB_PASSWORD='{}'",
    '"password": "{}"',
    "  password: {}",
    "postgres://app:{}@db.internal:5432/x",
    "redis://:{}@cache:6379/0",
    "https://ada:{}@example.org/repo.git",
    "machine example.org login ada password {}",
    "mysql -u root -p{} shop",
    "mysql --user=root --password={} shop",
    "curl -u ada:{} https://example.org",
    "sshpass -p '{}' ssh ada@example.org",
    "Server=db;Database=shop;User Id=sa;Password={};",
    "ENV POSTGRES_PASSWORD {}",
    "PGPASSWORD={} psql -h db",
    "spring.datasource.password={}",
    "my password is {}",
)

SECOND_KINDS: dict[str, Make] = {
    "slack-user": lambda r: "xo" + f"xp-{r.randrange(10**11, 10**12)}-{r.randrange(10**11, 10**12)}-{_of(HEX, 32)(r)}",
    "google-ya29": _of(B64URL, 120, "ya" + "29.a0"),
    "gitlab-runner": _of(B64URL, 20, "gl" + "rt-"),
    "github-app": _of(ALNUM, 36, "gh" + "s_"),
    "aws-session": _of(UPPER + "234567", 16, "AS" + "IA"),
    "atlassian": _of(B64URL, 180, "ATA" + "TT3xFfGF0"),
    "grafana": lambda r: "gl" + "sa_" + _of(ALNUM, 32)(r) + "_" + _of(HEX, 8)(r),
    "age": _of(UPPER + DIGIT, 58, "AGE-SECRET" + "-KEY-1"),
    "stripe-webhook": _of(ALNUM, 32, "wh" + "sec_"),
    "perplexity": _of(ALNUM, 48, "pp" + "lx-"),
}
SECOND_GENERIC: dict[str, Make] = {
    "hex-40": _of(HEX, 40),
    "base62-24": _of(ALNUM, 24),
    "base64url-43": _of(B64URL, 43),
    "mixed-20": _of(ALNUM, 20),
    "upper-32": _of(UPPER + DIGIT, 32),
}
SECOND_PLACES: tuple[str, ...] = (
    'AUTH_TOKEN: "{}"',
    "set -gx MY_SECRET_TOKEN {}",
    "api-token={}",
    "  - name: CLIENT_SECRET\n    value: {}",
    "[service]\nsecret_access_key = {}\nregion = eu",
    "Authorization: token {}",
    '$env:API_TOKEN = "{}"',
    "--build-arg NPM_TOKEN={}",
    "wget --header='Authorization: Bearer {}' https://example.org/x",
    'refresh_token":"{}","scope":"all"',
    "private_token: '{}'",
    "//registry.example.org/:_authToken={}",
    "account_key={};endpoint=x",
)
SECOND_PASSWORD_PLACES: tuple[str, ...] = (
    "mongodb+srv://ada:{}@cluster0.example.net/x",
    "MYSQL_ROOT_PASSWORD: {}",
    'passwd = "{}"',
    "<password>{}</password>",
    "login ada\npassword {}\n",
    "Pwd={};Encrypt=true",
    "amqp://guest:{}@rabbit:5672//",
    "user: ada, pass: {}",
    "passphrase: {}",
)


THIRD_KINDS: dict[str, Make] = {
    "docker": _of(B64URL, 27, "dckr" + "_pat_"),
    "figma": _of(B64URL, 43, "fig" + "d_"),
    "notion": _of(ALNUM, 43, "nt" + "n_"),
    "mailgun": _of(HEX, 32, "ke" + "y-"),
    "square": _of(B64URL, 22, "sq0" + "atp-"),
    "airtable": lambda r: "pa" + "t" + _of(ALNUM, 14)(r) + "." + _of(HEX, 64)(r),
    "newrelic": _of(UPPER + DIGIT, 27, "NR" + "AK-"),
    "supabase": _of(HEX, 40, "sb" + "p_"),
    "planetscale": _of(B64URL, 43, "pscale" + "_tkn_"),
    "postman": lambda r: "PM" + "AK-" + _of(HEX, 24)(r) + "-" + _of(HEX, 34)(r),
    "sentry": _of(B64, 80, "sntr" + "ys_eyJ"),
    "replicate": _of(ALNUM, 37, "r8" + "_"),
    "doppler": _of(ALNUM, 43, "dp" + ".pt."),
    "github-refresh": _of(ALNUM, 76, "gh" + "r_"),
}
THIRD_GENERIC: dict[str, Make] = {
    "hex-48": _of(HEX, 48),
    "base62-28": _of(ALNUM, 28),
    "base62-64": _of(ALNUM, 64),
    "base64-24": _of(B64, 22, "", "=="),
    "base36-32": _of(LOWER + DIGIT, 32),
}
THIRD_PLACES: tuple[str, ...] = (
    "TWILIO_AUTH_TOKEN={}",
    '{{"clientSecret":"{}","tenant":"x"}}',
    "secretAccessKey: {}",
    "<secret>{}</secret>",
    "Cookie: session_token={}; path=/",
    "docker run -e API_TOKEN={} -p 80:80 image",
    "heroku config:set SECRET_KEY={}",
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=core.windows.net",
    "kubectl create secret generic x --from-literal=token={}",
    '    "Authorization": "Bearer {}",',
    ":api_key => '{}'",
    "TOKEN := {}",
    "git remote add origin https://oauth2:{}@gitlab.example.org/x.git",
    "X-Auth-Token: {}",
    "security.oauth2.client.client-secret={}",
    'signing_key = """{}"""',
    "[Sat 07:12:01] debug: using api key {} for tenant 4",
    "api_key   = {}   # rotate in May",
)
THIRD_PASSWORD_PLACES: tuple[str, ...] = (
    "jdbc:postgresql://h/db?user=a&password={}",
    "smtp_pass = '{}'",
    "requirepass {}",
    "psql 'host=h password={} user=x'",
    '"Password":"{}"',
    "docker login -u ada -p {} registry.example.org",
    "password: >-\n  {}",
    "rsync://ada:{}@h/m",
    "root:{}@tcp(127.0.0.1:3306)/db",
    "Please use the password {} to log in",
    "user=ada passwd={} host=h",
    "KEYSTORE_PASSPHRASE='{}'",
)
UNSEEN_KINDS: dict[str, Make] = {
    "own-live": _of(ALNUM, 32, "acme" + "_live_"),
    "own-token": _of(ALNUM, 24, "to" + "k_"),
    "gitlab-deploy": _of(B64URL, 20, "gl" + "dt-"),
    "slack-config": lambda r: "xo" + f"xe.xoxp-1-{_of(ALNUM, 140)(r)}",
    "tailscale": lambda r: "tsk" + f"ey-auth-{_of(ALNUM, 17)(r)}-{_of(ALNUM, 32)(r)}",
    "hex-36": _of(HEX, 36),
    "base62-36": _of(ALNUM, 36),
    "base64url-22": _of(B64URL, 22),
    "base64-32": _of(B64, 31, "", "="),
    "jwt": _jwt,
    "github": _of(ALNUM, 36, "gh" + "o_"),
    "private-key": _pem,
}
UNSEEN_PLACES: tuple[str, ...] = (
    "'x-api-key': '{}'",
    "AUTH_HEADER='Bearer {}'",
    "./run --client-secret {} --verbose",
    "POST /oauth grant_type=x&client_secret={}&scope=y",
    "login(token='{}', timeout=3)",
    '{{"credentials": {{"privateKey": "{}"}}}}',
    "| API token | {} |",
    "* Access key: `{}`",
    "Enter token: {}",
    "?access_token={}#top",
    "SECRET={} make deploy",
    'credentials:\n  secret: "{}"\n  region: eu',
    "az storage --account-key {} --name x",
    "INFO  [auth] refreshToken={}, ttl=3600",
)
UNSEEN_PASSWORD_PLACES: tuple[str, ...] = (
    "set_password('{}')",
    "smtp://mailer:{}@mail.example.org:587",
    "wget --password={} https://example.org",
    "ansible_ssh_pass: {}",
    "GRANT ALL ON *.* TO 'x' IDENTIFIED BY '{}';",
    "echo 'ada:{}' | chpasswd",
    "DB_PASS={}",
    "Passwort: {}",
    "unzip -P {} archive.zip",
    "openssl enc -k {} -in a",
)
_Set = tuple[dict[str, Make], tuple[str, ...], tuple[str, ...]]
SETS: dict[str, _Set] = {
    "first": ({**PREFIXED, **GENERIC}, PLACES, PASSWORD_PLACES),
    "second": ({**SECOND_KINDS, **SECOND_GENERIC}, SECOND_PLACES, SECOND_PASSWORD_PLACES),
    "third": ({**THIRD_KINDS, **THIRD_GENERIC}, THIRD_PLACES, THIRD_PASSWORD_PLACES),
    "unseen": (UNSEEN_KINDS, UNSEEN_PLACES, UNSEEN_PASSWORD_PLACES),
}
_PASSWORDS: dict[str, Make] = {"password": _password, "strong": _strong, "base62-24": _of(ALNUM, 24)}
_BARE = ("{}", "here: {}", "it printed {} and went on", "- {}\n- next")
_NOT_BARE = ("password", "strong", "uuid-key")


def located(which: str, seed: int) -> Iterator[tuple[str, str, str]]:
    """(kind, text, the secret in it): every kind in every place that such a secret stands in."""
    r = random.Random(seed)
    kinds, places, passwords = SETS[which]
    for kind, make in kinds.items():
        if kind not in _PASSWORDS:
            for place in places:
                yield _placed(r, kind, make, place)
    for kind, make in _PASSWORDS.items():
        for place in passwords:
            yield _placed(r, kind, make, place)


def _placed(r: random.Random, kind: str, make: Make, place: str) -> tuple[str, str, str]:
    secret = make(r)
    shown = secret.replace("\n", "\\n") if '"' in place else secret
    before, after = r.choice([("", ""), ("some text before\n", "\nand after"), ("a b ", " c")])
    return kind, f"{before}{place.format(shown)}{after}", shown


def bare(which: str, seed: int) -> Iterator[tuple[str, str, str]]:
    """(kind, text, the secret in it): nothing around it tells what it is."""
    r = random.Random(seed)
    for kind, make in SETS[which][0].items():
        for place in () if kind in _NOT_BARE else _BARE:
            secret = make(r)
            yield kind, place.format(secret), secret
