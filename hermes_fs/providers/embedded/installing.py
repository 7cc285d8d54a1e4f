"""Brings the libraries of the extra `local` into the environment that hermes runs in, by pip or uv. Asks nobody."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys

from hermes_fs.core.environment import for_downloads
from hermes_fs.core.errors import Failed

REQUIREMENTS = ("openai>=3.50", "xllamacpp>=2026.10.11549,<2027")
"""The extra `local` of pyproject.toml; a test compares them. Named one by one, because the project itself may be a
checkout that no index knows."""
_LONGEST = 200


def missing() -> tuple[str, ...]:
    """The requirements of which no module can be found here."""
    return tuple(one for one in REQUIREMENTS if importlib.util.find_spec(_module(one)) is None)


def command(requirements: tuple[str, ...]) -> list[str]:
    """What installs them for this interpreter: pip, else uv. Raises Failed where there is neither."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *requirements]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable, *requirements]
    raise Failed("there is neither pip nor uv here", f"install {' '.join(map(shlex.quote, requirements))} by hand")


def advice(requirements: tuple[str, ...]) -> str:
    """The hint for a person who is to install them by hand."""
    try:
        return f"run: {shlex.join(command(requirements))}"
    except Failed as error:
        return error.hint


def install(requirements: tuple[str, ...]) -> None:
    """Install them. Raises Failed with the installer's own word and the command to run by hand."""
    words = command(requirements)
    environ = for_downloads(os.environ)
    done = subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    importlib.invalidate_caches()
    if done.returncode or missing():
        raise Failed(f"it could not be installed: {_reason(done.stderr)}", advice(requirements))


def _module(requirement: str) -> str:
    return re.split(r"[<>=!~\[ ]", requirement, maxsplit=1)[0].replace("-", "_")


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
    return told[0].removeprefix("ERROR:").removeprefix("error:").strip()[:_LONGEST] if told else "no reason was given"
