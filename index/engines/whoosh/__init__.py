"""The embedded engine: Whoosh's index with packed postings."""
