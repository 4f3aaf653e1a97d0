"""Patient leaflets: PDF files named by medical code, for health records that serve a folder.

OpenEMR's patient education looks for files such as ``icd10_m17.11_en.pdf``. `pdf` renders articles,
and `export` keeps the folder up to date.
"""
