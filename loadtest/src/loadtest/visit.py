"""One visit: a person comes, looks, perhaps buys, and leaves a report."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import httpx

from loadtest.checkout import Checkout
from loadtest.clock import Clock, utc_now
from loadtest.flash import FlashSession
from loadtest.habits import HABITS, Habits
from loadtest.mischief import NO_MISCHIEF, Mischief
from loadtest.pace import Pace, SteadyPace
from loadtest.reports import VisitReport
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
    shop = Shop(wire, around.addresses)
    if not is_anonymous:
        await log_in_or_register(shopper, shop, report, around.clock)
    visit = _Visit(shopper, shop, report, rng, around)
    before = len(report.purchases)
    await visit.perform()
    report.outcomes.append(
        VisitOutcome(
            was_shown_picks=around.addresses.recommender is not None,
            views=visit.views,
            carts=visit.carts,
            purchases=len(report.purchases) - before,
        )
    )
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
            anonymous_id=shopper.anonymous_id,
            mischief=around.mischief,
        )
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
        self.views = 0
        self.carts = 0
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
        # The picks can only know of what the shop has been told.
        await self._tracker.flush()
        answer = await self._shop.view_picks(self._visitor.shopper_id, PICKS_SHOWN)
        if answer is None or answer.status != 200:
            return
        self._note_picks(answer)
        await self._tracker.track(
            "list_view",
            "/for-you",
            list={"id": PICKS_LIST, "position": 0},
            recommendation_id=self._picks_id,
        )

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
        self.views += 1
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
            self.carts += 1
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
            await self._tracker.track("page_view", "/checkout/thanks")

    def _place(self, position: int) -> dict[str, object]:
        return {"id": self._list_id, "position": position}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
