"""A model measured on clicks that it has not seen."""

from pathlib import Path
from tempfile import TemporaryDirectory

from recommender.learning.clicks import load_clicks
from recommender.learning.gate import (
    Quality,
    measure,
    model_predictor,
    novel_steps,
    trending_predictor,
)
from recommender.learning.workbench import Workbench
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes
from recommender.settings import LearningSettings
from recommender.trends.schemas import GLOBAL


def evaluate_clicks(settings: LearningSettings, file: Path) -> dict[str, Quality]:
    """Learn from all but the last fortnight of the clickstream and predict that fortnight."""
    with TemporaryDirectory() as folder, Workbench(settings, Path(folder)) as bench:
        test_begins = load_clicks(bench, file)
        rows = bench.neighbours(until=test_begins)
        trend = bench.trends(test_begins)[GLOBAL]
        steps = list(novel_steps(bench.sessions_since(test_begins)))
    products = [ModelProduct(product, str(product), "", "", "") for product in rows]
    model = Model.from_bytes(to_bytes(ModelContent("clicks", "", None, products, rows)))
    predictors = {
        "neighbours": model_predictor(model, settings),
        "trending": trending_predictor(trend),
    }
    return {
        name: measure(predictor, steps, length=settings.gate_length)
        for name, predictor in predictors.items()
    }
