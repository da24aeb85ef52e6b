import re
from datetime import date
from random import Random

import pytest

from loadtest.personas import KAGGLE_MARKET, Persona, draw_tastes, make_persona
from loadtest.shelf import Shelf


@pytest.fixture(scope="module")
def people() -> list[Persona]:
    return [make_persona(seed, number) for seed in (1, 2) for number in range(300)]


class TestMakePersona:
    def test_the_same_seed_and_number_make_the_same_person(self) -> None:
        first = make_persona(4, 17)
        make_persona(4, 18)
        assert make_persona(4, 17) == first

    def test_another_number_or_seed_makes_somebody_else(self) -> None:
        assert len({repr(make_persona(*who)) for who in ((1, 1), (1, 2), (2, 1))}) == 3

    def test_usernames_and_addresses_of_mail_are_unique(self, people: list[Persona]) -> None:
        assert len({person.username for person in people}) == len(people)
        assert len({person.email for person in people}) == len(people)

    def test_people_are_such_as_the_shop_registers(self, people: list[Persona]) -> None:
        for person in people:
            assert re.fullmatch(r"[a-z0-9._-]{3,40}", person.username)
            assert re.fullmatch(r"[^@\s]+@example\.(com|net|org)", person.email)
            assert person.sex in {"M", "F"}
            assert date(1900, 1, 1) <= person.birthdate < date(2007, 1, 1)
            assert 8 <= len(person.password) <= 128
            assert 5 <= len(person.phone) <= 40
            assert 5 <= len(person.address) <= 255
            assert "\n" not in person.address

    def test_both_sexes_come(self, people: list[Persona]) -> None:
        men = sum(person.sex == "M" for person in people)
        assert 0.4 < men / len(people) < 0.6

    def test_registration_is_plain_json(self) -> None:
        person = make_persona(1, 1)
        body = person.registration()
        assert set(body) == {
            "username", "first_name", "last_name", "email", "password", "phone", "address",
            "sex", "birthdate",
        }  # fmt: skip
        assert date.fromisoformat(body["birthdate"]) == person.birthdate


class TestDrawTastes:
    def test_likes_one_to_three_categories_of_the_market(self) -> None:
        for number in range(200):
            tastes = draw_tastes(Random(number))
            assert 1 <= len(tastes.categories) <= 3
            assert sum(tastes.categories.values()) == pytest.approx(1)
            assert tastes.categories.keys() <= KAGGLE_MARKET.categories(tastes.genders).keys()
            assert tastes.colours <= KAGGLE_MARKET.colours.keys()

    def test_follows_what_is_on_the_shelf(self, shelf: Shelf) -> None:
        liked = {c for n in range(50) for c in draw_tastes(Random(n), shelf.market).categories}
        assert liked == {"Topwear", "Shoes", "Bags"}

    def test_average_conversion_is_about_one(self) -> None:
        conversions = [draw_tastes(Random(n)).conversion for n in range(2000)]
        assert sum(conversions) / len(conversions) == pytest.approx(1, abs=0.1)
