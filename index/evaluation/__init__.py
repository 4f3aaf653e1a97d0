"""Relevance judgments and search quality metrics."""
