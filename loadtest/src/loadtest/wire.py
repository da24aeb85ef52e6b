"""Requests as a browser sends them: timed, counted, tried again when the shop is busy.

Nothing here raises for what a shop answers, or for a shop that does not answer: it goes into the
report.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from time import perf_counter
from typing import Any

import httpx

from loadtest.mischief import HUNG_UP
from loadtest.pace import Pace
from loadtest.reports import ErrorSeen, VisitReport

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that ask to come back with the same request."""

_MAX_ATTEMPTS = 5
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 5.0
_REPLAYED = "Idempotent-Replayed"


@dataclass(frozen=True)
class Call:
    """One request, and the statuses that are an answer to it rather than a fault."""

    method: str
    url: str
    endpoint: str
    """Its name in the report: the path with its parameters unfilled."""
    expected: frozenset[int] = frozenset({200})
    json: Any = None
    form: Mapping[str, str] | None = None
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name in the report."""
        return f"{self.method} {self.endpoint}"


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many attempts."""

    status: int
    body: Any
    attempts: int = 1
    retry_after: str | None = None
    is_replay: bool = False
    """Whether the shop says that it had decided before, and tells the same again."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member of a JSON object; the default if the body is none."""
        return self.body.get(key, default) if isinstance(self.body, dict) else default

    @property
    def problem(self) -> str:
        """Return the short name of an RFC 9457 problem: the last part of its type."""
        kind = str(self.get("type") or self.get("title") or self.status)
        return kind.rstrip("/").replace(":", "/").rsplit("/", 1)[-1]


class Budget:
    """How much of something all visits together may still use, as requests; None: any number."""

    def __init__(self, most: int | None = None) -> None:
        self._left = most

    @property
    def is_spent(self) -> bool:
        """Say whether nothing is left of it."""
        return self._left is not None and self._left <= 0

    def take(self) -> bool:
        """Take one from the budget; False if it is spent."""
        if self.is_spent:
            return False
        if self._left is not None:
            self._left -= 1
        return True


class Wire:
    """Sends one visit's requests and writes down what became of them."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        report: VisitReport,
        pace: Pace,
        *,
        rng: Random,
        budget: Budget,
        stopwatch: Callable[[], float] = perf_counter,
    ) -> None:
        self._client = client
        self._report = report
        self._pace = pace
        self._rng = rng
        self._budget = budget
        self._stopwatch = stopwatch

    async def send(self, call: Call) -> Answer | None:
        """Send it, and the very same again while the shop is busy or silent; None if it stays so.

        So every request must be one that the shop takes once however often it arrives. It is timed
        from when the person meant to send it to the answer that they keep, or to their giving up:
        being put off is waiting, too. Who hung up did not wait, and begins anew.
        """
        before = self._report.hung_up
        answer = await self._send_until_answered(call)
        if hung_up := self._report.hung_up - before:
            outcome = "no answer" if answer is None else answer.status
            self._report.after_hanging_up[f"{call.name} {outcome}"] += hung_up
        return answer

    async def _send_until_answered(self, call: Call) -> Answer | None:
        intended = self._pace.take_intended()
        began = self._stopwatch() if intended is None else intended
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            if not self._budget.take():
                return None
            hung_up = self._report.hung_up
            answer = await self._send_once(call, began if attempt == 1 else None)
            is_busy = answer is None or answer.status in BUSY
            if not is_busy or attempt == _MAX_ATTEMPTS or self._budget.is_spent:
                return self._conclude(call, answer, attempt, began)
            self._report.retries[call.name] += 1
            await self._pace.wait(self._backoff(attempt, answer))
            if self._report.hung_up > hung_up:
                began = self._stopwatch()
        return None

    def _conclude(
        self, call: Call, answer: Answer | None, attempts: int, began: float
    ) -> Answer | None:
        self._report.note_wait(call.name, began, self._stopwatch())
        if answer is None:
            return None
        if answer.status not in call.expected:
            self._report.errors.append(ErrorSeen(call.name, answer.status, answer.body))
        return replace(answer, attempts=attempts)

    def _backoff(self, attempt: int, answer: Answer | None) -> float:
        """Return how long to wait: what the shop asks for, else longer each time, with jitter."""
        asked = answer.retry_after if answer is not None else None
        seconds = _FIRST_BACKOFF_SECONDS * 2.0 ** (attempt - 1) * self._rng.uniform(0.5, 1.5)
        if asked is not None and asked.isdigit():
            seconds += int(asked)
        return min(seconds, _LONGEST_WAIT_SECONDS)

    async def _send_once(self, call: Call, intended: float | None) -> Answer | None:
        request = self._client.build_request(
            call.method,
            call.url,
            params=call.params,
            json=call.json,
            data=call.form,
            headers=call.headers,
            extensions={
                "endpoint": call.name,
                "expected": call.expected | BUSY,
                "intended": intended,
            },
        )
        try:
            response = await self._client.send(request)
        except httpx.RequestError as error:
            if str(error) == HUNG_UP:
                self._report.hung_up += 1
                return None
            self._report.connection_errors[f"{call.name} {type(error).__name__}"] += 1
            return None
        self._report.statuses[f"{call.name} {response.status_code}"] += 1
        return Answer(
            response.status_code,
            _body_of(response),
            retry_after=response.headers.get("Retry-After"),
            is_replay=response.headers.get(_REPLAYED) == "true",
        )


def _body_of(response: httpx.Response) -> Any:
    """Return the JSON of the body, or the beginning of its text if it is none."""
    try:
        return response.json()
    except ValueError:
        return response.text[:500]
