"""One visit: a person comes, looks, perhaps buys, and leaves a report."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import httpx

from loadtest.checkout import Checkout
from loadtest.clock import Clock, utc_now
from loadtest.flash import FlashSession
from loadtest.habits import HABITS, Habits
from loadtest.mischief import NO_MISCHIEF, Mischief
from loadtest.pace import Pace, SteadyPace
from loadtest.reports import VisitReport
from loadtest.returns import Acquaintance, Acquaintances
from loadtest.session import Session, Step, StepKind
from loadtest.shelf import Shelf, ShelfProduct
from loadtest.shop import PAGE_SIZE, Addresses, Shop
from loadtest.shopper import Shopper, log_in_or_register
from loadtest.tracker import IdFactory, Tracker, Visitor, new_id
from loadtest.uplift import VisitOutcome
from loadtest.wire import Answer, Budget, Wire

PICKS_LIST = "recommendations"
PICKS_SHOWN = 12

_NEXT_PAGE_SHARE = 0.25
_EARLIER = "earlier_visit"


@dataclass(frozen=True)
class Surroundings:
    """What a visit needs from outside."""

    client: httpx.AsyncClient
    addresses: Addresses
    shelf: Shelf
    pace: Pace = field(default_factory=SteadyPace)
    clock: Clock = utc_now
    id_factory: IdFactory = new_id
    budget: Budget = field(default_factory=Budget)
    habits: Habits = HABITS
    mischief: Mischief = NO_MISCHIEF
    acquaintances: Acquaintances = field(default_factory=Acquaintances)
    is_control: bool = False
    """Whether this visit sees nothing of the recommender, to compare the others with."""
    sale: Sequence[ShelfProduct] = ()
    """What everybody comes for; in an ordinary time, nothing."""


async def perform_visit(
    shopper: Shopper,
    rng: Random,
    around: Surroundings,
    *,
    is_anonymous: bool = False,
    report: VisitReport | None = None,
) -> VisitReport:
    """Let the shopper visit the shop once, logged in unless anonymous or the shop fails them.

    Who wants to watch gives the report to write into.
    """
    report = VisitReport() if report is None else report
    report.visits += 1
    wire = Wire(around.client, report, around.pace, rng=rng, budget=around.budget)
    addresses = around.addresses
    if around.is_control:
        addresses = replace(addresses, recommender=None)
    shop = Shop(wire, addresses)
    if not is_anonymous:
        await log_in_or_register(shopper, shop, report, around.clock)
    await _Visit(shopper, shop, report, rng, around).perform()
    return report


class _Visit:
    def __init__(
        self, shopper: Shopper, shop: Shop, report: VisitReport, rng: Random, around: Surroundings
    ) -> None:
        persona = shopper.persona
        user_id = shopper.user_id if shop.token is not None else None
        self._visitor = Visitor(
            session_id=around.id_factory(),
            user_agent=persona.user_agent,
            locale=persona.locale,
            user_id=user_id,
            anonymous_id=persona.browser_id,
            mischief=around.mischief,
        )
        self._known = around.acquaintances.greet(
            self._visitor.shopper_id, had_account=user_id is not None and shopper.had_account
        )
        report.acquaintances[self._known] += 1
        self._is_control = around.is_control
        self._shop = shop
        self._report = report
        self._rng = rng
        self._pace = around.pace
        self._budget = around.budget
        self._shelf = around.shelf
        self._gender = next(iter(sorted(persona.tastes.genders - {"Unisex"})), None)
        self._tracker = Tracker(
            shop,
            self._visitor,
            report,
            rng,
            clock=around.clock,
            id_factory=around.id_factory,
        )
        self._checkout = Checkout(
            shop,
            report,
            around.pace,
            rng=rng,
            id_factory=around.id_factory,
            patience=persona.tastes.patience,
        )
        self._session = (
            FlashSession(around.sale, rng, around.habits)
            if around.sale
            else Session(
                persona.tastes, around.shelf, rng, habits=around.habits, may_buy=user_id is not None
            )
        )
        self._carts = 0
        self._purchases = 0
        self._before_look: tuple[int, int] | None = None
        """Carts and purchases when the person first came to look at recommendations."""
        self._list_id = "home"
        self._listed: list[int] = []
        self._picks_id: str | None = None
        self._pick_positions: list[int] = []
        self._shown: dict[int, dict[str, str]] = {}

    async def perform(self) -> None:
        acts: dict[StepKind, Callable[[Step], Awaitable[None]]] = {
            StepKind.VIEW_LIST: self._view_list,
            StepKind.SEARCH: self._search,
            StepKind.VIEW_PRODUCT: self._view_product,
            StepKind.VIEW_PICKS: self._view_picks,
            StepKind.ADD_TO_CART: self._add_to_cart,
            StepKind.REMOVE_FROM_CART: self._remove_from_cart,
            StepKind.CHECKOUT: self._begin_checkout,
            StepKind.BUY: self._buy,
        }
        await self._tracker.track("page_view", "/")
        for step in self._session.steps():
            await self._pace.think(step.think_seconds)
            if not self._pace.has_time() or self._budget.is_spent:
                break
            self._report.steps[step.kind] += 1
            await acts[step.kind](step)
        await self._tracker.flush()
        self._note_outcome()

    def _note_outcome(self) -> None:
        self._report.filled_carts += self._carts > 0
        self._report.abandoned_carts += self._carts > 0 and not self._purchases
        carts, purchases = self._before_look or (0, 0)
        self._report.outcomes.append(
            VisitOutcome(
                is_control=self._is_control,
                came_to_look=self._before_look is not None,
                could_buy=self._visitor.user_id is not None,
                carts=self._carts - carts,
                purchases=self._purchases - purchases,
            )
        )

    async def _view_list(self, step: Step) -> None:
        self._list_id = f"category-{_slug(step.category or '')}"
        await self._read_list(step)
        await self._tracker.track(
            "list_view", f"/c/{_slug(step.category or '')}", list=self._place(0)
        )

    async def _search(self, step: Step) -> None:
        self._list_id = "search"
        await self._read_list(step)
        path = f"/search?q={_slug(step.query or '')}"
        await self._tracker.track("search", path, query=step.query)

    async def _read_list(self, step: Step) -> None:
        """Read a page of the list, and sometimes the next."""
        wanted = {
            "sub_category": step.category,
            "gender": self._gender,
            "base_colour": step.colour,
        }
        filters = {name: value for name, value in wanted.items() if value}
        self._listed = []
        cursor: str | None = ""
        while cursor is not None:
            page = {"cursor": cursor} if cursor else {}
            answer = await self._shop.list_products({**filters, **page, "limit": str(PAGE_SIZE)})
            if answer is None or answer.status != 200:
                return
            self._listed += [item["id"] for item in answer.get("items", [])]
            turns_page = self._rng.random() < _NEXT_PAGE_SHARE
            cursor = answer.get("next_cursor") if turns_page else None

    async def _view_picks(self, _: Step) -> None:
        is_first = self._before_look is None
        if is_first:
            self._before_look = self._carts, self._purchases
        # The picks can only know of what the shop has been told.
        await self._tracker.flush()
        answer = await self._shop.view_picks(self._visitor.shopper_id, PICKS_SHOWN)
        if answer is None or answer.status != 200:
            return
        if is_first:
            self._note_first_look(answer)
        self._note_picks(answer)
        await self._tracker.track(
            "list_view",
            "/for-you",
            list={"id": PICKS_LIST, "position": 0},
            recommendation_id=self._picks_id,
        )

    def _note_first_look(self, answer: Answer) -> None:
        """Note whence the first recommendations of the visit come.

        What they say they are because of was looked at on this visit, or else on an earlier one;
        so the shop may know somebody whom we took for new.
        """
        sources = [self._source_of(item) for item in answer.get("items", [])]
        if self._known is Acquaintance.NEW and _EARLIER in sources:
            self._report.acquaintances.subtract([self._known])
            self._known = Acquaintance.BEFORE
            self._report.acquaintances.update([self._known])
        self._report.first_looks[self._known] += 1
        self._report.first_look_sources.update((self._known, source) for source in sources)

    def _source_of(self, item: Mapping[str, Any]) -> str:
        because_of = item.get("because_of")
        if because_of is None:
            return str(item.get("source"))
        return "this_visit" if because_of in self._shown else _EARLIER

    def _note_picks(self, answer: Answer) -> None:
        """Offer the session what it knows of the picks, and keep where each of them stood."""
        self._report.picks_shown += 1
        self._picks_id = answer.get("recommendation_id")
        products = [self._shelf.get(int(item["product_id"])) for item in answer.get("items", [])]
        known = [(i, product) for i, product in enumerate(products) if product is not None]
        self._pick_positions = [position for position, _ in known]
        self._session.offer([product for _, product in known])

    async def _view_product(self, step: Step) -> None:
        product_id = step.product_id
        path = f"/p/{product_id}"
        origin = self._origin(product_id, step.pick_position)
        if step.pick_position is not None:
            self._report.picks_clicked += 1
            await self._tracker.track("list_click", path, product_id=product_id, **origin)
        answer = await self._shop.view_product(product_id)
        if answer is None or answer.status != 200:
            return
        self._shown[product_id] = {
            "price": str(answer.get("price")),
            "currency": str(answer.get("currency")),
        }
        await self._tracker.track(
            "product_view", path, product_id=product_id, **self._shown[product_id], **origin
        )

    def _origin(self, product_id: int, pick_position: int | None) -> dict[str, object]:
        """Return in which list the product was found, and which recommendations those were."""
        if pick_position is not None:
            position = self._pick_positions[pick_position]
            return {
                "list": {"id": PICKS_LIST, "position": position},
                "recommendation_id": self._picks_id,
            }
        if product_id in self._listed:
            return {"list": self._place(self._listed.index(product_id))}
        return {}

    async def _add_to_cart(self, step: Step) -> None:
        product_id = step.product_id
        answer = await self._shop.put_in_cart(product_id, step.quantity)
        if answer is not None and answer.status == 200:
            self._carts += 1
            await self._track_cart("add_to_cart", product_id, step.quantity)

    async def _remove_from_cart(self, step: Step) -> None:
        product_id = step.product_id
        answer = await self._shop.take_out_of_cart(product_id)
        if answer is not None and answer.status == 204:
            await self._track_cart("remove_from_cart", product_id, step.quantity)

    async def _track_cart(self, kind: str, product_id: int, quantity: int) -> None:
        shown = self._shown.get(product_id, {})
        await self._tracker.track(kind, "/cart", product_id=product_id, quantity=quantity, **shown)

    async def _begin_checkout(self, _: Step) -> None:
        await self._tracker.track("begin_checkout", "/checkout")

    async def _buy(self, _: Step) -> None:
        if self._visitor.user_id is not None and await self._checkout.buy(self._visitor.user_id):
            self._purchases += 1
            await self._tracker.track("page_view", "/checkout/thanks")

    def _place(self, position: int) -> dict[str, object]:
        return {"id": self._list_id, "position": position}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
