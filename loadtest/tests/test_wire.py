from random import Random

import httpx
import pytest

from loadtest.mischief import HUNG_UP
from loadtest.pace import SteadyPace
from loadtest.reports import VisitReport
from loadtest.wire import Answer, Budget, Call, Wire

PAUSE_SECONDS = 7.0
CALL = Call("GET", "http://127.0.0.1:1/things/5", "/things/{id}")


class Waits(SteadyPace):
    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    async def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def send(*responses: httpx.Response) -> tuple[Answer | None, VisitReport, list[float]]:
    waiting = iter(responses)
    report, pace = VisitReport(), Waits()
    transport = httpx.MockTransport(lambda _: next(waiting))
    async with httpx.AsyncClient(transport=transport) as client:
        wire = Wire(client, report, pace, rng=Random(1), budget=Budget())
        return await wire.send(CALL), report, pace.seconds


async def timed(outcomes: list[httpx.Response | httpx.RequestError]) -> VisitReport:
    """Send a request that ends so, on a clock that moves only while the person waits."""
    now, waiting, report = 100.0, iter(outcomes), VisitReport()

    class Passing(SteadyPace):
        async def wait(self, seconds: float) -> None:
            nonlocal now
            now += PAUSE_SECONDS

    def answer(_: httpx.Request) -> httpx.Response:
        outcome = next(waiting)
        if isinstance(outcome, httpx.Response):
            return outcome
        raise outcome

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        wire = Wire(
            client, report, Passing(), rng=Random(1), budget=Budget(), stopwatch=lambda: now
        )
        await wire.send(CALL)
    return report


class TestWire:
    async def test_an_expected_answer_is_no_error(self) -> None:
        answer, report, _ = await send(httpx.Response(200, json={"id": 5}))
        assert answer is not None
        assert (answer.get("id"), answer.attempts) == (5, 1)
        assert not report.errors
        assert report.statuses == {"GET /things/{id} 200": 1}

    async def test_a_busy_shop_is_asked_again(self) -> None:
        answer, report, waits = await send(httpx.Response(503), httpx.Response(200))
        assert answer is not None
        assert (answer.status, answer.attempts) == (200, 2)
        assert not report.errors
        assert len(waits) == 1

    async def test_waits_at_least_as_long_as_the_shop_asks(self) -> None:
        busy = httpx.Response(503, headers={"Retry-After": "3"})
        _, _, waits = await send(busy, httpx.Response(200))
        assert 3 <= waits[0] <= 5

    async def test_never_waits_for_ever(self) -> None:
        busy = httpx.Response(503, headers={"Retry-After": "3600"})
        _, _, waits = await send(busy, httpx.Response(200))
        assert waits[0] <= 5

    async def test_waits_longer_each_time_and_then_gives_up(self) -> None:
        answer, report, waits = await send(*[httpx.Response(503)] * 9)
        assert answer is not None
        assert answer.status == 503
        assert waits[0] < waits[-1]
        assert sum(report.statuses.values()) == 5
        assert len(report.errors) == 1

    async def test_an_error_is_not_repeated(self) -> None:
        _, report, waits = await send(httpx.Response(500, json={"title": "Crash"}))
        assert not waits
        assert report.errors[0].body == {"title": "Crash"}

    async def test_being_put_off_and_left_without_an_answer_is_waiting(self) -> None:
        put_off = await timed([httpx.Response(503), httpx.Response(200)])
        assert put_off.milliseconds == {"GET /things/{id}": [PAUSE_SECONDS * 1000]}
        silent = await timed([httpx.ConnectError("nobody listens")] * 5)
        assert silent.milliseconds == {"GET /things/{id}": [4 * PAUSE_SECONDS * 1000]}

    async def test_who_hung_up_did_not_wait(self) -> None:
        report = await timed([httpx.ReadError(HUNG_UP), httpx.Response(200)])
        assert report.milliseconds == {"GET /things/{id}": [0.0]}
        assert (report.hung_up, report.requests, report.failures) == (1, 2, 0)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"type": "urn:fashion-store:problem:out-of-stock"}, "out-of-stock"),
        ({"type": "https://shop.example/problems/price-changed/"}, "price-changed"),
        ({"title": "Conflict"}, "Conflict"),
        ("no JSON", "409"),
    ],
)
def test_a_problem_goes_by_its_short_name(body: object, name: str) -> None:
    assert Answer(409, body).problem == name
