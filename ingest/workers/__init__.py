"""Sandboxed worker processes."""
