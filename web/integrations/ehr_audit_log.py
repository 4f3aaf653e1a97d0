"""JSON log of requests from health records: one line per response, without patient data.

The number that a health record assigns to its request is logged, so that its audit log can be
joined with this one. Codes and names are not logged, because together with the log of the health
record they would reveal diagnoses.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

INFOBUTTON, CDS = "infobutton", "cds"
LOGGERS = {event: logging.getLogger(f"kb.{event}") for event in (INFOBUTTON, CDS)}


def write(event: str, **facts: str | int | None) -> None:
    """Log one response with `facts`."""
    entry = {"event": event, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
    LOGGERS[event].info("%s", json.dumps(entry))


def to_stderr() -> None:
    """Send the log lines to standard error, like the other logs of the server."""
    for log in LOGGERS.values():
        if not log.handlers:
            log.addHandler(logging.StreamHandler())
            log.setLevel(logging.INFO)
            log.propagate = False  # prevents duplicates if the root logger has a handler
