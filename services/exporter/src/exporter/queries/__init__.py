"""Athena's SQL over the clean zone, on one machine.

errors     what can be wrong with a query
athena     reading Athena's SQL: one SELECT, its parameters, the tables and columns it needs
lake       the Glue catalogue's Iceberg tables, and DuckDB over them
questions  the three questions of the shop, kept as Athena's SQL
"""

from exporter.queries.lake import LakeQueries, Result
from exporter.queries.questions import QUESTIONS, Question

__all__ = ["QUESTIONS", "LakeQueries", "Question", "Result"]
