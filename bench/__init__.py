"""Speed, relevance and tagging, measured beside peers. Each measurement prints one JSON object.

Nothing here is part of the installed program and nothing asserts on a time: a measurement says
what it saw and on which machine. ``docs/speed.md``, ``docs/relevance.md`` and ``docs/tagging.md``
tell what was seen and how to see it again.
"""
