"""Parts of the configuration that config.py has no room for, and what every part is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of the configuration; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # built once, as parts of Config


class SemanticConfig(Section):
    provider: Literal["off", "minilm", "endpoint"] = Field(
        "off", description="What puts meaning into vectors: a small model that runs here, or a server of yours."
    )
    model: str = Field("", description="The server's embedding model.")
    base_url: str = Field("", description="Address of the server, which speaks OpenAI's embeddings. Texts go there.")
    api_key_env: str = Field("", description="Name of the variable that holds its key. Never the key.")


class PeopleConfig(Section):
    me: str = Field(
        "",
        pattern=r"^([a-z0-9][a-z0-9._-]{0,63})?$",
        description="Who sits at this machine, by the handle of people.yaml; empty: the owner.",
    )
    provider: Literal["native", "honcho"] = Field(
        "native",
        description="Who keeps the model of a person: model.yaml, or a Honcho server, which is sent your words.",
    )
    base_url: str = Field("", description="Address of your own Honcho server; empty: the hosted one.")
    api_key_env: str = Field("HONCHO_API_KEY", description="Name of the variable that holds its key.")
    workspace: str = Field("hermes", description="Name of the workspace there.")


class GitConfig(Section):
    sign: bool = Field(False, description="Whether lessons are signed with the key of your git configuration.")
    require_signed: bool = Field(
        False, description="Whether lessons of other machines hold only if somebody in allowed_signers signed them."
    )
    protected: tuple[str, ...] = Field(
        (), description="Files that change elsewhere only if `owner` signed it (PATTERN), or others (PATTERN by NAME)."
    )
