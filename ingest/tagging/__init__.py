"""Tagging of passages by subject."""
