"""Offline pack: published articles as static pages in a folder, searchable without a server.

`builder` writes a pack from the pages of `pages` and the data of `search_index`, from which
``files/pack.js`` builds a MiniSearch index in the browser. `output` replaces the previous pack
atomically and verifies checksums. See docs/pack.md.
"""
