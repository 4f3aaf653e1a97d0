"""Benchmarks of speed, relevance, tagging and extraction; each prints one JSON object.

They are not part of the installed program and assert nothing about times. ``docs/speed.md``,
``docs/relevance.md`` and ``docs/tagging.md`` report the results and how to reproduce them.
"""
