"""Offline pack: the published articles as plain pages in a folder, searched without a server.

`building` writes a pack: the pages of `views`, and the data of `terms`, from which
``files/pack.js`` builds a MiniSearch index in the browser. `folder` replaces the previous pack
atomically and verifies checksums. See docs/pack.md.
"""
