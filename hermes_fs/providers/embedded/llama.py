"""Runs llama.cpp's own OpenAI-compatible server inside this process, by the library xllamacpp."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hermes_fs.core.loading import load
from hermes_fs.providers.embedded.task import Task

_PROMPT_CACHE_MB = 1024
_COUNTERS = ("prompt_tokens_total", "tokens_predicted_total", "requests_processing")


class Llama:
    """Listens on loopback once it is made, on a port that the system chose. Raises Failed where the library is missing;
    what the library itself says of a model that it cannot load goes to stderr."""

    def __init__(self, task: Task, key: str) -> None:
        self._server = load("xllamacpp:Server", "local")(_parameters(task, key))

    @property
    def port(self) -> int:
        return int(urlsplit(self._server.listening_address).port or 0)

    def activity(self) -> str:
        """Changes whenever something was asked of it. Blocks while a prompt is read."""
        lines = str(self._server.handle_metrics()).splitlines()
        return " ".join(line for line in lines if any(line.startswith(f"llamacpp:{name}") for name in _COUNTERS))


def _parameters(task: Task, key: str) -> Any:
    params = load("xllamacpp:CommonParams", "local")()
    params.model.path = task.model
    params.model_alias = {task.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.cors_origins = ""  # no web page talks to it
    params.n_ctx = task.window
    params.n_parallel = 1
    threads = task.threads or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.sampling.temp = 0.0
    params.use_jinja = True
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.cache_ram_mib = _PROMPT_CACHE_MB
    if task.template:
        params.chat_template = Path(task.template).read_text(encoding="utf-8")
    return params
