"""What is written down of a record's request: one line, an object of JSON, nothing of the patient.

A record numbers its requests, so that an audit can join what was asked there with what was
answered here. Neither codes nor names are written: with the number and the record's own log they
would say what somebody has.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

INFOBUTTON, CDS = "infobutton", "cds"
LOGGERS = {event: logging.getLogger(f"kb.{event}") for event in (INFOBUTTON, CDS)}


def write(event: str, **facts: str | int | None) -> None:
    """Write that something was answered."""
    said = {"event": event, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
    LOGGERS[event].info("%s", json.dumps(said))


def to_stderr() -> None:
    """Let the lines go to standard error, where a server's other lines go."""
    for log in LOGGERS.values():
        if not log.handlers:
            log.addHandler(logging.StreamHandler())
            log.setLevel(logging.INFO)
            log.propagate = False  # else it stands there twice where somebody set up the root
