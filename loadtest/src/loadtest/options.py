"""What `python -m loadtest` and Locust both ask for: the same names, the same defaults."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from math import inf
from typing import Any

from loadtest.crowd import CrowdConfig
from loadtest.mischief import Mischief

DEFAULTS = CrowdConfig(storefront="")


def add_people(parser: ArgumentParser) -> None:
    """Let a command line say who comes, at which rate, and what goes wrong on their side."""
    parser.add_argument("--recommender", help="base URL of the recommender; without, no picks")
    add_option(parser, "shoppers", "how many people come")
    add_option(parser, "seed", "who they are and what they do")
    add_option(parser, "first-number", "number of the first person")
    add_option(parser, "anonymous-share", "share of visits without a login")
    add_option(parser, "eagerness", "factor on how readily people fill the cart")
    parser.add_argument("--rate", type=_rate, help="visits a second, whatever the shop does")
    add_option(parser, "think-scale", "factor on their pauses")
    add_option(parser, "control-share", "visits without recommendations")
    add_option(parser, "sale-products", "how many products a flash sale is of")
    _add(parser, "malformed-share", 0.0, "events that a broken script adds")
    _add(parser, "late-share", 0.0, "events that come hours after they happened")
    _add(parser, "dropped-share", 0.0, "requests whose sender hangs up and sends them again")
    add_option(parser, "shelf-limit", "how many products they know")
    add_option(parser, "max-visits", "after so many nobody comes any more")


def add_option(parser: ArgumentParser, name: str, text: str) -> None:
    """Add an option of the crowd with its default."""
    _add(parser, name, getattr(DEFAULTS, name.replace("-", "_")), text)


def mischief_of(options: Namespace) -> Mischief:
    """Return what goes wrong on the shoppers' side."""
    return Mischief(
        malformed_share=options.malformed_share,
        late_share=options.late_share,
        dropped_share=options.dropped_share,
    )


def _add(parser: ArgumentParser, name: str, default: Any, text: str) -> None:
    kind: Callable[[str], Any] = type(default)
    parser.add_argument(f"--{name}", type=kind, default=default, help=text)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < inf:
        raise ArgumentTypeError(f"{text} is no rate: it must be above 0")
    return rate
