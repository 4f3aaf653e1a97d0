"""Writers of small documents for the tests of the readers: PDF and DOCX, made by hand."""
