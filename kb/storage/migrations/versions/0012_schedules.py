"""Remove stale schedules and reviews.

Earlier releases dropped a schedule when a newer version was saved, and kept it when the article was
retired.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(
        sa.text(
            "DELETE FROM reviews WHERE article_id IN"
            " (SELECT id FROM articles WHERE status = 'retired')"
        )
    )
    op.execute(
        sa.text(
            "DELETE FROM reviews WHERE state = 'scheduled' AND EXISTS (SELECT 1 FROM articles"
            " WHERE articles.id = reviews.article_id"
            " AND (reviews.version <= articles.published_version"
            " OR (reviews.version < articles.latest_version"
            " AND reviews.publish_at <= CURRENT_TIMESTAMP)))"
        )
    )
