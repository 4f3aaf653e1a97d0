"""Ingestion: turns source files into articles with tagged passages."""
