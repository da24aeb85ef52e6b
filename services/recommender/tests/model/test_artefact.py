"""A model's file: read back as written, and refused when it is not whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import ModelUnreadableError
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes

PRODUCTS = st.builds(
    ModelProduct,
    st.integers(1, 2**32 - 1),
    st.text(max_size=3),
    st.text(max_size=3),
    st.text(max_size=3),
    st.text(max_size=3),
)


@given(st.lists(PRODUCTS, max_size=20, unique_by=lambda product: product.id), st.data())
def test_a_written_model_reads_back(products: list[ModelProduct], data: st.DataObject) -> None:
    ids = [product.id for product in products]
    rows = {
        product_id: sorted(
            data.draw(st.lists(st.tuples(st.sampled_from(ids), st.floats(0.1, 1)), max_size=5)),
            key=lambda item: -item[1],
        )
        for product_id in ids
    }
    together = dict(list(rows.items())[:1])

    model = Model.from_bytes(
        to_bytes(ModelContent("v", "now", None, products, rows, together, newest=(1, 2)))
    )

    assert list(model.product_ids) == sorted(ids)
    assert model.newest == (1, 2)
    for product in products:
        row, _ = model.neighbours_of(product.id)
        assert row == [neighbour for neighbour, _ in rows[product.id]]
        bought, _ = model.together_of(product.id)
        assert bought == [neighbour for neighbour, _ in together.get(product.id, ())]
        facts = model.facts_of(product.id)
        assert facts is not None
        assert facts[1:] == (product.category, product.master, product.gender)


def test_an_unknown_product_has_no_position(model: Model) -> None:
    assert [model.position(number) for number in (0, 41, 2**32 - 1)] == [None, None, None]
    assert model.neighbours_of(41) == model.together_of(41) == ([], [])
    assert model.facts_of(41) is None


def test_products_of_one_family_share_its_number(model: Model) -> None:
    assert model.families[0] == model.families[1] != model.families[2]


def test_a_neighbour_outside_the_catalogue_is_left_out() -> None:
    products = [ModelProduct(1, "f", "", "", "")]
    content = ModelContent("v", "now", None, products, {1: [(9, 1.0), (1, 0.5)]})

    assert Model.from_bytes(to_bytes(content)).neighbours_of(1) == ([1], [32768])


def test_a_model_without_products_reads_back() -> None:
    assert len(Model.from_bytes(to_bytes(ModelContent("v", "now", None, [], {})))) == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"PK" + content[2:],
        lambda content: content[:-1],
        lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    ],
    ids=["empty", "another format", "cut off", "one bit flipped"],
)
def test_a_damaged_file_is_refused(model_bytes: bytes, damage: object) -> None:
    assert callable(damage)
    with pytest.raises(ModelUnreadableError):
        Model.from_bytes(damage(model_bytes))


def test_the_header_can_be_read_by_eye(model_bytes: bytes) -> None:
    length = int.from_bytes(model_bytes[8:12], "little")

    assert json.loads(model_bytes[16 : 16 + length])["version"] == "model-1"
