"""Alembic environment. `kb.storage.database` provides the connection; there is no ini file."""

from alembic import context

from kb.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
