"""Athena's SQL over the clean zone and the marts, on one machine."""

from exporter.queries.lake import LakeQueries, Result
from exporter.queries.questions import QUESTIONS, Question, question_named

__all__ = ["QUESTIONS", "LakeQueries", "Question", "Result", "question_named"]
