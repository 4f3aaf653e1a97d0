"""Safe XML parsing, shared by the JATS and SPL readers."""
