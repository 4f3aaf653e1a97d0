"""Rename the settings whose digests are known, so that the audit log reports no change of them."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

SETTINGS = {
    "directory_roles": "group_roles",
    "fetch_private": "fetch_private_networks",
    "four_eyes": "require_independent_approval",
    "frame_hosts": "frame_ancestors",
    "proxies": "proxy_count",
    "read_needs_account": "require_sign_in",
    "review_mail": "review_fallback_email",
    "session_hours": "session_lifetime_hours",
    "sync_seconds": "index_sync_seconds",
}
# Removed settings by their defaults: removing any other value is a change to report.
REMOVED = {"oidc_name": "your directory", "role_rights": "{}"}


def upgrade() -> None:
    known = sa.table("known_settings", sa.column("name"), sa.column("digest"))
    for old, new in SETTINGS.items():
        op.execute(known.update().where(known.c.name == old).values(name=new))
    for name, default in REMOVED.items():
        digest = sha256(default.encode()).hexdigest()
        op.execute(known.delete().where(known.c.name == name, known.c.digest == digest))
