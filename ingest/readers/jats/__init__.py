"""JATS: journal articles, as PubMed Central and the publishers hand them out."""

from ingest.readers.jats.reader import read_jats

__all__ = ["read_jats"]
