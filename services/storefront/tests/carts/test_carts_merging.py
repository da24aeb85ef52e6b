"""A guest logs in: nothing they chose is lost, and nothing counts twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.storefront.tests.carts.conftest import MakeCart
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from storefront.carts.merging import GuestMerge, merged_lines
from storefront.carts.repository import CartRepository, NewLine
from storefront.carts.schemas import MAX_LINES, MAX_QUANTITY
from storefront.database import Sessions, run_in_transaction
from storefront.models import Cart, OutboxEvent

GUEST = "anon-01JZZZZZZZ"

prices = st.decimals("0.01", "9999", places=2)
lines = st.builds(NewLine, st.integers(1, 250), st.integers(1, MAX_QUANTITY), prices)
carts = st.lists(lines, max_size=MAX_LINES, unique_by=lambda line: line.product_id)


class TestMergedLines:
    @given(present=carts, added=carts, is_newer=st.booleans())
    def test_nothing_is_lost_but_what_no_cart_can_hold(
        self, present: list[NewLine], added: list[NewLine], is_newer: bool
    ) -> None:
        before = {line.product_id: line.quantity for line in present}
        more = {line.product_id: line.quantity for line in added}
        merged = merged_lines(present, added, is_newer=is_newer)
        found = {line.product_id: line.quantity for line in merged}
        assert len(found) == len(merged) == min(len(before | more), MAX_LINES)
        assert before.keys() <= found.keys() <= (before | more).keys()
        for product, quantity in found.items():
            wanted = before.get(product, 0) + more.get(product, 0)
            assert quantity == min(wanted, MAX_QUANTITY)

    @given(present=carts, added=carts, is_newer=st.booleans())
    def test_every_price_was_shown_and_the_newer_one_wins(
        self, present: list[NewLine], added: list[NewLine], is_newer: bool
    ) -> None:
        older, newer = (present, added) if is_newer else (added, present)
        shown = {line.product_id: line.unit_price for line in (*older, *newer)}
        for line in merged_lines(present, added, is_newer=is_newer):
            assert line.unit_price == shown[line.product_id]

    @given(present=carts)
    def test_an_empty_cart_changes_nothing(self, present: list[NewLine]) -> None:
        assert merged_lines(present, [], is_newer=True) == sorted(present)


@pytest.fixture
def merge(sessions: Sessions) -> Callable[..., None]:
    """Return a login that brings a guest."""

    def log_in(user_id: str, anonymous_id: str = GUEST) -> None:
        run_in_transaction(
            sessions,
            lambda session: GuestMerge(session, clock=utc_now, new_id=new_id).merge(
                anonymous_id, user_id
            ),
            attempts=5,
        )

    return log_in


def quantities(session: Session, **owner: str) -> dict[int, int]:
    session.rollback()
    carts = CartRepository(session, **owner)
    cart = carts.get()
    found = carts.lines(cart.id) if cart else []
    return {line.product_id: line.quantity for line in found}


def count_carts(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Cart)).one()


@pytest.mark.servers
class TestMerge:
    def test_both_carts_become_the_users(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        user_id: str,
        session: Session,
    ) -> None:
        mine, both, theirs = (make_product() for _ in range(3))
        kept = make_cart({mine: 1, both: 2}, user_id=user_id)
        make_cart({both: 3, theirs: 4}, anonymous_id=GUEST)
        merge(user_id)
        assert quantities(session, user_id=user_id) == {mine: 1, both: 5, theirs: 4}
        assert list(session.scalars(select(Cart.id))) == [kept]

    def test_a_user_without_a_cart_gets_one(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        user_id: str,
        session: Session,
    ) -> None:
        product = make_product()
        make_cart({product: 4}, anonymous_id=GUEST)
        merge(user_id)
        assert quantities(session, user_id=user_id) == {product: 4}

    @pytest.mark.parametrize(("minutes", "price"), [(-5, "1.00"), (5, "2.00")])
    def test_the_price_of_the_cart_changed_last_is_kept(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        user_id: str,
        session: Session,
        minutes: int,
        price: str,
    ) -> None:
        product, now = make_product(), utc_now()
        make_cart({product: 1}, user_id=user_id, price="1.00", now=now)
        later = now + timedelta(minutes=minutes)
        make_cart({product: 1}, anonymous_id=GUEST, price="2.00", now=later)
        merge(user_id)
        carts = CartRepository(session, user_id=user_id)
        cart = carts.get()
        assert cart is not None
        assert [line.unit_price for line in carts.lines(cart.id)] == [Decimal(price)]

    def test_an_empty_guests_cart_goes_and_leaves_none(
        self, merge: Callable[..., None], make_cart: MakeCart, user_id: str, session: Session
    ) -> None:
        make_cart({}, anonymous_id=GUEST)
        merge(user_id)
        assert count_carts(session) == 0

    def test_the_users_entity_tag_no_longer_holds(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        shopper: Shopper,
    ) -> None:
        product = make_product()
        answer = shopper.client.put(f"/cart/lines/{product}", json={"quantity": 1})
        make_cart({product: 1}, anonymous_id=GUEST)
        merge(shopper.id)
        assert shopper.client.get("/cart").headers["etag"] != answer.headers["etag"]

    def test_every_login_tells_the_stream_and_merges_what_there_is(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        user_id: str,
        session: Session,
    ) -> None:
        product = make_product()
        make_cart({product: 1}, anonymous_id=GUEST)
        merge(user_id)
        merge(user_id)
        assert quantities(session, user_id=user_id) == {product: 1}
        events = [
            Interaction.from_record(payload.encode())
            for payload in session.scalars(select(OutboxEvent.payload))
        ]
        told = [(event.type, event.anonymous_id, event.shopper_id) for event in events]
        assert told == [(EventType.IDENTIFY, GUEST, user_id)] * 2


@pytest.mark.servers
class TestAtOnce:
    def test_logins_at_once_count_nothing_twice(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        user_id: str,
        session: Session,
    ) -> None:
        products = [make_product() for _ in range(3)]
        guests = [f"anon-guest-{number}" for number in range(4)]
        for guest in guests:
            make_cart(dict.fromkeys(products, 1), anonymous_id=guest)
        logins = [guest for guest in guests for _ in range(2)]
        barrier = Barrier(len(logins))

        def log_in(guest: str) -> None:
            barrier.wait()
            merge(user_id, guest)

        with ThreadPoolExecutor(len(logins)) as pool:
            list(pool.map(log_in, logins))
        assert quantities(session, user_id=user_id) == dict.fromkeys(products, len(guests))
        assert count_carts(session) == 1

    def test_what_other_tabs_put_meanwhile_is_in_one_of_both_carts(
        self,
        merge: Callable[..., None],
        make_cart: MakeCart,
        make_product: MakeProduct,
        guest: Shopper,
        shopper: Shopper,
        session: Session,
    ) -> None:
        products = [make_product() for _ in range(12)]
        make_cart({products[0]: 1}, anonymous_id=guest.id)
        barrier = Barrier(3)

        def put(tab: Shopper, mine: list[int]) -> list[int]:
            barrier.wait()
            paths = [f"/cart/lines/{product}" for product in mine]
            return [tab.client.put(path, json={"quantity": 1}).status_code for path in paths]

        with ThreadPoolExecutor(3) as pool:
            answers = [
                pool.submit(put, guest, products[1::2]),
                pool.submit(put, shopper, products[2::2]),
            ]
            barrier.wait()
            for _ in range(4):
                merge(shopper.id, guest.id)
            assert {code for answer in answers for code in answer.result()} == {200}
        merge(shopper.id, guest.id)
        assert quantities(session, user_id=shopper.id) == dict.fromkeys(products, 1)
