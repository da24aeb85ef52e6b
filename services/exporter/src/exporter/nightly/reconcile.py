"""Whether what was written is what was read: counts and sums, to the cent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from exporter.errors import ReconciliationError
from exporter.lake.staging import StagedTable

# What is summed besides the rows being counted.
SUMMED: dict[str, tuple[str, ...]] = {
    "purchases": ("subtotal", "shipping", "tax", "total"),
    "purchase_lines": ("quantity", "line_total"),
    "products": ("price", "stock"),
}


def written_totals(staged: Sequence[StagedTable]) -> dict[str, Decimal]:
    """Return the counts and sums of the staged files, named `table.rows` and `table.column`."""
    totals: dict[str, Decimal] = {}
    for table in staged:
        name = table.definition.name
        totals[f"{name}.rows"] = Decimal(table.rows)
        for column, total in table.sums(SUMMED.get(name, ())).items():
            totals[f"{name}.{column}"] = total
    return totals


def reconcile(expected: Mapping[str, Decimal], written: Mapping[str, Decimal]) -> None:
    """Raise ReconciliationError unless both name the same things with the same figures."""
    nothing = Decimal("NaN")
    differences = {
        name: (expected.get(name, nothing), written.get(name, nothing))
        for name in sorted(expected.keys() | written.keys())
        if expected.get(name) != written.get(name)
    }
    if differences:
        raise ReconciliationError(differences)
