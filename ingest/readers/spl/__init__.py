"""The SPL reader for drug labels."""
