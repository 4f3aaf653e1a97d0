"""Standard names for tables and their indexes. The rows stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = {
    "trail": "audit_log",
    "asked": "content_requests",
    "handled": "query_triage",
    "failures": "login_failures",
    "changes": "change_feed",
    "feed": "change_feed_position",
    "searches": "query_stats",
    "jobs": "import_jobs",
    "items": "import_items",
    "accounts": "users",
    "tokens": "api_tokens",
    "handshakes": "oidc_states",
    "reminded": "sent_reminders",
    "bands": "near_duplicate_bands",
}


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
        for index in sa.inspect(op.get_bind()).get_indexes(new):
            name = index["name"]
            if name and name.startswith(f"ix_{old}_"):
                op.drop_index(name, table_name=new)
                columns = [str(column) for column in index["column_names"]]
                op.create_index(name.replace(old, new, 1), new, columns)
