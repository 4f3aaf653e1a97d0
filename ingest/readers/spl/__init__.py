"""SPL (HL7 Structured Product Labeling): drug labels, as the FDA and DailyMed hand them out."""

from ingest.readers.spl.reader import read_spl

__all__ = ["read_spl"]
