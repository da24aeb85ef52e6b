"""From a line to its event, or to the reason why it is none."""

from typing import Final

from pydantic import BaseModel, ValidationError

from exporter.events.landing import BadLine
from exporter.events.lines import Line
from fashion_contracts.events import Context, Interaction, ListPosition, Page

LONGEST_REASON = 200
UNKNOWN_FIELD = "unknown field"


def _names(*models: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        field.alias or name for model in models for name, field in model.model_fields.items()
    )


FIELDS: Final = _names(Interaction, ListPosition, Page, Context)


def parse(key: str, line: Line) -> Interaction | BadLine:
    """Return the line's event, or why it is none."""
    if line.fault is not None:
        return BadLine(key, line.number, line.fault, "")
    try:
        return Interaction.from_record(line.content)
    except ValidationError as error:
        reason = _reason(error)
    except OverflowError:
        # The first and last hours that a datetime can hold have no UTC equivalent.
        reason = "an instant out of range"
    raw = line.content.decode(errors="backslashreplace")
    return BadLine(key, line.number, reason, raw)


def _reason(error: ValidationError) -> str:
    """Return what is wrong in the contract's words: a field's name may itself be an input."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(part if part in FIELDS else UNKNOWN_FIELD for part in map(str, first["loc"]))
    return f"{place}: {first['msg']}"[:LONGEST_REASON].removeprefix(": ")
