"""Rewrite the golden files and print the changed ones."""

from tests.ingest.golden import rewrite

for changed in rewrite():
    print(changed)
