"""Chooses who keeps the model of a person: the mind itself, or Honcho where this machine's person wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hermes_fs.agent.user_model import NativeUserModel
from hermes_fs.core.clock import Clock
from hermes_fs.core.config import Config
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Provider, UserModel
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace


def user_model(
    person: str,
    workspace: Workspace,
    config: Config,
    clock: Clock,
    provider: Callable[[], Provider],
    environ: Mapping[str, str],
) -> UserModel:
    """The model of a person, by handle. Raises ConfigError, ProviderError where Honcho is wanted and not set up."""
    if config.people.provider == "honcho":
        made: UserModel = load("hermes_fs.providers.honcho:of")(person, config.people, environ)
        return made
    policy = Policy(**config.review.model_dump())
    return NativeUserModel(person, workspace, Proposals(workspace, policy), clock, provider, config.memory.user_limit)
