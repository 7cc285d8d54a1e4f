"""Serves a GGUF model by llama.cpp's own OpenAI-compatible server, on loopback, until it is told to stop.

Runs in the environment of requirements-server.txt, not in the project's:  serve.py MODEL.gguf --port N --template FILE
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

import xllamacpp


def parameters(options: argparse.Namespace) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(options.model)
    params.model_alias = {options.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_ctx = options.context
    params.n_parallel = 1
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.sampling.temp = 0.0
    params.sampling.seed = 42
    params.use_jinja = True
    params.ui = False
    params.cache_ram_mib = 1024
    params.chat_template = options.template.read_text()
    return params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--alias", default="qwen2.5-coder-1.5b")
    parser.add_argument("--context", type=int, default=8192)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = xllamacpp.Server(parameters(parser.parse_args()))
    print("ready", server.listening_address, flush=True)
    while not stop.wait(1):
        pass
    os._exit(0)  # the server's own threads do not end by themselves


if __name__ == "__main__":
    main()
