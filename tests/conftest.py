"""Gives every test a home of its own, so that none reads this person's settings, keys or git configuration."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Time limits on single examples would only measure how busy the machine is.
settings.register_profile("hermes", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("hermes")

GIT_IDENTITY = "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
"""The person at the keyboard, whose name human edits must carry. The agent's own is never this one."""

_FOREIGN = ("GIT_", "HERMES_", "OPENAI_", "OPENROUTER_", "ANTHROPIC_", "XDG_")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as where a script runs the tests in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)


_WHOLE = (
    "adversarial/",
    "agent/test_gate",
    "agent/test_routing.py",
    "apps/chat/test_oneshot.py",
    "apps/chat/test_terminal.py",
    "backends/test_escapes",
    "backends/test_landlock",
    "backends/test_sandbox",
    "benchmarks/",
    "cli/",
    "e2e/",
    "providers/embedded/",
    "store/test_crash.py",
    "store/test_hostile_clone.py",
    "store/test_hostile_remote.py",
    "store/test_proposals_crash.py",
    "test_obedient.py",
)
"""Tests that start whole programs, sandboxes or servers, dozens of times: what they prove is worth minutes, not one."""
_QUICK = ("cli/test_reference.py", "cli/test_output.py", "cli/test_bar.py", "cli/test_main.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What starts whole programs is slow; what costs money runs only where it is asked for by its marker."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if place.startswith(_WHOLE) and place not in _QUICK:
            item.add_marker(pytest.mark.slow)
    if "live" not in config.getoption("markexpr"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("live")])
        items[:] = [item for item in items if not item.get_closest_marker("live")]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty HOME with nothing but a git identity; settings of this tool and of git are gone from the environment."""
    folder = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(_FOREIGN) or name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    (folder / ".gitconfig").write_text(GIT_IDENTITY)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield folder
