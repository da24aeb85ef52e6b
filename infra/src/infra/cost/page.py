"""docs/cost.md, from the model."""

from typing import Final

from infra.cost import demand, prices
from infra.cost.model import Part, parts

HEAD: Final = f"""# What it costs

Written by `make cost` from a small model (`infra/src/infra/cost/`): list prices in {prices.REGION} as of {prices.AS_OF}, written down and not
fetched; the requests of the shopper bot; capacities from this repository's own benchmarks, halved. **It is an estimate that was never held
against a bill.** Rates are of the busiest hour, for which everything is sized; a month's mean is {demand.MEAN_LOAD:.0%} of it.
No free tier, no savings plan, no taxes, no traffic to the internet.

| requests a second | events a second | purchases a second | dollars a month | of a million requests | gives way first |
|---:|---:|---:|---:|---:|---|
"""


def page() -> str:
    """Return the page."""
    return HEAD + "".join(map(_summary, demand.RATES)) + "".join(map(_chapter, demand.RATES))


def first_to_give_way(rate: float) -> Part:
    """Return the part that is nearest to what it can bear."""
    return max(parts(rate), key=lambda part: part.load or 0.0)


def _summary(rate: int) -> str:
    wanted = demand.Demand(rate)
    dollars = sum(part.dollars for part in parts(rate))
    millions = rate * demand.MEAN_LOAD * prices.SECONDS / 1e6
    first = first_to_give_way(rate)
    return (
        f"| {rate:,} | {wanted.events:,.0f} | {wanted.purchases:,.2f} | {dollars:,.0f}"
        f" | {dollars / millions:,.2f} | {first.name}, at {first.load:.0%} |\n"
    )


def _chapter(rate: int) -> str:
    first = first_to_give_way(rate)
    lines = [
        f"\n## {rate:,} requests a second\n",
        "| part | dollars a month | load | what gives way, and what then |",
        "|---|---:|---:|---|",
    ]
    for part in parts(rate):
        load = "" if part.load is None else f"{part.load:.0%}"
        lines.append(f"| {part.name} | {part.dollars:,.0f} | {load} | {part.limit} |")
    bottleneck = f"\nFirst at its limit: **{first.name}**, at {rate / (first.load or 1):,.0f} requests a second as sized here."
    return "\n".join([*lines, bottleneck]) + "\n"
