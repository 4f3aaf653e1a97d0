"""Writers of small PDF and DOCX files for reader tests."""
