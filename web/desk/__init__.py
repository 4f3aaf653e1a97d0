"""The content team's desk: what waits for whom, and an article's way from draft to published."""

from __future__ import annotations

from kb.people import Right

# The desk's own navigation: who may, the place below /desk, and its name.
PLACES = (
    (Right.ADMINISTER, "accounts", "Accounts"),
    (Right.ADMINISTER, "trail", "Trail"),
)
