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
