"""What backends need of core/environment.py: the variables that commands start with."""

from __future__ import annotations

from hermes_fs.core.environment import for_commands, granted, looks_like_credential

__all__ = ["for_commands", "granted", "looks_like_credential"]
