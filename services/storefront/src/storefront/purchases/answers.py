"""The answers that were given to idempotency keys, read and kept for many keys at once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from storefront.bulk import in_sql, insert_rows
from storefront.models import IdempotencyKey
from storefront.purchases.errors import IdempotencyKeyReusedError, RequestInFlightError
from storefront.purchases.idempotency import Answer


class Key(NamedTuple):
    """An idempotency key. It is its user's: the same one of another user is another."""

    user_id: str
    key: str


class Given(NamedTuple):
    """The request that a key was used for, and the answer to it."""

    request_hash: str
    answer: Answer | None

    def again(self, request_hash: str) -> Answer:
        """Return the answer once more; raise if it is not there yet, or is another request's."""
        if request_hash != self.request_hash:
            raise IdempotencyKeyReusedError
        if self.answer is None:
            raise RequestInFlightError
        return self.answer._replace(is_replay=True)


class AnswerRepository:
    """Reads and keeps answers within the caller's transaction; a rollback sets their keys free."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def recall(self, keys: Collection[Key], since: datetime) -> dict[Key, Given]:
        """Return what was answered to the keys; an older answer is forgotten, its key new again."""
        rows = self._session.execute(
            select(
                IdempotencyKey.user_id,
                IdempotencyKey.key,
                IdempotencyKey.request_hash,
                IdempotencyKey.status_code,
                IdempotencyKey.response_body,
                IdempotencyKey.created_at,
            ).where(_is_one_of(keys))
        ).all()
        if old := [Key(row.user_id, row.key) for row in rows if row.created_at <= since]:
            # The time is asked again: another process may have made the row new in between.
            too_old = IdempotencyKey.created_at <= since
            self._session.execute(delete(IdempotencyKey).where(_is_one_of(old), too_old))
        return {
            Key(row.user_id, row.key): Given(
                row.request_hash,
                None if row.status_code is None else Answer(row.status_code, row.response_body),
            )
            for row in rows
            if row.created_at > since
        }

    def keep(self, answers: Mapping[Key, tuple[str, Answer]], now: datetime) -> None:
        """Keep the answers; IntegrityError if another transaction answered one of the keys."""
        instant = in_sql(now)
        insert_rows(
            self._session,
            IdempotencyKey,
            (*Key._fields, "request_hash", "status_code", "response_body", "created_at"),
            [
                (*key, request_hash, answer.status_code, answer.body, instant)
                for key, (request_hash, answer) in answers.items()
            ],
        )


def _is_one_of(keys: Collection[Key]) -> ColumnElement[bool]:
    return tuple_(IdempotencyKey.user_id, IdempotencyKey.key).in_(list(keys))
