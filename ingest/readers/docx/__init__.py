"""DOCX: a Word document, read as its styles mark it."""

from ingest.readers.docx.reader import read_docx

__all__ = ["read_docx"]
