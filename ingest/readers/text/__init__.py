"""The plain-text reader."""
