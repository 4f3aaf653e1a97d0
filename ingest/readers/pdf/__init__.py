"""PDF: the text of its pages, put back into headings, paragraphs, lists and tables."""

from ingest.readers.pdf.reader import read_pdf

__all__ = ["read_pdf"]
