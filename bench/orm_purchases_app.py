"""The plain way to place a purchase: one ORM session and one transaction for each request.

It writes the same rows as the storefront, and checks what must be checked to write them.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity, private_key_of, verify_token
from storefront.database import open_engine, sessions_of
from storefront.models import (
    IdempotencyKey,
    MovementReason,
    OutboxEvent,
    Product,
    Purchase,
    PurchaseLine,
    StockMovement,
    User,
)
from storefront.outbox.repository import lane_of
from storefront.purchases.pricing import Tariff
from storefront.purchases.schemas import PurchaseRequest, PurchaseView
from storefront.settings import StorefrontSettings

settings = StorefrontSettings()
sessions = sessions_of(open_engine(settings))
tariff = Tariff.of(settings)
public_key = private_key_of(settings.token_private_key_file.read_bytes()).public_key()

app = FastAPI()


def get_identity(token: Annotated[str, Depends(OAuth2PasswordBearer("token"))]) -> Identity:
    """Return who is asking."""
    return verify_token(token, public_key)


def get_session() -> Iterator[Session]:
    """Yield the request's session, committed before the answer."""
    with sessions.begin() as session:
        yield session


@app.post("/purchases", status_code=201)
def place_purchase(
    request: PurchaseRequest,
    identity: Annotated[Identity, Depends(get_identity)],
    key: Annotated[str, Header(alias="Idempotency-Key")],
    session: Annotated[Session, Depends(get_session, scope="function")],
) -> Response:
    """Buy the lines."""
    before = session.get(IdempotencyKey, (identity.user_id, key))
    if before is not None:
        return Response(before.response_body, media_type="application/json")
    user = session.get(User, identity.user_id)
    if user is None or user.erased_at is not None:
        raise HTTPException(401)
    purchase = _purchase(session, user, request)
    session.add(purchase)
    session.flush()
    for line in purchase.lines:
        session.add(_movement(purchase, line))
        session.add(_outbox_event(purchase, line))
    body = PurchaseView.model_validate(purchase).model_dump_json()
    session.add(
        IdempotencyKey(
            user_id=user.id,
            key=key,
            request_hash=request.digest(),
            status_code=201,
            response_body=body,
            created_at=purchase.purchased_at,
        )
    )
    return Response(body, 201, media_type="application/json")


def _purchase(session: Session, user: User, request: PurchaseRequest) -> Purchase:
    lines = {line.product_id: line for line in request.lines or []}
    statement = select(Product).where(Product.id.in_(lines)).order_by(Product.id)
    products = session.scalars(statement.with_for_update()).all()
    now = utc_now()
    sold = []
    for number, product in enumerate(products, start=1):
        quantity = lines[product.id].quantity
        if not product.is_active or product.stock < quantity:
            raise HTTPException(409)
        product.stock -= quantity
        product.units_sold += quantity
        product.updated_at = now
        sold.append(
            PurchaseLine(
                line_number=number,
                product_id=product.id,
                quantity=quantity,
                unit_price=product.price,
                line_total=quantity * product.price,
            )
        )
    charge = tariff.charge(sum((line.line_total for line in sold), Decimal()))
    return Purchase(
        id=new_id(),
        user_id=user.id,
        status="placed",
        **charge._asdict(),
        currency=products[0].currency,
        purchased_at=now,
        updated_at=now,
        lines=sold,
    )


def _movement(purchase: Purchase, line: PurchaseLine) -> StockMovement:
    return StockMovement(
        product_id=line.product_id,
        quantity=-line.quantity,
        reason=MovementReason.PURCHASE,
        purchase_id=purchase.id,
        moved_at=purchase.purchased_at,
    )


def _outbox_event(purchase: Purchase, line: PurchaseLine) -> OutboxEvent:
    event = Interaction(
        event_id=new_id(),
        type=EventType.PURCHASE,
        user_id=purchase.user_id,
        session_id=purchase.id,
        purchase_id=purchase.id,
        product_id=line.product_id,
        quantity=line.quantity,
        price=line.unit_price,
        currency=purchase.currency,
        event_time=purchase.purchased_at,
        received_at=purchase.purchased_at,
    )
    return OutboxEvent(
        event_id=event.event_id,
        lane=lane_of(event.shopper_id),
        partition_key=event.shopper_id,
        payload=event.to_record().decode(),
        created_at=purchase.purchased_at,
    )
