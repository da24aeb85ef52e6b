"""GET /products/{id}/image.svg: every product has a picture, and it is only a picture."""

from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.storefront.tests.catalogue.conftest import patch
from services.storefront.tests.conftest import MakeProduct

from storefront.catalogue.images.drawing import colours, draw, shape_names, shapes
from storefront.loading.assortment import read_assortment

SVG = "{http://www.w3.org/2000/svg}"
ARTICLE_TYPES = [article.name for article in read_assortment().article_types]
KAGGLE_COLOURS = (
    "Beige Black Blue Bronze Brown Burgundy Charcoal Coffee_Brown Copper Cream Fluorescent_Green "
    "Gold Green Grey Grey_Melange Khaki Lavender Lime_Green Magenta Maroon Mauve Metallic Multi "
    "Mushroom_Brown Mustard Navy_Blue Nude Off_White Olive Orange Peach Pink Purple Red Rose Rust "
    "Sea_Green Silver Skin Steel Tan Taupe Teal Turquoise_Blue White Yellow"
)
DRAWN = {"svg", "title", "defs", "linearGradient", "radialGradient", "stop", "filter"} | {
    "feDropShadow",
    "rect",
    "g",
    "path",
}


def image_of(drawing: str) -> ET.Element:
    """Return the parsed image; nothing is in it but what we draw with."""
    image = ET.fromstring(drawing)  # noqa: S314 - ours
    assert {element.tag.removeprefix(SVG) for element in image.iter()} <= DRAWN
    assert not any(name.startswith("on") for element in image.iter() for name in element.attrib)
    return image


def title_of(image: ET.Element) -> str:
    return image.findtext(f"{SVG}title") or ""


class TestDraw:
    @pytest.mark.parametrize("article_type", ARTICLE_TYPES)
    def test_every_article_type_has_a_shape(self, article_type: str) -> None:
        image_of(draw("x", article_type=article_type, base_colour="Blue"))
        assert article_type in shape_names()

    @pytest.mark.parametrize("colour", [name.replace("_", " ") for name in KAGGLE_COLOURS.split()])
    def test_every_colour_looks_like_itself(self, colour: str) -> None:
        drawing = draw("x", article_type="Tshirts", base_colour=colour)
        image_of(drawing)
        assert colour in colours()
        assert colours()[colour].tone in drawing

    @pytest.mark.parametrize("name", shapes())
    def test_every_shape_can_be_drawn(self, name: str) -> None:
        articles = [article for article, shape in shape_names().items() if shape == name]
        image = image_of(draw("x", article_type=(*articles, None)[0], base_colour="Multi"))
        assert len(image.findall(f".//{SVG}path")) == len(shapes()[name])

    def test_no_two_shapes_look_alike(self) -> None:
        assert len(set(shapes().values())) == len(shapes())

    @pytest.mark.parametrize("unknown", [None, "", "Spaceships"])
    def test_what_is_unknown_is_a_hanger(self, unknown: str | None) -> None:
        image = image_of(draw("x", article_type=unknown, base_colour=unknown))
        assert len(image.findall(f".//{SVG}path")) == len(shapes()["hanger"])

    @given(title=st.text())
    def test_a_name_is_only_text(self, title: str) -> None:
        assert image_of(draw(title, article_type="Tshirts", base_colour="Red")) is not None

    def test_a_script_in_a_name_stays_a_name(self) -> None:
        name = "</title><script>alert(1)</script>&\"'"
        assert title_of(image_of(draw(name, article_type=None, base_colour=None))) == name

    def test_what_xml_cannot_write_is_left_out(self) -> None:
        drawing = draw("a\x00b\x0b\ud800c\ufffe", article_type=None, base_colour=None)
        assert title_of(image_of(drawing)) == "abc"


@pytest.mark.servers
class TestShowImage:
    def test_it_is_an_image_that_runs_nothing(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(article_type="Shirts", product_display_name="<b onload=x>")
        answer = client.get(f"/products/{product}/image.svg")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert title_of(image_of(answer.text)) == "<b onload=x>"

    @pytest.mark.parametrize(
        ("values", "title"),
        [
            ({"article_type": "Shirts", "base_colour": "Teal"}, "Teal Shirts"),
            ({"article_type": "Shirts"}, "Shirts"),
            ({}, "Product 4711"),
        ],
        ids=str,
    )
    def test_one_without_a_name_is_told_by_what_it_is(
        self, client: httpx.Client, make_product: MakeProduct, values: dict[str, str], title: str
    ) -> None:
        product = make_product(id=4711, **values)
        assert title_of(image_of(client.get(f"/products/{product}/image.svg").text)) == title

    def test_a_picture_of_its_own_is_where_it_leads(
        self, client: httpx.Client, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product()
        url = "https://images.example/a%20b.jpg?w=400"
        assert patch(admin, product, image_url=url).status_code == 200
        answer = client.get(f"/products/{product}/image.svg")
        assert (answer.status_code, answer.headers["Location"]) == (307, url)

    def test_nobody_is_led_to_what_is_no_web_address(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(image_url="javascript:alert(1)")
        assert client.get(f"/products/{product}/image.svg").status_code == 200

    def test_what_is_known_is_not_sent_again(
        self, client: httpx.Client, admin: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(base_colour="Red")
        url = f"/products/{product}/image.svg"
        known = {"If-None-Match": client.get(url).headers["ETag"]}
        answer = client.get(url, headers=known)
        assert (answer.status_code, answer.content) == (304, b"")
        patch(admin, product, base_colour="Blue")
        assert client.get(url, headers=known).status_code == 200

    @pytest.mark.parametrize(
        ("query", "is_final"), [({"v": 3}, True), ({"v": 2}, False), ({}, False)], ids=str
    )
    def test_only_the_picture_of_a_version_is_final(
        self,
        client: httpx.Client,
        make_product: MakeProduct,
        query: dict[str, int],
        *,
        is_final: bool,
    ) -> None:
        answer = client.get(f"/products/{make_product(version=3)}/image.svg", params=query)
        assert ("immutable" in answer.headers["Cache-Control"]) is is_final

    def test_what_was_bought_keeps_its_picture_when_it_is_off_sale(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        product = make_product(is_active=False)
        assert client.get(f"/products/{product}/image.svg").status_code == 200

    def test_an_unknown_product_is_404(self, client: httpx.Client) -> None:
        answer = client.get("/products/4711/image.svg")
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:fashion-store:problem:product-not-found"

    @pytest.mark.parametrize("query", [{"v": "x"}, {"v": 0}, {"v": 2**31}], ids=str)
    def test_a_bad_version_is_422(
        self, client: httpx.Client, make_product: MakeProduct, query: dict[str, str | int]
    ) -> None:
        url = f"/products/{make_product()}/image.svg"
        assert client.get(url, params=query).status_code == 422
