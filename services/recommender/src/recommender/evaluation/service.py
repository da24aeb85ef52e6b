"""One evaluation: every method learns from the same sessions and predicts the same clicks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import product
from time import perf_counter
from typing import Any, Final

from rich.progress import Progress

from recommender.evaluation.metrics import Measurement, Predictor, measure
from recommender.evaluation.ours import ours
from recommender.evaluation.rivals import item_knn, popularity, trending, vmis_knn
from recommender.evaluation.schemas import Clickstream, Session, Split
from recommender.settings import LearningSettings

Learn = Callable[[Sequence[Session]], Predictor]

OURS: Final = "ours"


@dataclass(frozen=True)
class Result:
    """What one method is worth."""

    method: str
    learn_seconds: float
    measurement: Measurement


@dataclass(frozen=True)
class Report:
    """What an evaluation has found."""

    name: str
    part: str
    data: Mapping[str, Any]
    settings: LearningSettings
    results: Sequence[Result]

    def to_json(self) -> dict[str, Any]:
        """Return every figure, with what they were measured on and by which settings."""
        return {
            "name": self.name,
            "part": self.part,
            "data": self.data,
            "settings": self.settings.model_dump(mode="json", exclude={"log_level", "log_format"}),
            "results": [asdict(result) for result in self.results],
        }


@dataclass(frozen=True)
class Trial:
    """What ours is worth with other settings."""

    changes: Mapping[str, str]
    measurement: Measurement


def evaluate(
    stream: Clickstream, split: Split, settings: LearningSettings, progress: Progress
) -> Report:
    """Measure ours and its rivals on one part of the clickstream."""
    methods: dict[str, Learn] = {"popularity": popularity}
    if stream.is_timed:
        methods["trending"] = trending
    methods |= {"item-kNN": item_knn, "VMIS-kNN": vmis_knn}
    methods[OURS] = partial(ours, attributes=stream.attributes, settings=settings)
    results = [
        _result(method, learn, split, stream.products, progress)
        for method, learn in methods.items()
    ]
    return Report(stream.name, split.part, _facts(stream, split), settings, results)


def tune(
    stream: Clickstream, tries: Mapping[str, Sequence[str]], progress: Progress
) -> list[Trial]:
    """Measure ours with each combination of these settings on the validation part, best first."""
    split = stream.validating()
    combinations: list[dict[str, Any]] = [
        dict(zip(tries, values, strict=True)) for values in product(*tries.values())
    ]
    # All are made before the first is measured: a value that cannot be is told at once.
    changes = [(changed, LearningSettings(**changed)) for changed in combinations]
    trials = []
    for changed, settings in progress.track(changes, description="ours tries"):
        predict = ours(split.train, stream.attributes, settings)
        measured = measure(predict, split.predictions, products=stream.products)
        trials.append(Trial(changed, measured))
    return sorted(trials, key=lambda trial: trial.measurement.views["novel"].hit_rate, reverse=True)


def _result(method: str, learn: Learn, split: Split, products: int, progress: Progress) -> Result:
    task = progress.add_task(f"{method} learns", total=None)
    began = perf_counter()
    predict = learn(split.train)
    seconds = perf_counter() - began
    progress.update(task, description=f"{method} predicts")
    predictions = progress.track(split.predictions, task_id=task)
    return Result(method, seconds, measure(predict, predictions, products=products))


def _facts(stream: Clickstream, split: Split) -> dict[str, Any]:
    return {
        "format": stream.form,
        "products": stream.products,
        "train_sessions": len(split.train),
        "train_clicks": sum(len(session.products) for session in split.train),
        "train_begins": _day(split.train[0]) if stream.is_timed else None,
        "train_ends": _day(split.train[-1]) if stream.is_timed else None,
        "predictions": len(split.predictions),
        "skipped_lines": stream.skipped_lines,
    }


def _day(session: Session) -> str:
    return datetime.fromtimestamp(session.began, UTC).date().isoformat()
