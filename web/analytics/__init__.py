"""Search analytics: query log, redaction of queries, and previews of curation changes."""
