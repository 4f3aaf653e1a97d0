"""Infobutton: a health record asks for knowledge on what is on its screen.

1. `asking` reads a request, however the record writes it.
2. `matching` finds the articles and passages that are about it.
3. `answering` makes the feed of them, as Atom, as MedlinePlus Connect's JSON, and as a page.
4. `views` joins the three at one address.

The rules are collected in ``docs/infobutton.md``. Nothing of a request is kept or logged but the
number that the record gave it.
"""
