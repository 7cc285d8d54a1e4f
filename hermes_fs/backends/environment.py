"""Which of our own environment variables a command may see: an allow-list, minus whatever looks like a credential."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ALLOWED = re.compile(
    r"""
      PATH | HOME | USER | LOGNAME | SHELL | LANG | LANGUAGE | LC_\w+ | TZ | TMPDIR | TEMP | TMP | HOSTNAME
    | (?:http|https|ftp|all|no)_proxy | (?:HTTP|HTTPS|FTP|ALL|NO)_PROXY
    | SSL_CERT_(?:FILE|DIR) | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | NODE_EXTRA_CA_CERTS
    | XDG_(?:CACHE|CONFIG|DATA|STATE)_(?:HOME|DIRS) | EDITOR | VISUAL | COLUMNS | LINES
    | VIRTUAL_ENV | CONDA_\w+ | PYTHON\w+ | PIP_\w+ | UV_\w+ | POETRY_\w+ | PYENV_\w+
    | NODE_\w+ | NVM_\w+ | NPM_CONFIG_\w+ | npm_config_\w+ | YARN_\w+ | PNPM_HOME | DENO_\w+ | BUN_INSTALL
    | JAVA_HOME | JDK_HOME | MAVEN_\w+ | GRADLE_\w+ | SDKMAN_DIR | ANDROID_\w+
    | GO\w+ | CARGO_\w+ | RUST\w+ | GEM_\w+ | RUBY\w+ | BUNDLE_\w+ | RBENV_\w+ | PERL5LIB | PHP_\w+ | DOTNET_\w+
    | CC | CXX | CPP | AR | LD | CFLAGS | CXXFLAGS | CPPFLAGS | LDFLAGS | MAKEFLAGS | CMAKE_\w+ | PKG_CONFIG_PATH
    | LD_LIBRARY_PATH | DYLD_\w+ | MANPATH | INFOPATH | CUDA_\w+ | OMP_\w+ | HOMEBREW_\w+ | NIX_\w+ | WSL_\w+
    | SOURCE_DATE_EPOCH | CI
    """,
    re.VERBOSE,
)
_CREDENTIAL = re.compile(
    r"(?:^|_)(?:KEY|KEYS|APIKEY|TOKENS?|SECRETS?|PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|CREDENTIALS?|CREDS|AUTH|COOKIE"
    r"|SESSION|PRIVATE|SIGNING|DSN)(?:_|$)|APIKEY|TOKEN|SECRET|PASSWORD|CREDENTIAL",
    re.IGNORECASE,
)
_URL_WITH_USER = re.compile(r"://[^/\s@]+@")

_PLAIN = {"TERM": "dumb", "PAGER": "cat"}
"""Nobody sits at a command's terminal: no colours, nothing that waits for a key."""


def looks_like_credential(name: str) -> bool:
    """Whether a variable of this name usually holds a secret."""
    return bool(_CREDENTIAL.search(name))


def for_commands(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that a command starts with. No GIT_* (they redirect git), no HERMES_*, no credentials, no
    BASH_ENV or exported functions; a proxy address with a password in it is left out too."""
    allowed = {
        name: value
        for name, value in environ.items()
        if _ALLOWED.fullmatch(name) and not looks_like_credential(name) and not _URL_WITH_USER.search(value)
    }
    if not any(name in allowed for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        allowed["LANG"] = "C.UTF-8"
    return allowed | _PLAIN
