"""Seeded people: who they are (Faker) and what they like. Same seed and number, same person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import log
from random import Random

from faker import Faker

from loadtest.shelf import LOOKS, Market

_LOCALE = "en_IN"
_BORN_BETWEEN = (date(1955, 1, 1), date(2006, 12, 31))
_SHOPS_FOR_CHILDREN = 0.06
_MAX_CATEGORIES = 3
_MAX_COLOURS = 3
# Half of the people spend on a visit up to five times what the median product costs.
_BUDGET_MEAN = log(5)
_BUDGET_SPREAD = 0.7

KAGGLE_MARKET = Market(
    departments={
        "Men": {"Topwear": 0.42, "Shoes": 0.21, "Watches": 0.07, "Bottomwear": 0.07, "Belts": 0.03},
        "Women": {"Topwear": 0.33, "Shoes": 0.15, "Bags": 0.12, "Bottomwear": 0.06, "Saree": 0.03},
        "Boys": {"Topwear": 0.8, "Bottomwear": 0.13, "Shoes": 0.03},
        "Girls": {"Topwear": 0.55, "Bottomwear": 0.2, "Dress": 0.12, "Sandal": 0.06},
        "Unisex": {"Bags": 0.04, "Shoes": 0.01, "Headwear": 0.01, "Eyewear": 0.01},
    },
    colours={
        "Black": 0.22, "White": 0.12, "Blue": 0.11, "Brown": 0.08, "Grey": 0.06, "Red": 0.06,
        "Green": 0.05, "Pink": 0.04, "Navy Blue": 0.04, "Purple": 0.04, "Silver": 0.02,
    },
    looks=dict.fromkeys(range(LOOKS), 1 / LOOKS),
)  # fmt: skip
"""What such a shop offers, when nobody has looked yet: the Kaggle catalogue's shares."""


@dataclass(frozen=True)
class Tastes:
    """What a person looks at, and how they behave in a shop."""

    sex: str
    genders: frozenset[str]
    categories: Mapping[str, float]
    colours: frozenset[str]
    look: int
    price_sensitivity: float
    """0: money is no object; 1: the dearest third is hardly looked at."""
    patience: int
    """How often a person tries again when the shop says no."""
    conversion: float
    """How readily they put things into the cart and buy, 1 being average."""
    budget: float
    """What they spend on one visit at most, in prices of the shop's median product."""


@dataclass(frozen=True)
class Persona:
    """A believable person who does not exist."""

    number: int
    username: str
    first_name: str
    last_name: str
    email: str
    password: str
    phone: str
    address: str
    sex: str
    birthdate: date
    user_agent: str
    locale: str
    browser_id: str
    """Under which the shop knows them while they are not logged in, on every day."""
    tastes: Tastes

    def registration(self) -> dict[str, str]:
        """Return the body of POST /users."""
        fields = ("username", "first_name", "last_name", "email", "password", "phone", "address")
        return {
            **{field: getattr(self, field) for field in fields},
            "sex": self.sex,
            "birthdate": self.birthdate.isoformat(),
        }


def draw_tastes(rng: Random, market: Market = KAGGLE_MARKET) -> Tastes:
    """Draw what one person likes of what the market offers."""
    sex = rng.choice("MF")
    genders = _draw_genders(rng, sex)
    return Tastes(
        sex=sex,
        genders=genders,
        categories=_draw_categories(rng, market.categories(genders)),
        colours=frozenset(_draw_distinct(rng, market.colours, rng.randint(1, _MAX_COLOURS))),
        look=rng.choices([*market.looks], [*market.looks.values()])[0],
        price_sensitivity=round(rng.betavariate(2, 3), 3),
        patience=rng.choice((1, 2, 2, 3, 4)),
        conversion=round(min(rng.lognormvariate(-0.18, 0.6), 4.0), 3),
        budget=round(rng.lognormvariate(_BUDGET_MEAN, _BUDGET_SPREAD), 2),
    )


def tastes_of(seed: int, number: int, market: Market = KAGGLE_MARKET) -> Tastes:
    """Return what the person with this number likes, live and in a written past."""
    return draw_tastes(Random(f"tastes {seed} {number}"), market)


def browser_id_of(seed: int, number: int) -> str:
    """Return the anonymous id that the person's browser keeps, live and in a written past."""
    return f"anon-{Random(f'browser {seed} {number}').getrandbits(128):032x}"


def make_persona(seed: int, number: int, market: Market = KAGGLE_MARKET) -> Persona:
    """Return the person with this number: always the same one for a seed and a market."""
    tastes = tastes_of(seed, number, market)
    faker = _faker()
    faker.seed_instance(f"person {seed} {number}")
    is_man = tastes.sex == "M"
    first_name = faker.first_name_male() if is_man else faker.first_name_female()
    last_name = faker.last_name()
    username = _username(first_name, last_name, seed, number)
    return Persona(
        number=number,
        username=username,
        first_name=first_name,
        last_name=last_name,
        email=f"{username}@example.{faker.random_element(('com', 'net', 'org'))}",
        password=faker.password(length=14),
        phone=faker.phone_number(),
        address=_address(faker),
        sex=tastes.sex,
        birthdate=faker.date_between_dates(*_BORN_BETWEEN),
        user_agent=faker.user_agent(),
        locale=faker.random_element(("en-IN", "en-IN", "hi-IN", "en-GB", "vi-VN")),
        browser_id=browser_id_of(seed, number),
        tastes=tastes,
    )


def _address(faker: Faker) -> str:
    street = faker.street_address().replace("\n", ", ")
    return f"{street}, {faker.city()} {faker.postcode()}, {faker.current_country()}"


@cache
def _faker() -> Faker:
    return Faker(_LOCALE)


def _username(first_name: str, last_name: str, seed: int, number: int) -> str:
    """Return a name that no other person of any seed has."""
    letters = (
        "".join(char for char in name.lower() if char.isascii() and char.isalpha())[:9]
        for name in (first_name, last_name)
    )
    return f"{'.'.join(letters)}.{seed}x{number}"


def _draw_genders(rng: Random, sex: str) -> frozenset[str]:
    adult, child = ("Men", "Boys") if sex == "M" else ("Women", "Girls")
    return frozenset({child if rng.random() < _SHOPS_FOR_CHILDREN else adult, "Unisex"})


def _draw_categories(rng: Random, offered: Mapping[str, float]) -> dict[str, float]:
    chosen = _draw_distinct(rng, offered, rng.randint(1, _MAX_CATEGORIES))
    weights = {category: offered[category] * rng.uniform(0.5, 1.5) for category in chosen}
    total = sum(weights.values())
    return {category: weight / total for category, weight in weights.items()}


def _draw_distinct(rng: Random, shares: Mapping[str, float], count: int) -> list[str]:
    """Draw up to `count` different keys, the larger shares first more often."""
    remaining = dict(shares)
    drawn: list[str] = []
    while remaining and len(drawn) < count:
        key = rng.choices(list(remaining), list(remaining.values()))[0]
        del remaining[key]
        drawn.append(key)
    return drawn
