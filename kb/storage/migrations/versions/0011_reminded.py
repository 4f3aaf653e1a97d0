"""Add sent review reminders."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "reminded",
        sa.Column("article_id", sa.String(120), primary_key=True),
        sa.Column("due", sa.Date),
        sa.Column("on", sa.Date, nullable=False),
    )
