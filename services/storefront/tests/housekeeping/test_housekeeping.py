"""Housekeeping: what is over goes, what is not stays, and no failure spreads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest
from services.storefront.tests.conftest import MakeProduct
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from storefront.carts.repository import CartRepository, NewLine
from storefront.database import Sessions, transaction
from storefront.housekeeping.keeper import Housekeeper
from storefront.housekeeping.tasks import Task, tasks_of
from storefront.models import Base, Cart, CartLine, IdempotencyKey, OutboxEvent, RefreshToken
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

NOW = utc_now()
MINUTE = timedelta(minutes=1)
Keep = Callable[..., Housekeeper]


@pytest.fixture
def keep(sessions: Sessions, storefront_settings: StorefrontSettings) -> Keep:
    """Return a maker of housekeepers whose clock stands still and who clear two rows at once."""
    small = storefront_settings.model_copy(update={"housekeeping_batch_size": 2})

    def make(*tasks: Task) -> Housekeeper:
        return Housekeeper(sessions, tasks or tasks_of(small), small, clock=lambda: NOW)

    return make


def clear(housekeeper: Housekeeper) -> dict[str, int]:
    return housekeeper.clear(Event())


def count(session: Session, table: type[Base]) -> int:
    session.rollback()
    return session.scalars(select(func.count()).select_from(table)).one()


class TestTasks:
    def test_an_idempotency_key_goes_after_its_time(
        self, session: Session, keep: Keep, storefront_settings: StorefrontSettings
    ) -> None:
        over = NOW - storefront_settings.idempotency_key_lifetime
        for key, created_at in (("old", over - MINUTE), ("young", over + MINUTE)):
            hashed = {"request_hash": "0" * 64, "created_at": created_at}
            session.add(IdempotencyKey(user_id=new_id(), key=key, **hashed))
        session.commit()
        assert clear(keep())["idempotency_keys"] == 1
        assert list(session.scalars(select(IdempotencyKey.key))) == ["young"]

    def test_a_refresh_token_goes_once_it_has_expired(
        self, session: Session, keep: Keep, user_id: str
    ) -> None:
        for name, expires_at in (("old", NOW - MINUTE), ("good", NOW + MINUTE)):
            ids = {"token_hash": name, "family_id": new_id(), "user_id": user_id}
            session.add(RefreshToken(**ids, issued_at=NOW, expires_at=expires_at))
        session.commit()
        assert clear(keep())["refresh_tokens"] == 1
        assert list(session.scalars(select(RefreshToken.token_hash))) == ["good"]

    def test_a_sent_row_goes_after_its_time_and_one_that_waits_never(
        self, session: Session, keep: Keep, storefront_settings: StorefrontSettings
    ) -> None:
        over = NOW - storefront_settings.outbox_retention
        instants = {"old": over - MINUTE, "young": over + MINUTE, "waits": None}
        for name, sent_at in instants.items():
            values = {"partition_key": name, "payload": "{}", "created_at": over - MINUTE}
            session.add(OutboxEvent(event_id=new_id(), sent_at=sent_at, **values))
        session.commit()
        assert clear(keep())["outbox"] == 1
        left = session.scalars(select(OutboxEvent.partition_key).order_by(OutboxEvent.position))
        assert list(left) == ["young", "waits"]


class TestGuestCarts:
    @pytest.fixture
    def make_cart(self, sessions: Sessions, make_product: MakeProduct) -> Callable[..., str]:
        """Return a maker of carts of one line that nobody has touched for a time."""
        product = make_product()

        def make(untouched: timedelta, **owner: str) -> str:
            with transaction(sessions) as session:
                carts = CartRepository(session, **owner)
                cart = carts.open(new_id(), NOW)
                carts.put_lines(cart.id, [NewLine(product, 1, Decimal(1))])
                carts.touch(cart, NOW - untouched)
                return cart.id

        return make

    def test_only_guests_carts_that_nobody_touched_go(
        self,
        make_cart: Callable[..., str],
        session: Session,
        keep: Keep,
        user_id: str,
        storefront_settings: StorefrontSettings,
    ) -> None:
        lifetime = storefront_settings.guest_cart_lifetime
        kept = {
            make_cart(lifetime - MINUTE, anonymous_id="anon-young"),
            make_cart(lifetime + MINUTE, user_id=user_id),
        }
        for number in range(3):
            make_cart(lifetime + MINUTE, anonymous_id=f"anon-old-{number}")
        assert clear(keep())["guest_carts"] == 3
        assert set(session.scalars(select(Cart.id))) == kept
        assert set(session.scalars(select(CartLine.cart_id))) == kept

    def test_a_cart_that_somebody_is_changing_stays(
        self,
        make_cart: Callable[..., str],
        sessions: Sessions,
        keep: Keep,
        storefront_settings: StorefrontSettings,
    ) -> None:
        make_cart(storefront_settings.guest_cart_lifetime + MINUTE, anonymous_id="anon-back")
        with transaction(sessions) as session:
            carts = CartRepository(session, anonymous_id="anon-back")
            cart = carts.lock()
            assert cart is not None
            assert clear(keep())["guest_carts"] == 0
            carts.touch(cart, NOW)
        assert clear(keep())["guest_carts"] == 0

    def test_several_at_once_clear_each_cart_once(
        self,
        make_cart: Callable[..., str],
        session: Session,
        keep: Keep,
        storefront_settings: StorefrontSettings,
    ) -> None:
        for number in range(20):
            long = storefront_settings.guest_cart_lifetime + MINUTE
            make_cart(long, anonymous_id=f"anon-old-{number}")
        with ThreadPoolExecutor(3) as pool:
            cleared = list(pool.map(clear, [keep(), keep(), keep()]))
        # Whoever met only what others held left it to them.
        assert sum(one["guest_carts"] for one in cleared) == 20
        assert count(session, Cart) == 0


class TestHousekeeper:
    def test_what_is_more_than_one_batch_goes_in_several(
        self, session: Session, keep: Keep
    ) -> None:
        for number in range(5):
            hashed = {"request_hash": "0" * 64, "created_at": NOW - timedelta(days=9)}
            session.add(IdempotencyKey(user_id=new_id(), key=str(number), **hashed))
        session.commit()
        assert clear(keep())["idempotency_keys"] == 5
        assert count(session, IdempotencyKey) == 0

    def test_a_task_that_fails_stops_no_other(self, session: Session, keep: Keep) -> None:
        def fail(*_: object) -> int:
            raise RuntimeError

        def fail_in_the_database(session: Session, *_: object) -> int:
            session.execute(update(Cart).values(version="x"))
            raise AssertionError

        housekeeper = keep(
            Task("broken", fail),
            Task("refused", fail_in_the_database),
            Task("good", lambda session, before, limit: 1),
        )
        assert clear(housekeeper) == {"good": 1}

    def test_it_goes_on_until_it_is_told_to_stop(self, keep: Keep) -> None:
        turns: list[int] = []
        third = Event()

        def work(*_: object) -> int:
            turns.append(1)
            if len(turns) == 3:
                third.set()
            return 2

        stop = Event()
        running = Thread(target=keep(Task("endless", work)).run, args=(stop,))
        running.start()
        assert third.wait(10)
        stop.set()
        running.join(10)
        assert not running.is_alive()
