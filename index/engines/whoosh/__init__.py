"""Embedded engine: a Whoosh index with packed postings."""
