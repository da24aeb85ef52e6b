"""docs/cost.md, from the model."""

from bisect import bisect_left
from typing import Final

from infra.cost import demand, prices
from infra.cost.model import Part, parts

LEAST_SHOWN: Final = 0.01
HEAD: Final = f"""# What it costs

Written by `make cost` from a small model (`infra/src/infra/cost/`) of the stage prod (`infra/stages.py`), whose database alone is made larger
with the rate: list prices in {prices.REGION} as of {prices.AS_OF}, written down and not fetched (check them before relying on
a bill); the requests of the shopper bot; capacities from this repository's own benchmarks, halved. **It is an estimate that was never held
against a bill.** A load above 100% is not served as sized; its cost is what serving it would take.
Rates are of the busiest hour, for which everything is sized; a month's mean is {demand.MEAN_LOAD:.0%} of it.
No free tier, no savings plan, no taxes, no traffic to the internet.

| requests a second | events a second | purchases a second | dollars a month | dollars a million requests | nearest to its limit |
|---:|---:|---:|---:|---:|---|
"""


def page() -> str:
    """Return the page."""
    limit = rate_of_the_first_limit()
    first = f"\nAs sized, **{first_to_give_way(limit).name}** gives way first, at {limit:,} requests a second.\n"
    chapters = "".join(map(_chapter, demand.RATES))
    return HEAD + "".join(map(_summary, demand.RATES)) + first + chapters


def first_to_give_way(rate: float) -> Part:
    """Return the part that is nearest to what it can bear."""
    return max(parts(rate), key=lambda part: part.load or 0.0)


def rate_of_the_first_limit() -> int:
    """Return the least rate, in whole requests a second, at which some part is at its limit."""
    rates = range(max(demand.RATES))
    return bisect_left(rates, 1.0, key=lambda rate: first_to_give_way(rate).load or 0.0)


def _percent(part: Part) -> str:
    if part.load is None:
        return ""
    return f"{part.load:.0%}" if part.load >= LEAST_SHOWN else f"below {LEAST_SHOWN:.0%}"


def _summary(rate: int) -> str:
    wanted = demand.Demand(rate)
    dollars = sum(part.dollars for part in parts(rate))
    millions = rate * demand.MEAN_LOAD * prices.SECONDS / 1e6
    first = first_to_give_way(rate)
    return (
        f"| {rate:,} | {wanted.events:,.0f} | {wanted.purchases:,.2f} | {dollars:,.0f}"
        f" | {dollars / millions:,.2f} | {first.name}, at {_percent(first)} |\n"
    )


def _chapter(rate: int) -> str:
    first = first_to_give_way(rate)
    lines = [
        f"\n## {rate:,} requests a second\n",
        "| part | dollars a month | load | what gives way, and what then |",
        "|---|---:|---:|---|",
    ]
    lines += [
        f"| {part.name} | {part.dollars:,.0f} | {_percent(part)} | {part.limit} |"
        for part in parts(rate)
    ]
    over = [part.name for part in parts(rate) if (part.load or 0.0) >= 1]
    beyond = f" Beyond what they can bear: {'; '.join(over)}." if over else ""
    lines.append(f"\nNearest to its limit: **{first.name}**, at {_percent(first)}.{beyond}")
    return "\n".join(lines) + "\n"
