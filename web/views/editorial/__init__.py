"""The content team's desk: what waits for whom, and an article's way from draft to published.

`views` has the pages, `deeds` what is done on them, `work` what they show as values.
"""

from __future__ import annotations

from kb.model.permissions import Right

# The desk's own navigation: who may, the place below /desk, and its name.
PLACES = (
    (Right.WRITE, "", "Your work"),
    (Right.WRITE, "add", "Add"),
    (Right.WRITE, "articles", "Articles"),
    (Right.WRITE, "due", "Review dates"),
    (Right.WRITE, "board", "Board"),
    (Right.WRITE, "pins", "Pins"),
    (Right.WRITE, "synonyms", "Synonyms"),
    (Right.ADMINISTER, "accounts", "Accounts"),
    (Right.ADMINISTER, "trail", "Trail"),
)
