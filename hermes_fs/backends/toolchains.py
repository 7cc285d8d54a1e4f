"""Which folders outside /usr hold the programs that a person's PATH names, so that a sandbox can show them. Runs none.

Only what is known to hold programs and no credentials is shown whole; of anything else just the folder in PATH.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path


def _words(text: str) -> list[str]:
    return text.split()


_WHOLE = frozenset(
    _words(
        ".pyenv .rbenv .nodenv .nvm .fnm .volta .sdkman .asdf .rustup .linuxbrew .bun .deno .ghcup .opam"
        " .elan miniconda3 anaconda3 miniforge3 mambaforge"
    )
)
"""A folder of this name is shown from there on down."""
_BESIDE: Mapping[str, tuple[str, ...]] = {
    ".cargo/bin": (".rustup",),
    ".local/bin": (".local/share/uv/python", ".local/share/uv/tools", ".local/pipx/venvs", ".local/share/pipx/venvs"),
}
"""What the programs of a folder are links to, or need; from the home on."""
_SYSTEM = ("/usr", "/bin", "/sbin")
_PREFIXES = ("VIRTUAL_ENV", "CONDA_PREFIX", "JAVA_HOME", "GOROOT")
_FILES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def toolchains(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Existing absolute paths without links, each once."""
    found = dict.fromkeys(Path(os.path.realpath(path)) for path in _candidates(environ, home))
    return [path for path in found if path.exists() and _is_telling(path, home)]


def _candidates(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    yield Path(sys.base_prefix)
    yield from (Path(environ[name]) for name in (*_PREFIXES, *_FILES) if environ.get(name, "").startswith("/"))
    for entry in environ.get("PATH", "").split(os.pathsep):
        if entry.startswith("/"):
            yield from _around(Path(entry), home)


def _around(entry: Path, home: Path) -> Iterator[Path]:
    """The folder of a PATH with what its programs need."""
    whole = next((place for place, name in enumerate(entry.parts) if name in _WHOLE), 0)
    if whole:
        yield Path(*entry.parts[: whole + 1])
        return
    yield entry.parent if (entry.parent / "pyvenv.cfg").is_file() else entry
    for name, beside in _BESIDE.items():
        if entry == home / name:
            yield from (home / other for other in beside)


def _is_telling(path: Path, home: Path) -> bool:
    """Not what is there anyway, and nothing as wide as a home or more."""
    return (
        not any(path.is_relative_to(place) for place in _SYSTEM)
        and not home.is_relative_to(path)
        and len(path.parts) > 2
    )
