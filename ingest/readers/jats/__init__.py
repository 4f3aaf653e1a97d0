"""The JATS reader for journal articles."""
