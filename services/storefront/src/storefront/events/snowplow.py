"""Snowplow's tracker protocol: the members of a payload that say what ours say.

Page views, structured events (`se_ac` is the act, `se_la` the product or the words searched for),
and the self-describing ecommerce actions with their product entity.
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

Fields = dict[str, Any]

PAGE_VIEW: Final = "pv"
STRUCTURED: Final = "se"
SELF_DESCRIBING: Final = "ue"
_SEARCHES: Final = ("search", "view_search_results")
_PRODUCT: Final = "com.snowplowanalytics.snowplow.ecommerce/product/"
_ACTION: Final = "com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/"


def snowplow_fields(raw: Fields) -> Fields:
    """Return the payload in our words; times as they are, milliseconds since 1970."""
    return {
        "event_id": raw.get("eid"),
        "anonymous_id": raw.get("duid"),
        "user": raw.get("uid"),
        "session_id": raw.get("sid"),
        "event_time": raw.get("dtm"),
        "sent_at": raw.get("stm"),
        "context": _context(raw),
        **_act(raw),
    }


def _act(raw: Fields) -> Fields:
    kind = raw.get("e")
    if kind == PAGE_VIEW:
        return {"type": "page_view"}
    if kind == STRUCTURED:
        action = raw.get("se_ac")
        about = "query" if action in _SEARCHES else "product_id"
        return {"type": action, about: raw.get("se_la")}
    if kind == SELF_DESCRIBING:
        return _ecommerce_action(raw)
    return {"type": kind}


def _ecommerce_action(raw: Fields) -> Fields:
    event = _nested(raw, "ue_pr", "ue_px").get("data")
    action = _data_of(event) if _is(event, _ACTION) else {}
    entities = _nested(raw, "co", "cx").get("data")
    products = (_data_of(one) for one in _items(entities) if _is(one, _PRODUCT))
    product = next(products, {})
    names = ("quantity", "price", "currency")
    return {
        "type": action.get("type"),
        "product_id": product.get("id"),
        **{name: product.get(name) for name in names},
    }


def _nested(raw: Fields, plain: str, packed: str) -> Fields:
    """Return the JSON within the JSON, be it plain or in base 64."""
    try:
        if isinstance(text := raw.get(plain), str):
            value = from_json(text)
        elif isinstance(text := raw.get(packed), str):
            value = from_json(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        else:
            value = text
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _is(entity: Any, schema: str) -> bool:
    name = entity.get("schema") if isinstance(entity, dict) else None
    return isinstance(name, str) and name.startswith(f"iglu:{schema}")


def _data_of(entity: Any) -> Fields:
    data = entity.get("data")
    return data if isinstance(data, dict) else {}


def _items(value: Any) -> Iterator[Any]:
    return iter(value if isinstance(value, list) else ())


def _context(raw: Fields) -> Fields | None:
    names = {"user_agent": "ua", "locale": "lang"}
    found = {ours: raw[theirs] for ours, theirs in names.items() if theirs in raw}
    return found or None
