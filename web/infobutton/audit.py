"""What is written down of a request: one line, an object of JSON, and nothing of the patient.

A record numbers its requests (``knowledgeRequestNotification.id.root``) so that an audit can join
what was asked there with what was answered here. Neither codes nor names are written: with the
number and the record's own log they would say what somebody has.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from web.infobutton.asking import Request

NAME = "kb.infobutton"

log = logging.getLogger(NAME)


def write(asked: Request, entries: int) -> None:
    """Write that a request was answered."""
    said = {
        "event": "infobutton",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "request": asked.notification or None,
        "task": asked.task or None,
        "recipient": asked.recipient or None,
        "language": asked.language or None,
        "form": asked.form.value,
        "entries": entries,
    }
    log.info("%s", json.dumps(said))


def to_stderr() -> None:
    """Let the lines go to standard error, where a server's other lines go."""
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
        log.propagate = False  # else it stands there twice where somebody set up the root
