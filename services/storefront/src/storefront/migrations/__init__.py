"""The schema's history. Alembic runs these; `storefront migrate` runs Alembic."""
