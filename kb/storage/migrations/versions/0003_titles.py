"""Add the index for articles with the same title."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_versions_title", "versions", [sa.text("lower(title)")])
