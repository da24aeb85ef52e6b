"""Alembic's entry: runs the steps over the connection that `storefront.database` hands it."""

from alembic import context

from storefront.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
