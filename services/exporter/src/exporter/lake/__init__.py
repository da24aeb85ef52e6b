"""The clean zone: Iceberg tables, written and kept."""
