"""Add the vectors of passages, and the progress of their computation."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "passage_vectors",
        sa.Column("passage_id", sa.String(20), primary_key=True),
        sa.Column("model", sa.String(60), nullable=False),
        sa.Column("article_id", sa.String(120), nullable=False, index=True),
        sa.Column("text_hash", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, index=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "vector_progress",
        sa.Column("model", sa.String(60), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
    )
