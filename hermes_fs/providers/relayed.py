"""A provider that lets another one speak: says of itself what that one says. Asks it nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod

from hermes_fs.core.ports import Provider


class Relayed(ABC):
    """All of a `core.ports.Provider` but `stream`. One that holds several is as the one that speaks now."""

    @property
    @abstractmethod
    def inner(self) -> Provider:
        """The provider that speaks."""

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def model(self) -> str:
        return self.inner.model

    @property
    def context_window(self) -> int:
        return self.inner.context_window

    def warm(self) -> None:
        self.inner.warm()

    def close(self) -> None:
        self.inner.close()
