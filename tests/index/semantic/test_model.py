"""Embedding model: verification and vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.semantic import model as model_module
from index.semantic.model import DIMENSIONS, EmbeddingModel, load_model
from kb.errors import EmbeddingModelError


@pytest.fixture(scope="module")
def model() -> EmbeddingModel:
    loaded = load_model()
    assert loaded is not None
    return loaded


def cosine(model: EmbeddingModel, query: str, text: str) -> float:
    vector = np.frombuffer(model.embed(text), np.int8).astype(np.float32)
    return float(model.embed_query(query) @ vector / np.linalg.norm(vector))


def test_missing_package_means_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "PACKAGE", "no_such_package")

    assert load_model() is None


@pytest.mark.parametrize("size", [10, model_module.SIZE])
def test_damaged_file_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(size))

    with pytest.raises(EmbeddingModelError) as raised:
        EmbeddingModel(path)

    assert raised.value.path == path


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingModelError):
        EmbeddingModel(tmp_path / "model.onnx")


def test_texts_of_equal_meaning_are_similar(model: EmbeddingModel) -> None:
    query = "My baby has a high temperature"

    assert cosine(model, query, query) == pytest.approx(1.0, abs=0.01)
    assert cosine(model, query, "Fever in infants") > 0.6
    assert cosine(model, query, "Hip replacement surgery") < 0.2


def test_vector_is_deterministic_and_scaled(model: EmbeddingModel) -> None:
    vector = model.embed("Fever in infants")

    assert len(vector) == DIMENSIONS
    assert model.embed("Fever in infants") == vector
    assert max(map(abs, np.frombuffer(vector, np.int8).tolist())) == 127
    assert np.linalg.norm(model.embed_query("fever")) == pytest.approx(1.0, abs=1e-5)


def test_empty_text_has_a_vector(model: EmbeddingModel) -> None:
    assert len(model.embed("")) == DIMENSIONS
