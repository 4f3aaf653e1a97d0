"""Add the bands of near-duplicate detection; existing articles get theirs when next saved."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "bands",
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("passage_id", sa.String(20), primary_key=True),
        sa.Column("article_id", sa.String(120), sa.ForeignKey("articles.id"), nullable=False),
    )
    op.create_index("ix_bands_article_id", "bands", ["article_id"])
