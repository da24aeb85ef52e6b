"""An explanation as tables: history, anchors, candidates, picks."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fashion_contracts.picks import Shopper, instant_of
from recommender.explaining.explanation import Candidate, Explanation


def products_of(explanation: Explanation) -> set[int]:
    """Return the products that the tables name."""
    return {
        *explanation.shopper.seen,
        *(candidate.product_id for candidate in explanation.candidates),
        *(pick.product_id for pick in explanation.picks),
    }


def show(explanation: Explanation, names: Mapping[int, str], console: Console) -> None:
    """Print what the picks follow from, and how."""
    if explanation.anchors:
        console.print(_history(explanation.shopper, names))
        console.print(_anchors(explanation, names))
        console.print(_candidates(explanation.candidates, names))
    else:
        console.print("Nothing is known of this shopper: what is trending and new is shown.")
    console.print(_picks(explanation, names))


def _history(shopper: Shopper, names: Mapping[int, str]) -> Table:
    table = _table("History, the latest first", "when (UTC)", "act", "product", "name", "now")
    for act in reversed(shopper.history):
        now = "in the cart" if act.product_id in shopper.in_cart else ""
        now = "bought" if act.product_id in shopper.owned else now
        when = f"{instant_of(act.ticks):%Y-%m-%d %H:%M:%S}"
        table.add_row(when, act.type, *_product(act.product_id, names), now)
    return table


def _anchors(explanation: Explanation, names: Mapping[int, str]) -> Table:
    table = _table(
        "Anchors: what speaks for its neighbours",
        "product",
        "name",
        "says",
        "from",
        right=("weight", "after decay"),
    )
    for anchor, strength in explanation.anchors:
        weights = (f"{anchor.weight:.2f}", f"{strength:.4f}")
        says = (anchor.reason.code, anchor.source)
        table.add_row(*_product(anchor.product_id, names), *says, *weights)
    return table


def _candidates(candidates: Iterable[Candidate], names: Mapping[int, str]) -> Table:
    table = _table(
        "Candidates: neighbours by score, and whose say it is",
        "product",
        "name",
        "score",
        "of which",
        "so it is",
    )
    for candidate in candidates:
        parts = ", ".join(
            f"{part.score:.3f} by {part.anchor.product_id}" for part in candidate.contributions
        )
        verdict = candidate.verdict
        if verdict.startswith("pick"):
            verdict = f"[green]{verdict}[/]"
        score = f"{candidate.score:.3f}"
        table.add_row(*_product(candidate.product_id, names), score, parts, verdict)
    return table


def _picks(explanation: Explanation, names: Mapping[int, str]) -> Table:
    how = "as stored with the last act" if explanation.are_stored else "ranked anew"
    table = _table(f"Picks, {how}", "rank", "product", "name", "score", "source", "reason")
    for rank, pick in enumerate(explanation.picks, 1):
        reason = pick.reason.code
        if pick.because_of is not None:
            reason += f" {pick.because_of} {escape(names.get(pick.because_of, ''))}"
        score = f"{pick.score:.3f}"
        table.add_row(str(rank), *_product(pick.product_id, names), score, pick.source, reason)
    return table


def _product(product_id: int, names: Mapping[int, str]) -> tuple[str, str]:
    name = names.get(product_id)
    return str(product_id), "[dim]not in the catalogue[/]" if name is None else escape(name)


def _table(title: str, *columns: str, right: Iterable[str] = ()) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table
