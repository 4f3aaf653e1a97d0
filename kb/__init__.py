"""Domain model, storage, accounts, editorial workflow and data exchange.

Imports nothing from `ingest`, `index` or `web`.
"""
