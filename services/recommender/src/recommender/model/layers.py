"""The model in use with what was learnt since: two models that speak as one.

The hourly model holds everything; the delta, made every few minutes, holds the last hours' sessions
and the products that the hourly model does not know yet.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

from recommender.model.artefact import Facts, Model, Row


class Layer(NamedTuple):
    """One model and how much its word weighs."""

    model: Model
    weight: float


class LayeredModel:
    """Answers from every layer; the first one names the version."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.version = layers[0].model.version

    def with_delta_weight(self, weight: float) -> Self:
        """Return the same models, of which what was learnt since weighs so much."""
        first, *others = self._layers
        return type(self)([first, *(layer._replace(weight=weight) for layer in others)])

    @property
    def newest(self) -> tuple[int, ...]:
        """Return the newest products, as the latest layer knows them."""
        return self._layers[-1].model.newest or self._layers[0].model.newest

    def facts_of(self, product_id: int) -> Facts | None:
        """Return what the first layer that knows the product knows of it."""
        for layer in self._layers:
            facts = layer.model.facts_of(product_id)
            if facts is not None:
                return facts
        return None

    def rows_of(self, product_id: int) -> Iterator[tuple[Row, float]]:
        """Yield what is looked at around the product, and what a weight of 1 stands for."""
        for model, weight in self._layers:
            yield model.neighbours_of(product_id), model.weight_unit * weight

    def neighbours_of(self, product_id: int) -> list[tuple[int, float]]:
        """Return what is looked at around the product, with weights, best first."""
        return _summed(self.rows_of(product_id))

    def together_of(self, product_id: int) -> list[tuple[int, float]]:
        """Return what is bought together with the product, with weights, best first."""
        return _summed(
            (model.together_of(product_id), model.weight_unit * weight)
            for model, weight in self._layers
        )


def layered(base: Model | None, delta: Model | None, delta_weight: float) -> LayeredModel | None:
    """Return the models as one, or None before the first."""
    layers = [Layer(base, 1.0)] if base else []
    if delta:
        layers.append(Layer(delta, delta_weight if base else 1.0))
    return LayeredModel(layers) if layers else None


def _summed(rows: Iterator[tuple[Row, float]]) -> list[tuple[int, float]]:
    scores: dict[int, float] = {}
    for row, unit in rows:
        for neighbour, weight in zip(*row, strict=True):
            scores[neighbour] = scores.get(neighbour, 0.0) + weight * unit
    return sorted(scores.items(), key=lambda item: item[1], reverse=True)
