"""Autocomplete: article titles, topics and headings that match a prefix."""
