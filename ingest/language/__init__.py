"""Text processing shared by the readers, tagging and the editorial checks."""
