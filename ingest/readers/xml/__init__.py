"""Safe XML parsing, shared by the JATS, SPL and DOCX readers."""
