"""Alembic's entry point: runs the scripts on the connection that the caller opened."""

from alembic import context

from lovecampaign.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes tables by copying them
    transaction_per_migration=False,
)
context.run_migrations()
