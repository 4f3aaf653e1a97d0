"""Views of the desk, the editorial area of the site."""

from __future__ import annotations

from kb.model.permissions import Permission

# Navigation of the desk: required permission, path below /desk, label.
NAV_ITEMS = (
    (Permission.WRITE, "", "Worklist"),
    (Permission.WRITE, "import", "Add articles"),
    (Permission.WRITE, "articles", "Articles"),
    (Permission.WRITE, "reviews-due", "Reviews due"),
    (Permission.WRITE, "search-report", "Search report"),
    (Permission.WRITE, "pins", "Pins"),
    (Permission.WRITE, "synonyms", "Synonyms"),
    (Permission.ADMINISTER, "users", "Users"),
    (Permission.ADMINISTER, "audit-log", "Audit log"),
)
