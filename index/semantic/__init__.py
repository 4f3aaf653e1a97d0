"""Embedding model, vectors of passages, and reranking by meaning."""
