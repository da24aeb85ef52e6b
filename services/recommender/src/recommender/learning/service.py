"""One build: events and catalogue in, a judged model in use and fresh trends out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from recommender.errors import (
    EmptyCatalogueError,
    ModelUnreadableError,
    StoreUnavailableError,
    UnknownModelError,
)
from recommender.learning.catalogue import CatalogueProduct, CatalogueRepository
from recommender.learning.gate import (
    Quality,
    Verdict,
    measure,
    model_predictor,
    novel_steps,
    trending_predictor,
)
from recommender.learning.landing import LandingRepository
from recommender.learning.workbench import Rows, Workbench
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes
from recommender.model.repository import ModelRepository, Pointer
from recommender.settings import BuildSettings
from recommender.trends.counting import count_windows
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import GLOBAL, Window

Say = Callable[[str], None]

log = get_logger(__name__)


@dataclass(frozen=True)
class BuildStores:
    """What a build reads and writes."""

    catalogue: CatalogueRepository
    landing: LandingRepository
    models: ModelRepository
    trends: TrendsRepository


@dataclass(frozen=True)
class BuildReport:
    """What a build did."""

    version: str
    products: int
    acts: int
    neighbours: int
    bytes: int
    verdict: Verdict


@dataclass(frozen=True)
class DeltaReport:
    """What a refresh did."""

    version: str
    new_products: int
    neighbours: int
    bytes: int


class BuildService:
    """Builds one model from the events of the last days."""

    def __init__(
        self, settings: BuildSettings, stores: BuildStores, *, clock: Clock, make_id: IdFactory
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._clock = clock
        self._make_id = make_id

    def build(self, days: int | None, say: Say) -> BuildReport:
        """Build, judge and put in use; raise WorseModelError if the gate refuses."""
        now, days = self._clock(), days or self._settings.build_days
        pointer = self._stores.models.pointer()
        products = self._stores.catalogue.active_products()
        if not products:
            raise EmptyCatalogueError
        with TemporaryDirectory() as place, Workbench(self._settings, Path(place)) as bench:
            files = self._stores.landing.download(
                Path(place), since=now - timedelta(days=days), until=now
            )
            say(f"{len(products):,} products, {len(files):,} objects of events")
            newest = [product.id for product in products[: self._settings.newest_in_model]]
            bench.load_products(products, set(newest))
            bench.load_events(files, since=now - timedelta(days=days))
            bench.find_sessions()
            say(f"{bench.count_acts():,} acts of interest")
            self._write_trends(bench, now, days)
            verdict = self._judge(bench, products, pointer)
            verdict.check(self._settings.gate_tolerance)
            rows = bench.neighbours()
            content = self._content(products, rows, bench.together(), seen_through=bench.last_act())
            acts = bench.count_acts()
        packed = to_bytes(content)
        saved = self._stores.models.save(content.version, packed, at=self._clock())
        self._stores.models.put_in_use(saved, instead_of=pointer, at=self._clock())
        self._forget_old(saved)
        log.info("model_put_in_use", version=content.version, acts=acts, bytes=len(packed))
        count = sum(map(len, rows.values()))
        return BuildReport(content.version, len(products), acts, count, len(packed), verdict)

    def refresh(self, say: Say) -> DeltaReport | None:
        """Put in use what the last hours taught, and the products that are new since the model.

        Return None where there is no model yet to add to.
        """
        now, hours = self._clock(), timedelta(hours=self._settings.delta_hours)
        base = self._load(self._stores.models.pointer())
        if base is None:
            return None
        products = self._stores.catalogue.active_products()
        new = {product.id for product in products if base.position(product.id) is None}
        with TemporaryDirectory() as place, Workbench(self._settings, Path(place)) as bench:
            files = self._stores.landing.download(Path(place), since=now - hours, until=now)
            say(f"{len(new):,} new products, {len(files):,} objects of events")
            bench.load_products(products, new)
            bench.load_events(files, since=now - hours)
            bench.find_sessions()
            rows, together = bench.neighbours(only_new=True), bench.together()
            content = self._content(products, rows, together, seen_through=bench.last_act())
            counted = count_windows(bench, self._settings, [Window.HOUR], now)
        self._stores.trends.write_windows(counted, at=now, until=now + self._settings.trend_expiry)
        packed = to_bytes(content)
        self._stores.models.save_delta(content.version, packed, at=self._clock())
        log.info("delta_put_in_use", version=content.version, bytes=len(packed))
        return DeltaReport(content.version, len(new), sum(map(len, rows.values())), len(packed))

    def roll_back(self, version: str | None) -> Pointer:
        """Put an earlier model in use again: the one named, or the one before the present."""
        present = self._stores.models.pointer()
        earlier = [
            kept
            for kept in self._stores.models.kept()
            if kept.version == version
            or (version is None and present is not None and kept.version < present.version)
        ]
        if not earlier:
            raise UnknownModelError(version)
        self._stores.models.put_in_use(earlier[0], instead_of=present, at=self._clock())
        log.info("model_rolled_back", version=earlier[0].version)
        return earlier[0]

    def models(self) -> tuple[list[Pointer], Pointer | None]:
        """Return every model that is kept, the latest first, and the one in use."""
        return self._stores.models.kept(), self._stores.models.pointer()

    def _forget_old(self, in_use: Pointer) -> None:
        for pointer in self._stores.models.kept()[self._settings.models_kept :]:
            if pointer.version != in_use.version:
                self._stores.models.forget(pointer)

    def _write_trends(self, bench: Workbench, now: datetime, days: int) -> None:
        """Renew the trends; they are true whatever the gate says of the model.

        A window is counted only where the events reach back to the one before it, too.
        """
        until = now + self._settings.trend_expiry
        self._stores.trends.write(bench.trends(now), at=now, until=until)
        windows = [w for w in (Window.DAY, Window.WEEK) if 2 * w.length <= timedelta(days=days)]
        counted = count_windows(bench, self._settings, windows, now)
        self._stores.trends.write_windows(counted, at=now, until=until)

    def _content(
        self,
        products: Sequence[CatalogueProduct],
        rows: Rows,
        together: Rows,
        *,
        seen_through: datetime | None,
    ) -> ModelContent:
        return ModelContent(
            version=self._make_id(),
            built_at=self._clock().isoformat(),
            seen_through=seen_through.isoformat() if seen_through else None,
            products=[_model_product(product) for product in products],
            rows=rows,
            together=together,
            newest=[product.id for product in products[: self._settings.newest_in_model]],
        )

    def _judge(
        self, bench: Workbench, products: Sequence[CatalogueProduct], pointer: Pointer | None
    ) -> Verdict:
        """Measure a model that has not seen the last sessions, on those sessions.

        The model in use is judged only on sessions that began after all it has seen.
        """
        split = bench.split_at(self._settings.gate_share)
        if split is None:
            return Verdict()
        candidate = self._model_until(bench, products, split)
        trending = trending_predictor(bench.trends(split).get(GLOBAL, ()))
        ours = self._measured(bench, candidate, since=split)
        verdict = Verdict(
            candidate=ours,
            trending=ours and measure(trending, self._steps(bench, split), length=self._length),
        )
        current = self._load(pointer)
        if current is None or current.seen_through is None:
            return verdict
        after = datetime.fromisoformat(current.seen_through) + timedelta(microseconds=1)
        if after > split:
            candidate = self._model_until(bench, products, after)
        since = max(after, split)
        return Verdict(
            verdict.candidate,
            verdict.trending,
            self._measured(bench, candidate, since=since),
            self._measured(bench, current, since=since),
        )

    @property
    def _length(self) -> int:
        return self._settings.gate_length

    def _model_until(
        self, bench: Workbench, products: Sequence[CatalogueProduct], until: datetime
    ) -> Model:
        content = self._content(products, bench.neighbours(until), {}, seen_through=until)
        return Model.from_bytes(to_bytes(content))

    def _steps(self, bench: Workbench, since: datetime) -> list[tuple[Sequence[int], int]]:
        steps = novel_steps(bench.sessions_since(since))
        return list(islice(steps, self._settings.gate_max_predictions))

    def _measured(self, bench: Workbench, model: Model, *, since: datetime) -> Quality | None:
        steps = self._steps(bench, since)
        if len(steps) < self._settings.gate_predictions:
            return None
        return measure(model_predictor(model, self._settings), steps, length=self._length)

    def _load(self, pointer: Pointer | None) -> Model | None:
        """Return the model in use; one that cannot be read cannot be a measure either."""
        if pointer is None:
            return None
        try:
            return self._stores.models.load(pointer)
        except (ModelUnreadableError, StoreUnavailableError) as error:
            log.warning("model_in_use_unreadable", version=pointer.version, error=error.detail)
            return None


def _model_product(product: CatalogueProduct) -> ModelProduct:
    return ModelProduct(
        product.id,
        product.family,
        product.sub_category or "",
        product.master_category or "",
        product.gender or "",
    )
