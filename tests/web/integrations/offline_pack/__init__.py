"""Offline pack: folder, pages, search data, and search in a browser."""
