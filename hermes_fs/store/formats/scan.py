"""Judges text that the agent wants to keep: credentials, hidden characters, orders for later sessions. Pure.

A memory is a fact. Text that gives its reader orders about safety, hides something from the owner or carries private
things away is what an attacker plants, by way of a web page or a file that the agent read.
"""

from __future__ import annotations

from hermes_fs.core import hidden, secrets
from hermes_fs.core.loading import load
from hermes_fs.store.formats.format import excerpt


def problems(text: str) -> list[str]:
    """Why the agent may not keep this text, one line each that says what to do; empty: it may."""
    found = [
        f"holds a {finding.kind} ({secrets.fingerprint(text[finding.start : finding.end])}): leave the credential out"
        for finding in secrets.find(text)
    ]
    found += [f"holds {name}: write plain characters only" for name in hidden.find(text)]
    found += [
        f'{name}, as a planted order would ("{excerpt(words)}"): keep the fact, not the order'
        for name, words in load("hermes_fs.store.formats.orders:find")(text)  # 200 patterns: for who judges, no other
    ]
    return list(dict.fromkeys(found))
