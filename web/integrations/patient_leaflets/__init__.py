"""Sheets for patients as files, for records that serve them from a folder of their own.

OpenEMR's patient education looks for ``icd10_m17.11_en.pdf`` and the like. `sheets` makes a PDF of
articles, `export` decides which files there are and keeps a folder in step.
"""
