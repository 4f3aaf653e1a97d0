"""Paths of the files that belong to an import job, below ``KB_HOME/incoming``.

File names are derived from numbers and checksums, never from names that a user supplied.
"""

from __future__ import annotations

from pathlib import Path

from kb.editorial.import_jobs import ImportItem

FOLDER = "incoming"  # below KB_HOME


def job_folder(home: Path, job: int) -> Path:
    """Return the folder with all files of a job."""
    return home / FOLDER / str(job)


def uploaded_file(home: Path, item: ImportItem) -> Path:
    """Return the path of the uploaded or pasted content of an item."""
    return job_folder(home, item.job) / f"{item.number}.sent"


def original_file(home: Path, job: int, sha256: str) -> Path:
    """Return the path of the source bytes of a draft, kept until the draft is saved."""
    return job_folder(home, job) / f"{sha256}.original"
