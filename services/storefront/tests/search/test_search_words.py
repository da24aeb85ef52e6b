"""Words meet their other spellings."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from services.storefront.tests.search.plain_search import distance

from storefront.search.text import singular, spelled_words_of, words_of
from storefront.search.vocabulary import EXACT, NEAR, Vocabulary


class TestWordsOf:
    @pytest.mark.parametrize(
        "text", ["T-shirts", "tshirt", "tshirts", "t shirt", "TSHIRT", "T-Shirt"]
    )
    def test_t_shirts_are_one_word_however_written(self, text: str) -> None:
        assert words_of(text) == ["tshirt"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("watches", "watch"),
            ("dresses", "dress"),
            ("hoodies", "hoodie"),
            ("accessories", "accessory"),
            ("shoes", "shoe"),
            ("men's", "mens"),
            ("Levi's", "levis"),
            ("U.S. Polo", "us polo"),
            ("V-neck", "v neck"),
            ("Café", "cafe"),
            ("flip-flops", "flip flop"),
            ("shoes for men", "men shoes"),
        ],
    )
    def test_spellings_of_one_thing_meet(self, one: str, other: str) -> None:
        assert sorted(words_of(one)) == sorted(words_of(other))

    @pytest.mark.parametrize(("one", "other"), [("men", "women"), ("dress", "dre"), ("bus", "bu")])
    def test_different_things_stay_apart(self, one: str, other: str) -> None:
        assert words_of(one) != words_of(other)

    @given(st.text())
    def test_any_text_has_words_without_spaces_or_capitals(self, text: str) -> None:
        words = spelled_words_of(text)
        assert all(word and not any(letter.isspace() for letter in word) for word in words)
        assert words_of(text) == [singular(word) for word in words]


def meanings(known: Sequence[str], *query: str) -> list[dict[str, int]]:
    """Return for each word of the query which known words it means, and how close they are."""
    return [
        {known[at]: closeness for start, end, closeness in found for at in range(start, end)}
        for found in Vocabulary(known).meanings(query)
    ]


class TestMeanings:
    WORDS = ("nike", "nikon", "shirt", "short", "tshirt", "tshirty")

    def meant(self, *query: str) -> dict[str, int]:
        """Return what the first word of the query means."""
        return meanings(self.WORDS, *query)[0]

    def test_a_known_word_means_itself(self) -> None:
        assert self.meant("tshirt", "nike") == {"tshirt": EXACT}

    def test_the_last_word_may_be_unfinished(self) -> None:
        assert self.meant("nik") == {"nike": NEAR, "nikon": NEAR}
        assert self.meant("tshirt") == {"tshirt": EXACT, "tshirty": NEAR}

    @pytest.mark.parametrize("slip", ["tshrit", "tsirt", "tshiirt", "tshurt"])
    def test_a_slip_means_the_nearest_word(self, slip: str) -> None:
        assert self.meant(slip) == {"tshirt": NEAR}

    def test_what_is_equally_near_is_all_meant(self) -> None:
        assert self.meant("shrt") == {"shirt": NEAR, "short": NEAR}

    def test_short_words_are_forgiven_less(self) -> None:
        assert self.meant("nkei") == {}
        assert self.meant("nk") == {}

    def test_numbers_are_not_slips_of_one_another(self) -> None:
        assert meanings(["1234"], "1235") == [{}]

    def test_two_words_may_be_one(self) -> None:
        words = ["hand", "handbag", "nike"]
        both = meanings(words, "nike", "hand", "bag")
        assert both == [{"nike": EXACT}, {"hand": EXACT, "handbag": EXACT}, {"handbag": EXACT}]

    @given(st.text("ab", min_size=3, max_size=7), st.sets(st.text("ab", min_size=1, max_size=7)))
    def test_no_word_nearer_than_those_meant_is_left_out(self, word: str, known: set[str]) -> None:
        words = sorted(known - {word})
        assume(not any(known.startswith(word) for known in words))
        [meant] = meanings(words, word)
        slips = 1 if len(word) < 6 else 2
        distances = {one: distance(word, one) for one in words}
        nearest = min(distances.values(), default=9)
        assert {*meant} == {one for one, far in distances.items() if far == nearest <= slips}
