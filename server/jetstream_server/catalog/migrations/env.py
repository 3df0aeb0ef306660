"""Alembic runs this file; the connection is handed in by :mod:`jetstream_server.catalog.upgrade`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
