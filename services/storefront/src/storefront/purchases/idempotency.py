"""The memory of idempotency keys: who claims a key answers for it, everybody else repeats that."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from storefront.database import LOCK_NOT_AVAILABLE, LOCK_WAIT_TIMEOUT, mysql_code
from storefront.models import IdempotencyKey
from storefront.purchases.errors import IdempotencyKeyReusedError, RequestInFlightError


class Answer(NamedTuple):
    """An answer as it goes out, byte for byte."""

    status_code: int
    body: str
    is_replay: bool = False


class IdempotencyRepository:
    """Claims one key of one user within the caller's transaction; a rollback sets it free."""

    def __init__(self, session: Session, user_id: str, key: str) -> None:
        self._session = session
        self._is_ours = (IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
        self._identity = {"user_id": user_id, "key": key}

    def claim(self, request_hash: str, now: datetime) -> Answer | None:
        """Claim the key and return None, or return the answer that was given to it before.

        Raises RequestInFlightError while another transaction holds the key, and
        IdempotencyKeyReusedError if the answer belongs to another request.
        """
        if not self._is_taken():
            try:
                self._insert(request_hash, now)
            except IntegrityError:
                pass  # The other one was answered between our two statements.
            else:
                return None
        return self._answer_before(request_hash)

    def keep(self, answer: Answer) -> None:
        """Remember the answer for whoever comes with this key again."""
        self._session.execute(
            update(IdempotencyKey)
            .where(*self._is_ours)
            .values(status_code=answer.status_code, response_body=answer.body)
        )

    def _is_taken(self) -> bool:
        # A locking read also meets rows that are not committed yet: that is a request in flight.
        statement = select(IdempotencyKey.key).where(*self._is_ours).with_for_update(nowait=True)
        try:
            return self._session.scalar(statement) is not None
        except OperationalError as error:
            _raise_unless_locked(error)
            return True

    def _insert(self, request_hash: str, now: datetime) -> None:
        values = {**self._identity, "request_hash": request_hash, "created_at": now}
        try:
            self._session.execute(insert(IdempotencyKey).values(values))
        except OperationalError as error:
            _raise_unless_locked(error)
            raise RequestInFlightError from error

    def _answer_before(self, request_hash: str) -> Answer:
        row = self._session.execute(
            select(
                IdempotencyKey.request_hash,
                IdempotencyKey.status_code,
                IdempotencyKey.response_body,
            ).where(*self._is_ours)
        ).one_or_none()
        if row is None or row.status_code is None or row.response_body is None:
            raise RequestInFlightError
        if row.request_hash != request_hash:
            raise IdempotencyKeyReusedError
        return Answer(row.status_code, row.response_body, is_replay=True)


def _raise_unless_locked(error: DBAPIError) -> None:
    if mysql_code(error) not in (LOCK_WAIT_TIMEOUT, LOCK_NOT_AVAILABLE):
        raise error
