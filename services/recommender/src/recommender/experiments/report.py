"""An experiment's effects for people: a table, and what makes it doubtful."""

from typing import Final

from rich.console import Console
from rich.table import Table

from recommender.experiments.assignment import Variant
from recommender.experiments.intervals import CONFIDENCE
from recommender.experiments.schemas import AbEffects, Effects, Estimate, InterleavedEffects

MISMATCH_P_VALUE: Final = 0.001
"""Below it shares of shoppers are taken for a fault: such an experiment says nothing."""


def show(effects: Effects, console: Console) -> None:
    """Print the effects, and what is wrong with them."""
    if isinstance(effects, AbEffects):
        console.print(_ab_table(effects))
    else:
        console.print(_interleaved_table(effects))
    for warning in _warnings(effects):
        console.print(f"[yellow]{warning}[/]")


def _ab_table(effects: AbEffects) -> Table:
    table = Table(title=title_of(effects), title_justify="left")
    table.add_column("impressions with a")
    for name in ("control", "treatment", "difference", f"{CONFIDENCE:.0%} interval", "relative"):
        table.add_column(name, justify="right")
    for effect in effects.effects:
        table.add_row(
            effect.outcome,
            _percent(effect.control),
            _percent(effect.treatment),
            *_difference(effect.difference),
            f"{effect.relative.value:+.1%}" if effect.relative else "-",
        )
    for name, counts in (("shoppers", effects.shoppers), ("impressions", effects.impressions)):
        table.add_row(
            f"[dim]{name}", *(f"[dim]{counts[variant]:,}" for variant in Variant), "", "", ""
        )
    return table


def _interleaved_table(effects: InterleavedEffects) -> Table:
    table = Table(title=title_of(effects), title_justify="left")
    table.add_column("whose")
    for name in ("control", "treatment", "treatment's share", f"{CONFIDENCE:.0%} interval"):
        table.add_column(name, justify="right")
    for name, counts, share in (
        ("clicks", effects.clicks, effects.treatment_share),
        ("shoppers who prefer it", effects.preferring, effects.treatment_preferred),
    ):
        table.add_row(
            name,
            *(f"{counts[variant]:,}" for variant in Variant),
            *_share(share),
        )
    table.caption = (
        f"{effects.impressions:,} impressions, {effects.shoppers:,} shoppers,"
        f" {effects.undecided:,} of them undecided"
    )
    return table


def _warnings(effects: Effects) -> list[str]:
    warnings = []
    p_value = effects.share_p_value if isinstance(effects, AbEffects) else None
    if p_value is not None and p_value < MISMATCH_P_VALUE:
        warnings.append(
            f"The variants' shoppers are not in the share that was asked for (p = {p_value:.1g}):"
            " something loses some of them, and the effects must not be trusted."
        )
    if not _count_of(effects):
        warnings.append("No list_view has come yet with an id of this experiment's answers.")
    if effects.strays:
        warnings.append(
            f"{effects.strays:,} impressions are of a variant that is not the shopper's: shown"
            " to a guest who then logged in, or while the share was another one."
        )
    return warnings


def title_of(effects: Effects) -> str:
    """Return which experiment it is, and how much there is of it."""
    return f"Experiment {effects.name} ({effects.mode}), {_count_of(effects):,} impressions"


def _count_of(effects: Effects) -> int:
    shown = effects.impressions
    return shown if isinstance(shown, int) else sum(shown.values())


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _difference(found: Estimate | None) -> tuple[str, str]:
    """Return a difference of rates and its interval in percentage points."""
    if found is None:
        return "-", "-"
    return f"{100 * found.value:+.2f}", f"{100 * found.low:+.2f} to {100 * found.high:+.2f}"


def _share(found: Estimate | None) -> tuple[str, str]:
    if found is None:
        return "-", "-"
    return f"{found.value:.1%}", f"{found.low:.1%} to {found.high:.1%}"
