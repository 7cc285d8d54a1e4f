"""Seventeen skills that others wrote, of a public collection under the MIT licence (PyPI: ai-hats-library, a
development dependency): long and short, with scripts and without; the public validator refuses some as they are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

NAMES = (
    "ansible-ops",
    "backlog-create",
    "bash-mastery",
    "context-handoff",
    "devils-advocate",
    "git-mastery",
    "golang-benchmark",
    "golang-context",
    "golang-security",
    "golang-testing",
    "incident-response",
    "maintainer-quality-gate",
    "py-security-lint",
    "rollback-plan",
    "skill-template",
    "systematic-debugging",
    "terraform-expert",
)


def folders() -> list[Path]:
    """The folder of each, in the order of NAMES."""
    found = importlib.util.find_spec("ai_hats_library")
    assert found and found.origin, "install the development dependencies: scripts/test does"
    places = {path.parent.name: path.parent for path in sorted(Path(found.origin).parent.rglob("SKILL.md"))}
    return [places[name] for name in NAMES]
