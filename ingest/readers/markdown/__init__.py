"""Markdown: CommonMark with tables, as content teams keep it in repositories."""

from ingest.readers.markdown.reader import read_markdown

__all__ = ["read_markdown"]
