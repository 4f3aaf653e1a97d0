"""Text tools shared by tagging and the editorial checks."""
