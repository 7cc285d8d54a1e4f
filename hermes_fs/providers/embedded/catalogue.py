"""The one model that can be had without a key: which file, its hash, and who offers it. Downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Listed:
    """A model file known by its hash, so that it does not matter who hands it over. `size` in bytes; `memory` is what
    serving it takes, in bytes; `parts` is a requirements file of wheels whose payloads join up to it."""

    name: str
    title: str
    file: str
    size: int
    sha256: str
    memory: int
    licence: str
    url: str
    parts: Path
    template: Path


DEFAULT = Listed(
    name="qwen2.5-coder-1.5b",
    title="Qwen2.5-Coder 1.5B",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    # As the model's own repository publishes it.
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    memory=2_400_000_000,
    licence="Apache-2.0",
    url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    parts=HERE / "qwen2.5-coder-1.5b.parts.txt",
    template=HERE / "qwen2.5-tools.jinja",
)

SMALL = "a small demonstration model: it makes mistakes"
"""What is said of it wherever it is named."""
BETTER = "for real work: `hermes model NAME` with a larger model or a key"
