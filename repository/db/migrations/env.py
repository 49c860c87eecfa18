"""Run by Alembic: the migrations on the connection that `repository.db.migrate` hands over."""

from alembic import context

from repository.db import service_tables  # noqa: F401 - its tables belong to the ledger too
from repository.db.tables import Table

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
