"""Add reviews, comments and confirmed review dates."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("article_id", sa.String(120), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("submitted_by", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "comments",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column(
            "article_id", sa.String(120), sa.ForeignKey("articles.id"), nullable=False, index=True
        ),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("passage_id", sa.String(20), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
    )
    op.add_column("articles", sa.Column("confirmed_on", sa.Date))
    op.add_column("articles", sa.Column("confirmed_due", sa.Date))
