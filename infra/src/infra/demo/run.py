"""The main job: a crowd of shoppers, one of them followed by name, the night, the questions."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf
from threading import Event
from time import monotonic

from sqlalchemy import Engine

from exporter.queries import LakeQueries, Question, Result, question_named
from fashion_kit.clock import Clock, utc_now
from fashion_kit.mysql import mysql_engine
from infra.demo.closing import business_days, load, unsent
from infra.demo.follow import Shopper, Story
from infra.demo.reconcile import Books, Check, Discrepancies, Lake, reconcile
from infra.demo.settings import DemoSettings
from infra.demo.summary import Summary
from infra.local.delivery import flush
from infra.local.progress import Steps
from infra.local.stack import Stack
from loadtest.crowd import CrowdConfig, CrowdProgress, run_crowd
from loadtest.reports import CrowdReport, percentile

ASKED = ("revenue_by_day", "best_sellers", "trending_categories", "view_to_purchase_funnel")
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Outcome:
    """Everything the demo found out."""

    crowd: CrowdReport
    story: Story
    answers: Sequence[tuple[Question, Result]]
    days: Sequence[date]
    """The business days that were loaded."""
    books: Books
    lake: Lake
    promises: Sequence[Check]
    """Books against lake."""
    speed: Sequence[Check]
    """Clicks against picks."""

    @property
    def checks(self) -> Sequence[Check]:
        """Return all that must hold."""
        return [*self.promises, *self.speed]

    @property
    def discrepancies(self) -> Discrepancies:
        """Return by how much books, lake and what the shoppers were told are apart."""
        return Discrepancies.between(self.books, self.lake, *_promises(self.crowd, self.story))

    def summary(self, *, seconds: float) -> Summary:
        """Return the figures in short."""
        waits = sorted(self.story.click_to_pick_ms)
        return Summary(
            ok=all(check.holds for check in self.checks),
            purchases=self.books.purchases,
            events_accepted=len(self.story.accepted_event_ids)
            + len(self.crowd.total.accepted_event_ids)
            + len(self.books.outbox_event_ids),
            events_in_lake=self.lake.event_rows,
            click_to_pick_ms_p50=round(percentile(waits, 50), 1),
            click_to_pick_ms_p95=round(percentile(waits, 95), 1),
            lake_purchases=self.lake.purchases,
            revenue_mysql=self.books.revenue,
            revenue_lake=self.lake.revenue,
            oversold=self.books.oversold,
            seconds=seconds,
        )


class Demo:
    """One run of the main job on a running stack."""

    def __init__(
        self,
        stack: Stack,
        steps: Steps,
        settings: DemoSettings,
        *,
        crowd: CrowdConfig | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._stack = stack
        self._steps = steps
        self._settings = settings
        self._crowd = crowd or self._crowd_config()
        self._clock = clock

    def run(self) -> Outcome:
        """Let the shoppers in, close the day, ask the questions, and reconcile."""
        began = self._clock()
        crowd, story = self._sell()
        engine = mysql_engine(self._stack.environments.urls.owner)
        with self._steps.step("Delivery: outbox relayed, buffers flushed to the landing zone"):
            self._bring_everything_to_the_lake(engine)
        days = business_days(self._stack, began, self._clock())
        for day in days:
            with self._steps.step(f"Daily load: business day {day} into the lake"):
                report = load(self._stack, day)
            self._steps.note(report)
        queries = LakeQueries(self._stack.environments.resources.glue_database)
        with self._steps.step("Questions: Athena SQL over the marts"):
            answers = [
                (question, queries.query(question.sql, **question.parameters(days[-1])))
                for question in map(question_named, ASKED)
            ]
        with self._steps.step("Reconciliation: every purchase, unit, cent and event"):
            books, lake = Books.read(engine), Lake.read(queries, days)
            promises = reconcile(books, lake, *_promises(crowd, story))
        engine.dispose()
        return Outcome(crowd, story, answers, days, books, lake, promises, self._checks_of(story))

    def _sell(self) -> tuple[CrowdReport, Story]:
        """Let the crowd in, and follow one shopper through it."""
        closed = Event()
        shopper = Shopper(self._stack.url_of("storefront"), self._stack.url_of("recommender"))
        crowd = self._crowd
        what = f"{crowd.shoppers} shoppers for {crowd.seconds:.0f} seconds"
        with ThreadPoolExecutor(1) as aside, self._steps.progress(what) as report:
            followed = aside.submit(self._follow, shopper, closed)

            def on_progress(now: CrowdProgress) -> None:
                report(
                    min(now.seconds / crowd.seconds, 1),
                    f"{now.inside} inside, {now.events_accepted:,} events, "
                    f"{now.purchases:,} purchases",
                )

            try:
                report_of_crowd = asyncio.run(run_crowd(crowd, on_progress))
            finally:
                closed.set()
            followed.result()
        return report_of_crowd, shopper.story

    def _crowd_config(self) -> CrowdConfig:
        return CrowdConfig(
            storefront=self._stack.url_of("storefront"),
            recommender=self._stack.url_of("recommender"),
            shoppers=self._settings.shoppers,
            seconds=self._settings.seconds,
            seed=self._stack.config.settings.seed,
            most_visits=self._settings.visits,
            eagerness=self._settings.eagerness,
        )

    def _follow(self, shopper: Shopper, closed: Event) -> None:
        try:
            shopper.register()
            shopper.follow_taste(self._settings.story_clicks)
            shopper.keep_clicking(closed, timedelta(seconds=self._settings.click_pause_seconds))
        finally:
            shopper.close()

    def _bring_everything_to_the_lake(self, engine: Engine) -> None:
        deadline = monotonic() + self._settings.flush_seconds
        while unsent(engine):
            if monotonic() > deadline:
                raise TimeoutError("The outbox relay did not send what the outbox holds.")
            Event().wait(_POLL_SECONDS)
        flush(self._stack.config.folder / "delivery", seconds=self._settings.flush_seconds)

    def _checks_of(self, story: Story) -> list[Check]:
        waits = sorted(story.click_to_pick_ms)
        return [
            Check.equal("clicks that changed no pick", story.unanswered_clicks, 0),
            Check.at_most(
                f"ms from click to changed pick, p95 of {len(waits)} clicks, at most",
                round(percentile(waits, 95), 1) if waits else inf,
                self._settings.click_to_pick_goal_ms,
            ),
        ]


def _promises(crowd: CrowdReport, story: Story) -> tuple[frozenset[str], frozenset[str]]:
    """Return the purchases and the events that shoppers were told are taken."""
    purchases = frozenset(purchase.id for purchase in crowd.total.purchases)
    return purchases, frozenset(crowd.total.accepted_event_ids) | story.accepted_event_ids
