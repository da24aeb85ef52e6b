"""Models in S3, and the pointer that says which is in use."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recommender.errors import ModelPointerMovedError, StoreUnavailableError
from recommender.model.artefact import Model
from recommender.model.repository import DELTA, ModelRepository, Pointer
from recommender.refreshing import Refreshing

pytestmark = pytest.mark.servers
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_before_the_first_model_there_is_none(models: ModelRepository) -> None:
    assert models.pointer() is None
    assert models.newer_than(None) is None


def test_a_model_put_in_use_is_found(models: ModelRepository, model_bytes: bytes) -> None:
    models.put_in_use(models.save("model-1", model_bytes, at=NOW), instead_of=None, at=NOW)

    found = models.newer_than(None)

    assert found is not None
    assert found.version == "model-1"


def test_a_known_model_is_not_read_again(
    models: ModelRepository, model_bytes: bytes, model: Model
) -> None:
    models.put_in_use(models.save("model-1", model_bytes, at=NOW), instead_of=None, at=NOW)

    assert models.newer_than(model) is model


def test_of_two_builds_only_one_flips_the_pointer(
    models: ModelRepository, model_bytes: bytes
) -> None:
    first = models.save("model-1", model_bytes, at=NOW)
    models.put_in_use(first, instead_of=None, at=NOW)
    models.put_in_use(models.save("model-2", model_bytes, at=NOW), instead_of=first, at=NOW)

    with pytest.raises(ModelPointerMovedError):
        models.put_in_use(models.save("model-3", model_bytes, at=NOW), instead_of=first, at=NOW)

    pointer = models.pointer()
    assert pointer == Pointer("model-2", "models/model-2/model.bin", NOW.isoformat())


def test_a_delta_is_beside_the_model_not_in_its_place(
    models: ModelRepository, model_bytes: bytes
) -> None:
    models.save_delta("delta-1", model_bytes, at=NOW)

    assert models.pointer() is None
    found = models.newer_than(None, DELTA)
    assert found is not None
    assert found.version == "model-1"


def test_models_are_kept_until_they_are_forgotten(
    models: ModelRepository, model_bytes: bytes
) -> None:
    saved = [models.save(f"model-{number}", model_bytes, at=NOW) for number in (1, 2)]

    models.forget(saved[0])

    assert models.kept() == [saved[1]]
    with pytest.raises(StoreUnavailableError):
        models.load(saved[0])


@pytest.mark.parametrize("content", [None, b"not a model"])
def test_a_model_that_cannot_be_read_leaves_the_old_one(
    models: ModelRepository, model: Model, s3: Any, stores: Any, content: bytes | None
) -> None:
    pointer = Pointer("model-2", "models/model-2/model.bin")
    if content is not None:
        models.save("model-2", content, at=NOW)
    models.put_in_use(pointer, instead_of=None, at=NOW)
    in_use: Model | None = model
    every = timedelta(seconds=30)
    refreshing = Refreshing("model", models.newer_than, in_use, every=every)

    refreshing.refresh()

    assert refreshing.value is model


def test_a_missing_table_is_told_in_our_words(models: ModelRepository) -> None:
    models._table = "no-such-table"

    with pytest.raises(StoreUnavailableError):
        models.pointer()
