"""Reasons for which text of a Word document is left out."""

from __future__ import annotations

from ingest.readers.docx.namespaces import W

DELETED = "a tracked deletion"
MOVED = "a tracked move"
HIDDEN = "hidden text"
STRUCK = "struck-through text"
EMBEDDED_FILE = "an embedded file"
DELETED_ELEMENTS = {f"{W}del": DELETED, f"{W}moveFrom": MOVED}
