"""HTML pages (Flask views)."""
