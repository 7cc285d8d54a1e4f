"""Which paths usually hold credentials, by name alone. Opens nothing."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

NAMES = (
    ".env",
    ".env.*",
    ".envrc",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".npmrc",
    ".pypirc",
    ".htpasswd",
    ".git-credentials",
    ".*_history",
    ".Xauthority",
    "id_rsa",
    "id_dsa",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "*.jks",
    "*.keystore",
    "*.tfstate*",
    "*.tfvars",
    "credentials",
    "credentials.json",
    "credentials.y*ml",
    "secrets.json",
    "secrets.toml",
    "secrets.y*ml",
    "service-account*.json",
    "token.json",
    "authorized_keys",
    "shadow",
    "shadow-",
    "gshadow",
    "gshadow-",
    "sudoers",
)
"""Shell patterns of file names, as grep and rg take them too."""

FOLDERS = (".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud", ".password-store", ".mozilla", "keyrings")

_HARMLESS_LIKENESS = re.compile(r"\.(?:pub|example|sample|template|dist)$")
_LIKE = re.compile(
    "|".join(re.escape(name).replace(r"\*", ".*") for name in (*NAMES, *FOLDERS)),
    re.IGNORECASE,
)
_PLACES = re.compile(
    r"(?:^|/)\.config/(?:hermes|gcloud|gh|op|rclone|google-chrome|chromium)(?:/|$)|(?:^|/)\.git/(?:hermes|config)(?:/|$)"
    r"|^/(?:proc|sys|dev)(?:/|$)|(?:^|/)\.local/share/keyrings(?:/|$)",
    re.IGNORECASE,
)


def is_sensitive(path: str) -> bool:
    """Whether a path's name says that it holds secrets (or is a device or a view into a process)."""
    if _PLACES.search(path):
        return True
    parts = PurePosixPath(path).parts
    if any(part in FOLDERS for part in parts):
        return True
    name = parts[-1] if parts else ""
    return bool(_LIKE.fullmatch(name)) and not _HARMLESS_LIKENESS.search(name)
