"""The content team's desk: what waits for whom, and an article's way from draft to published.

`views` has the pages, `deeds` what is done on them, `work` what they show as values.
"""

from __future__ import annotations

from kb.model.permissions import Permission

# The desk's own navigation: who may, the place below /desk, and its name.
NAV_ITEMS = (
    (Permission.WRITE, "", "Your work"),
    (Permission.WRITE, "add", "Add"),
    (Permission.WRITE, "articles", "Articles"),
    (Permission.WRITE, "due", "Review dates"),
    (Permission.WRITE, "board", "Board"),
    (Permission.WRITE, "pins", "Pins"),
    (Permission.WRITE, "synonyms", "Synonyms"),
    (Permission.ADMINISTER, "accounts", "Accounts"),
    (Permission.ADMINISTER, "trail", "Trail"),
)
