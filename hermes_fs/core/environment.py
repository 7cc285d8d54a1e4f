"""Which of our own environment variables a child process may see: allow-lists, minus whatever looks like a credential.

Every process that the package starts gets its environment from here or from a list of its own; none inherits ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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


def for_commands(environ: Mapping[str, str], secrets: Sequence[str] = ()) -> dict[str, str]:
    """The environment that a command starts with. No GIT_* (they redirect git), no HERMES_*, no credentials, no
    BASH_ENV or exported functions; a proxy address with a password in it is left out too. `secrets` are names that a
    person granted: those, and no others, are passed on whatever they look like."""
    allowed = {
        name: value
        for name, value in environ.items()
        if _ALLOWED.fullmatch(name) and not looks_like_credential(name) and not _URL_WITH_USER.search(value)
    }
    if not any(name in allowed for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        allowed["LANG"] = "C.UTF-8"
    return allowed | _PLAIN | granted(environ, secrets)


def granted(environ: Mapping[str, str], secrets: Sequence[str]) -> dict[str, str]:
    """The variables of these names that are set. What changes how programs are found or started is never granted."""
    return {name: environ[name] for name in secrets if environ.get(name) and not _STEERING.match(name)}


def for_programs(environ: Mapping[str, str]) -> dict[str, str]:
    """For system programs that we start for ourselves (git at home, ps): where they lie and whose they are."""
    return {name: value for name, value in environ.items() if _OURS.fullmatch(name)}


def for_remotes(environ: Mapping[str, str]) -> dict[str, str]:
    """For git that signs or connects in this person's name: besides, the ways to their agent, keys and proxy. Those are
    git's own business; tokens of other services are not."""
    return {name: value for name, value in environ.items() if _OURS.fullmatch(name) or _PERSONAL.fullmatch(name)}


def for_editors(environ: Mapping[str, str]) -> dict[str, str]:
    """For the editor of the person who sits there: as for commands, and their terminal and display."""
    seen = {name: value for name, value in environ.items() if _SCREEN.fullmatch(name)}
    return {name: value for name, value in for_commands(environ).items() if name not in _PLAIN} | seen


def for_downloads(environ: Mapping[str, str]) -> dict[str, str]:
    """For pip: as for commands, and where it looks for packages, which may hold a password that is pip's own."""
    return for_commands(environ) | {
        name: value for name, value in environ.items() if name.startswith(("PIP_", "UV_")) or _PERSONAL.fullmatch(name)
    }


_OURS = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|TZ|LANG|LC_ALL|LC_CTYPE|XDG_(?:CONFIG|CACHE|RUNTIME)_(?:HOME|DIR)"
    "|SYSTEMROOT"
)
_PERSONAL = re.compile(
    "SSH_AUTH_SOCK|GNUPGHOME|GPG_TTY|KRB5CCNAME|DBUS_SESSION_BUS_ADDRESS|(?:http|https|all|no)_proxy"
    "|(?:HTTP|HTTPS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|CURL_CA_BUNDLE"
)
_SCREEN = re.compile("TERM|COLORTERM|TERM_PROGRAM|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_RUNTIME_DIR")
_STEERING = re.compile("PATH$|LD_|DYLD_|BASH_|ENV$|IFS$|GIT_|HERMES_|PS4$|PROMPT_COMMAND$|PYTHON|NODE_OPTIONS$")
