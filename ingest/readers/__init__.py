"""Readers, one package per format; `ingest.readers.registry` selects one by content."""
