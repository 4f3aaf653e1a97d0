"""Tagging of passages."""
