"""One shopper followed by name: what she was shown, what she clicked, what she was shown next.

Each click is on a pick that is shown. A product just seen is never a pick, so the click is known to
have arrived when that product is gone: the time until then is the time from click to changed pick.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from time import monotonic, perf_counter
from typing import Any

import httpx

from fashion_kit.clock import Clock, utc_now
from fashion_kit.ids import IdFactory, new_id

POLL_SECONDS = 0.01
GIVE_UP_SECONDS = 10.0
SHOWN = 6
TASTE = {"article_type": "Kurtas", "gender": "Women"}
PERSON = {
    "username": "mai.nguyen",
    "first_name": "Mai",
    "last_name": "Nguyen",
    "email": "mai.nguyen@example.com",
    "sex": "F",
    "birthdate": "1994-03-08",
}


@dataclass(frozen=True)
class Pick:
    """One recommended product, with its name for people."""

    product_id: int
    name: str
    reason: str


@dataclass
class Story:
    """What happened to the shopper."""

    before: list[Pick] = field(default_factory=list)
    clicked: list[Pick] = field(default_factory=list)
    after: list[Pick] = field(default_factory=list)
    click_to_pick_ms: list[float] = field(default_factory=list)
    unanswered_clicks: int = 0
    accepted_event_ids: set[str] = field(default_factory=set)


class Shopper:
    """The followed shopper's browser: real HTTP, a real token."""

    def __init__(
        self,
        storefront: str,
        recommender: str,
        *,
        clock: Clock = utc_now,
        make_id: IdFactory = new_id,
    ) -> None:
        self._storefront = httpx.Client(base_url=storefront, timeout=10)
        self._recommender = httpx.Client(base_url=recommender, timeout=10)
        self._clock = clock
        self._make_id = make_id
        self._session_id = make_id()
        self.user_id = ""
        self.story = Story()

    def register(self) -> None:
        """Register, and log in."""
        password = self._make_id()
        user = self._post("/users", PERSON | {"password": password})
        self.user_id = user["id"]
        token = self._storefront.post(
            "/token", data={"username": PERSON["username"], "password": password}
        )
        token.raise_for_status()
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        self._storefront.headers.update(bearer)
        self._recommender.headers.update(bearer)

    def look(self) -> list[Pick]:
        """Return the first picks with the products' names."""
        return [
            Pick(item["product_id"], self._name_of(item["product_id"]), item["reason"])
            for item in self._picks()[:SHOWN]
        ]

    def follow_taste(self, clicks: int) -> None:
        """Tell a story: the picks before, some clicks on one kind of product, the picks after."""
        self.story.before = self.look()
        listed = self._storefront.get("/products", params={**TASTE, "limit": clicks})
        listed.raise_for_status()
        for product in listed.json()["items"]:
            self.click(product["id"])
            self.story.clicked.append(
                Pick(product["id"], product["product_display_name"], "clicked")
            )
        self._wait_until_changed({pick.product_id for pick in self.story.before})
        self.story.after = self.look()

    def keep_clicking(self, stopped: Event, pause: timedelta) -> None:
        """Click the first pick again and again until stopped, timing each until it is gone."""
        while not stopped.wait(pause.total_seconds()):
            self.click_first_pick()

    def click_first_pick(self) -> bool:
        """Click the first pick, timing it until it is gone; say whether it went in time."""
        clicked = self._picks()[0]["product_id"]
        began = perf_counter()
        self.click(clicked)
        is_gone = self._wait_until_gone(clicked)
        if is_gone:
            self.story.click_to_pick_ms.append((perf_counter() - began) * 1000)
        else:
            self.story.unanswered_clicks += 1
        return is_gone

    def close(self) -> None:
        """Close the browser."""
        self._storefront.close()
        self._recommender.close()

    def click(self, product_id: int) -> None:
        """Send one click; raise httpx.HTTPError if the shop does not take it."""
        now = self._clock().isoformat()
        event_id = self._make_id()
        event = {
            "event_id": event_id,
            "type": "product_view",
            "session_id": self._session_id,
            "product_id": product_id,
            "event_time": now,
            "sent_at": now,
        }
        verdicts = self._post("/events", {"events": [event]})["verdicts"]
        if verdicts[0]["status"] == "accepted":
            self.story.accepted_event_ids.add(event_id)

    def _wait_until_gone(self, product_id: int) -> bool:
        return any(product_id not in shown for shown in self._shown_until_late())

    def _wait_until_changed(self, before: set[int]) -> bool:
        return any(not before & shown for shown in self._shown_until_late())

    def _shown_until_late(self) -> Iterator[set[int]]:
        deadline = monotonic() + GIVE_UP_SECONDS
        while monotonic() < deadline:
            yield {item["product_id"] for item in self._picks()}
            Event().wait(POLL_SECONDS)

    def _picks(self) -> list[dict[str, Any]]:
        answer = self._recommender.get(f"/recommendations/{self.user_id}")
        answer.raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def _name_of(self, product_id: int) -> str:
        answer = self._storefront.get(f"/products/{product_id}")
        answer.raise_for_status()
        return str(answer.json()["product_display_name"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._storefront.post(path, json=body)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content
