# ruff: noqa: E501  (a table; randomness that must repeat)
"""Credentials as their issuers make them, drawn anew from a seed: name, what its variable is called, and its shape.

Nothing here is or was anybody's: shapes are the issuers' documented ones, the characters are drawn.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
URL = ALNUM + "-_"
B64 = ALNUM + "+/"


@dataclass(frozen=True, slots=True)
class Kind:
    """`family`: token (its issuer can be told from it), random (it cannot), password (a person's), or bearer."""

    name: str
    family: str
    called: str
    make: Callable[[Random], str]


def drawn(rng: Random, letters: str, size: int) -> str:
    """Letters, both a digit and a letter among them."""
    while True:
        text = "".join(rng.choice(letters) for _ in range(size))
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return text


def _shape(*parts: str | tuple[str, int]) -> Callable[[Random], str]:
    return lambda rng: "".join(part if isinstance(part, str) else drawn(rng, *part) for part in parts)


def _jwt(rng: Random) -> str:
    def coded(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    body = {"sub": drawn(rng, LOWER, 8), "iat": rng.randrange(10**9), "scope": "read write"}
    return f"{coded({'alg': 'HS256', 'typ': 'JWT'})}.{coded(body)}.{drawn(rng, URL, 43)}"


def _fernet(rng: Random) -> str:
    return base64.urlsafe_b64encode(rng.randbytes(32)).decode()


def _b64(size: int) -> Callable[[Random], str]:
    return lambda rng: base64.b64encode(rng.randbytes(size)).decode()


_NOUNS = [
    "tiger",
    "harbor",
    "Winter",
    "monkey",
    "Summer",
    "coffee",
    "Dragon",
    "orange",
    "Castle",
    "purple",
    "pepper",
    "Berlin",
    "Falcon",
    "rocket",
    "Sunny",
]


def _human(rng: Random) -> str:
    """What people choose: a word or two with digits and a mark."""
    word, other = rng.choice(_NOUNS), rng.choice(_NOUNS)
    return rng.choice(
        (
            f"{word}{rng.randrange(1970, 2030)}!", f"{word}-{other}-{rng.randrange(10, 99)}", f"{word.capitalize()}{rng.randrange(10, 999)}#",
            f"{word.capitalize()}@{rng.randrange(1000, 9999)}", f"{word}{other.capitalize()}{rng.randrange(100)}", f"{word.replace('e', '3').replace('o', '0')}_{rng.randrange(100)}",
        )
    )  # fmt: skip


def _made(rng: Random) -> str:
    """What a password safe makes."""
    return (
        rng.choice(string.ascii_letters)
        + "".join(rng.choice(ALNUM + "!#%*-_.^") for _ in range(rng.randrange(11, 22)))
        + "4x"
    )


KINDS: tuple[Kind, ...] = tuple(
    Kind(*row)
    for row in (
        ("aws id", "token", "aws_access_key_id", lambda rng: "AKIA" + "".join(rng.choice(string.ascii_uppercase + "234567") for _ in range(16))),
        ("aws secret", "random", "aws_secret_access_key", _shape((B64, 40))),
        ("aws session", "random", "aws_session_token", lambda rng: "IQoJb3JpZ2luX2Vj" + drawn(rng, B64, 200) + "=="),
        ("gcp api", "token", "google_api_key", _shape("AIza", (URL, 35))),
        ("gcp oauth", "token", "google_client_secret", _shape("GOCSPX-", (URL, 28))),
        ("azure storage", "random", "azure_storage_account_key", _b64(64)),
        ("azure client", "random", "azure_client_secret", _shape((ALNUM, 3), "8Q~", (URL, 34))),
        ("azure devops", "random", "azure_devops_pat", _shape((LOWER, 52))),
        ("github", "token", "github_token", _shape("ghp_", (ALNUM, 36))),
        ("github fine", "token", "gh_token", _shape("github_pat_", (ALNUM, 22), "_", (ALNUM, 59))),
        ("github app", "token", "github_app_token", _shape("ghs_", (ALNUM, 36))),
        ("gitlab", "token", "gitlab_token", _shape("glpat-", (URL, 20))),
        ("gitlab ci", "token", "ci_job_token", _shape("glcbt-64_", (URL, 20))),
        ("bitbucket", "token", "bitbucket_app_password", _shape("ATBB", (ALNUM, 32))),
        ("atlassian", "token", "jira_api_token", _shape("ATATT3xFfGF0", (URL, 170), "=", (UPPER, 8))),
        ("slack bot", "token", "slack_bot_token", lambda rng: f"xoxb-{rng.randrange(10**11, 10**12)}-{rng.randrange(10**12, 10**13)}-{drawn(rng, ALNUM, 24)}"),
        ("slack app", "token", "slack_app_token", lambda rng: f"xapp-1-A{drawn(rng, UPPER, 10)}-{rng.randrange(10**12, 10**13)}-{drawn(rng, HEX, 64)}"),
        ("discord", "token", "discord_token", lambda rng: "M" + drawn(rng, ALNUM, 23) + "." + drawn(rng, URL, 6) + "." + drawn(rng, URL, 38)),
        ("telegram", "token", "telegram_bot_token", lambda rng: f"{rng.randrange(10**9, 10**10)}:AA{drawn(rng, URL, 33)}"),
        ("stripe", "token", "stripe_secret_key", _shape("sk_live_51", (ALNUM, 98))),
        ("stripe hook", "token", "stripe_webhook_secret", _shape("whsec_", (ALNUM, 32))),
        ("twilio", "random", "twilio_auth_token", _shape((HEX, 32))),
        ("twilio key", "token", "twilio_api_key", _shape("SK", (HEX, 32))),
        ("sendgrid", "token", "sendgrid_api_key", _shape("SG.", (URL, 22), ".", (URL, 43))),
        ("mailgun", "token", "mailgun_api_key", _shape("key-", (HEX, 32))),
        ("mailgun new", "random", "mailgun_sending_key", _shape((HEX, 32), "-", (HEX, 8), "-", (HEX, 8))),
        ("mailchimp", "token", "mailchimp_api_key", _shape((HEX, 32), "-us14")),
        ("postmark", "random", "postmark_server_token", _shape((HEX, 8), "-", (HEX, 4), "-4", (HEX, 3), "-a", (HEX, 3), "-", (HEX, 12))),
        ("brevo", "token", "brevo_api_key", _shape("xkeysib-", (HEX, 64), "-", (ALNUM, 16))),
        ("npm", "token", "npm_token", _shape("npm_", (ALNUM, 36))),
        ("pypi", "token", "pypi_token", _shape("pypi-AgEIcHlwaS5vcmc", (URL, 120))),
        ("rubygems", "token", "gem_host_api_key", _shape("rubygems_", (HEX, 48))),
        ("docker", "token", "docker_hub_token", _shape("dckr_pat_", (URL, 27))),
        ("cargo", "token", "cargo_registry_token", _shape("cio", (ALNUM, 32))),
        ("huggingface", "token", "hf_token", _shape("hf_", (string.ascii_letters + "7", 34))),
        ("openai", "token", "openai_api_key", _shape("sk-proj-", (URL, 74), "T3BlbkFJ", (URL, 74))),
        ("openai old", "token", "openai_key", _shape("sk-", (ALNUM, 20), "T3BlbkFJ", (ALNUM, 20))),
        ("anthropic", "token", "anthropic_api_key", _shape("sk-ant-api03-", (URL, 93), "AA")),
        ("openrouter", "token", "openrouter_api_key", _shape("sk-or-v1-", (HEX, 64))),
        ("groq", "token", "groq_api_key", _shape("gsk_", (ALNUM, 52))),
        ("mistral", "random", "mistral_api_key", _shape((ALNUM, 32))),
        ("cohere", "random", "co_api_key", _shape((ALNUM, 40))),
        ("xai", "token", "xai_api_key", _shape("xai-", (ALNUM, 80))),
        ("perplexity", "token", "pplx_api_key", _shape("pplx-", (ALNUM, 48))),
        ("replicate", "token", "replicate_api_token", _shape("r8_", (ALNUM, 37))),
        ("together", "random", "together_api_key", _shape((HEX, 64))),
        ("deepseek", "token", "deepseek_api_key", _shape("sk-", (HEX, 32))),
        ("fireworks", "token", "fireworks_api_key", _shape("fw_", (ALNUM, 24))),
        ("elevenlabs", "token", "elevenlabs_api_key", _shape("sk_", (HEX, 48))),
        ("tavily", "token", "tavily_api_key", _shape("tvly-dev-", (ALNUM, 32))),
        ("datadog", "random", "dd_api_key", _shape((HEX, 32))),
        ("newrelic", "token", "new_relic_api_key", _shape("NRAK-", (UPPER, 27))),
        ("sentry", "token", "sentry_auth_token", _shape("sntrys_eyJ", (B64, 80), "_", (B64, 43))),
        ("grafana", "token", "grafana_token", _shape("glsa_", (ALNUM, 32), "_", (HEX, 8))),
        ("linear", "token", "linear_api_key", _shape("lin_api_", (ALNUM, 40))),
        ("notion", "token", "notion_token", _shape("ntn_", (ALNUM, 46))),
        ("airtable", "token", "airtable_token", _shape("pat", (ALNUM, 14), ".", (HEX, 64))),
        ("figma", "token", "figma_token", _shape("figd_", (URL, 40))),
        ("heroku", "random", "heroku_api_key", _shape((HEX, 8), "-", (HEX, 4), "-4", (HEX, 3), "-b", (HEX, 3), "-", (HEX, 12))),
        ("cloudflare", "random", "cloudflare_api_token", _shape((URL, 40))),
        ("digitalocean", "token", "digitalocean_token", _shape("dop_v1_", (HEX, 64))),
        ("vault", "token", "vault_token", _shape("hvs.CAES", (URL, 90))),
        ("terraform", "token", "tf_token_app_terraform_io", _shape((ALNUM, 14), ".atlasv1.", (ALNUM, 67))),
        ("databricks", "token", "databricks_token", _shape("dapi", (HEX, 32))),
        ("supabase", "token", "supabase_access_token", _shape("sbp_", (HEX, 40))),
        ("shopify", "token", "shopify_access_token", _shape("shpat_", (HEX, 32))),
        ("square", "token", "square_access_token", _shape("EAAA", (URL, 60))),
        ("paypal", "random", "paypal_client_secret", _shape("EL", (URL, 78))),
        ("facebook", "random", "facebook_app_secret", _shape((HEX, 32))),
        ("twitter", "random", "twitter_consumer_secret", _shape((ALNUM, 50))),
        ("spotify", "random", "spotify_client_secret", _shape((HEX, 32))),
        ("okta", "random", "okta_api_token", _shape("00", (URL, 40))),
        ("auth0", "random", "auth0_client_secret", _shape((URL, 64))),
        ("algolia", "random", "algolia_admin_key", _shape((HEX, 32))),
        ("pagerduty", "random", "pagerduty_api_key", _shape("u+", (ALNUM, 18))),
        ("artifactory", "token", "artifactory_api_key", _shape("AKCp8", (ALNUM, 68))),
        ("sonar", "token", "sonar_token", _shape("sqp_", (HEX, 40))),
        ("tailscale", "token", "tailscale_auth_key", _shape("tskey-auth-", (ALNUM, 11), "CNTRL-", (ALNUM, 32))),
        ("doppler", "token", "doppler_token", _shape("dp.st.prd.", (ALNUM, 43))),
        ("pulumi", "token", "pulumi_access_token", _shape("pul-", (HEX, 40))),
        ("jwt", "token", "service_role_key", _jwt),
        ("fernet", "random", "encryption_key", _fernet),
        ("django", "random", "secret_key", _shape((LOWER + "!@#%^*-_=+", 50))),
        ("hmac", "random", "signing_secret", _shape((HEX, 64))),
        ("session", "random", "session_secret", _b64(32)),
        ("made password", "password", "db_password", _made),
        ("human password", "password", "password", _human),
        ("admin password", "password", "admin_password", _human),
        ("smtp password", "password", "smtp_pass", _made),
        ("root password", "password", "mysql_root_password", _made),
        ("redis password", "password", "redis_password", _made),
        ("login", "password", "pgpassword", _human),
    )
)  # fmt: skip
