"""Add the differences between the text of a version and that of its source."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # Versions of earlier releases were not compared with their source, so no difference is known.
    column = sa.Column("differences", sa.Text, nullable=False, server_default="[]")
    op.add_column("versions", column)
