"""Sandboxed reader processes."""
