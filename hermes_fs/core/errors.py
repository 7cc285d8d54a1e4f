"""Every error that a person may see: one line that says what is wrong, a hint that says what to do, an exit code."""

from __future__ import annotations

from typing import ClassVar, Literal


class HermesError(Exception):
    """Base of our own errors. `message` is one line; `hint` is the next step, an imperative sentence or empty."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class Failed(HermesError):
    """The operation could not be done, for a reason outside the request (disk full, git failed)."""


class UsageError(HermesError):
    """What was asked for makes no sense as asked (exit 2)."""

    exit_code = 2


class ConfigError(UsageError):
    """config.yaml or a setting is wrong (exit 2); `hint` names the key and the nearest valid one."""


class Conflict(HermesError):
    """Somebody else changed it in between (exit 3); nothing was written."""

    exit_code = 3


class Refused(HermesError):
    """Not allowed: by a format, the policy, a limit or a person (exit 4); nothing was written."""

    exit_code = 4


class NotFound(HermesError):
    """No such thing (exit 5)."""

    exit_code = 5


class Cancelled(HermesError):
    """The person interrupted (exit 130)."""

    exit_code = 130

    def __init__(self, message: str = "interrupted", hint: str = "") -> None:
        super().__init__(message, hint)


ProviderFault = Literal[
    "auth",  # key missing, wrong or without credit: no use retrying
    "not_found",  # unknown model or path
    "rate_limit",  # retry after a pause
    "overloaded",  # 5xx, 529: retry
    "network",  # refused, reset, timed out, stream cut: retry
    "context",  # the request is longer than the model's window: compact, then retry
    "filtered",  # refused by the provider's content filter
    "invalid",  # any other 4xx: our request is wrong for this server
]


class ProviderError(HermesError):
    """A model call failed. `retry_after` is the server's own wish in seconds, if it stated one."""

    def __init__(self, fault: ProviderFault, message: str, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.fault: ProviderFault = fault
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.fault in ("rate_limit", "overloaded", "network")


class BudgetSpent(HermesError):
    """What may be spent is spent. `reason` is which of the two."""

    def __init__(self, reason: Literal["money", "tokens"], message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.reason: Literal["money", "tokens"] = reason


class ToolError(HermesError):
    """A tool could not do what was asked; the text goes to the model as the call's result."""


class QuotingError(ToolError):
    """One whose text quotes a file or a program: the model reads foreign words in it."""
