"""Words: how names and queries are cut so that the spellings of one thing meet.

Case and accents are folded, plurals lose their s, small words are left out: "T-shirts", "t shirt",
"tshirts" and "Tshirt" are all the one word `tshirt`.
"""

import re
import unicodedata
from typing import Final

# What everybody writes and nobody means: "shoes for men".
_SMALL_WORDS: Final = frozenset(
    ("a", "an", "and", "by", "for", "in", "of", "on", "or", "the", "to", "with")
)
_MARKS = re.compile(r"[\u0300-\u036f]")
_POSSESSIVE = re.compile(r"['`\u2019](?:s\b)?")
_INITIALS = re.compile(r"(?<=\b[a-z])\.(?=[a-z]\b)")
# A letter that only means something with the word after it: t-shirt, v neck, y-back.
_LETTER = re.compile(r"\b([a-z])[\s-]+(?=(?:shirt|neck|back|strap))")
_WORD = re.compile(r"[^\W_]+")

_SHORTEST_PLURAL = 4
_SHORTEST_DIMINUTIVE = 5
_NO_PLURALS = ("ss", "us")
_LONG_PLURALS = ("sses", "xes", "ches", "shes")


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, each in the form under which it is found."""
    return [singular(word) for word in spelled_words_of(text)]


def spelled_words_of(text: str) -> list[str]:
    """Return the same words as they are spelled, in lower case."""
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())
    for pattern, replacement in ((_POSSESSIVE, ""), (_INITIALS, ""), (_LETTER, r"\1")):
        folded = pattern.sub(replacement, folded)
    return [word for word in _WORD.findall(folded) if word not in _SMALL_WORDS]


def singular(word: str) -> str:
    """Return the word without the s of its plural; it need only be the same for both."""
    if len(word) >= _SHORTEST_PLURAL and word.endswith("s") and not word.endswith(_NO_PLURALS):
        word = word[:-2] if word.endswith(_LONG_PLURALS) else word[:-1]
    # hoodie, hoodies and hoody; accessory and accessories.
    is_diminutive = len(word) >= _SHORTEST_DIMINUTIVE and word.endswith("ie")
    return word[:-2] + "y" if is_diminutive else word
