"""What the recommender is told by its environment (`RECOMMENDER_...`)."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")]


class RankingSettings(Settings):
    """How interest becomes picks: the same for the Lambda, the API and the build's quality gate."""

    model_config = SettingsConfigDict(env_prefix="RECOMMENDER_")

    anchors: int = Field(5, ge=1, le=20)
    """How many of the shopper's latest distinct products speak for their neighbours."""
    anchor_decay: float = Field(0.25, gt=0, le=1)
    """How much less each earlier product says than the one after it."""
    weight_view: float = Field(1.0, gt=0)
    """What a product view, or a click in a list, says."""
    weight_cart: float = Field(5.0, gt=0)
    """What a product that lies in the cart says."""
    weight_purchase: float = Field(5.0, gt=0)
    """What a bought product says for what goes with it."""
    session_gap: timedelta = timedelta(minutes=30)
    """A pause after which the next act begins a new session."""
    category_cap: int = Field(16, ge=1)
    """How many picks may share a sub-category, from `category_cap_from` on."""
    category_cap_from: int = Field(5, ge=0)
    """The first ranks, on which the category cap does not bear."""
    new_product_rank: int = Field(12, ge=1, le=24)
    """The rank that is kept for a product nobody knows yet; the last rank is a trending one's."""
    delta_weight: float = Field(0.5, ge=0)
    """What the last hours' sessions say beside the hourly model."""


AnyRankingSettings = TypeVar("AnyRankingSettings", bound=RankingSettings)


class ExperimentMode(StrEnum):
    """How two ways of ranking are compared: by shopper, or within each answer."""

    AB = "ab"
    INTERLEAVE = "interleave"


class Experiment(BaseModel):
    """Another way of ranking, tried on a share of the shoppers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,12}$")]
    mode: ExperimentMode = ExperimentMode.AB
    share: float = Field(0.5, gt=0, le=1)
    """Of all shoppers, those whose picks are ranked the other way, or interleaved with it."""
    changes: dict[str, Any]
    """The settings of ranking that are other ones."""

    @field_validator("changes")
    @classmethod
    def _are_of_ranking(cls, changes: dict[str, Any]) -> dict[str, Any]:
        unknown = changes.keys() - (RankingSettings.model_fields.keys() - Settings.model_fields)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: not a setting of ranking")
        checked = RankingSettings(**changes)
        return {name: getattr(checked, name) for name in changes}

    def changed(self, base: AnyRankingSettings) -> AnyRankingSettings:
        """Return the settings with the changes made."""
        return base.model_copy(update=self.changes)


class ExperimentSettings(Settings):
    """Which experiment runs, and what is put down to a recommendation."""

    model_config = SettingsConfigDict(env_prefix="RECOMMENDER_")

    experiment: Experiment | None = None
    """An experiment on picks, as JSON: name, mode (ab or interleave), share, changes of ranking."""
    attribution_window: timedelta = Field(timedelta(hours=24), gt=timedelta())
    """How long after picks were shown an act can have followed from them."""


class StoreSettings(Settings):
    """Where the recommender keeps its things."""

    model_config = SettingsConfigDict(env_prefix="RECOMMENDER_")

    shoppers_table: str = Field(min_length=1)
    """DynamoDB table with one item for each shopper."""
    trends_table: str = Field(min_length=1)
    """DynamoDB table with what is trending."""
    models_table: str = Field(min_length=1)
    """DynamoDB table with the pointer to the model in use."""
    model_bucket: str = Field(min_length=1)
    """S3 bucket that holds the models."""
    model_refresh: timedelta = timedelta(seconds=30)
    """How often a running process looks whether there is a newer model, or newer trends."""
    forgotten_expiry: timedelta = timedelta(days=8)
    """How long a forgotten shopper's fence is kept: longer than the stream keeps an event."""


class InteractionsSettings(RankingSettings, StoreSettings):
    """What folding interactions into picks needs: the Lambda's settings."""

    shopper_expiry: timedelta = timedelta(days=60)
    """How long after the last act a shopper's item is kept."""
    update_attempts: int = Field(5, ge=1)
    """How often an item that somebody else has just changed is read and folded again."""
    connections: int = Field(32, ge=1, le=256)
    """How many shoppers of a batch are written at once, each on its own connection."""
    late_after: timedelta = timedelta(minutes=5)
    """How long after it happened an event that reaches the shop is counted as late."""


class ApiSettings(RankingSettings, StoreSettings, ExperimentSettings):
    """What serving picks needs."""

    database_url: SecretStr
    """Where MySQL is; read for which products are sold out, inactive or new."""
    token_public_key_file: Path
    """PEM file with the Ed25519 key that bearer tokens are checked with."""
    availability_refresh_seconds: float = Field(5, gt=0)
    """How often it is read which products are sold out, inactive, new or changed."""
    catalogue_overlap: timedelta = timedelta(seconds=60)
    """How far each such reading goes back before the last: longer than a transaction lives."""
    newest_products: int = Field(200, ge=24)
    """How many of the newest products in stock are kept for those whom nothing else fits."""
    reads_in_flight: int = Field(8, ge=1, le=128)
    """How many calls of DynamoDB run at once; each reads up to 100 shoppers."""
    read_queue_limit: int = Field(2000, ge=1)
    """How many shoppers may wait to be read; what comes beyond that is answered 503."""
    request_body_limit_bytes: int = Field(16 * 1024, ge=1)
    """Longest body of a request; a longer one is answered 413."""
    request_body_timeout: timedelta = Field(timedelta(seconds=20), gt=timedelta())
    """How long a whole body may take to come before 408; a load balancer's wait is longer."""
    request_head_limit_bytes: int = Field(32 * 1024, ge=1024)
    """Longest request line and headers, and framing of a body; a longer one is answered 431."""
    request_head_timeout: timedelta = Field(timedelta(seconds=10), gt=timedelta())
    """How long a connection may be without a whole request line and headers; then it is closed."""
    answer_timeout: timedelta = Field(timedelta(seconds=20), gt=timedelta())
    """How long a client may leave an answer unread before its connection is given up."""
    cors_origins: tuple[Origin, ...] = ()
    """Websites, as a JSON list of origins, whose pages may call the API from a browser."""
    served_log_every: timedelta = timedelta(minutes=1)
    """How often it is logged how many answers were served, and how many were fallbacks."""

    @property
    def availability_refresh(self) -> timedelta:
        """Return how often availability is read."""
        return timedelta(seconds=self.availability_refresh_seconds)


class LearningSettings(RankingSettings):
    """How a model is learnt from sessions, and judged."""

    pair_window: int = Field(10, ge=1)
    """How many steps apart in a session two products may be to count as a pair."""
    backward_weight: float = Field(0.25, ge=0, le=1)
    """What a pair says from the later product to the earlier; 1/2 fits shops browsed by search."""
    distance_power: float = Field(1.5, ge=0)
    """By which power of the steps between them a pair says less."""
    association_scale: float = Field(0.01, gt=0)
    """A neighbour's share of all that follows a product, from which on it counts but as its log."""
    association_prior: float = Field(5.0, ge=0)
    """How much weight of pairs a product needs before its shares are believed by half."""
    popularity_power: float = Field(0.25, ge=0, le=1)
    """By which power of its popularity a neighbour's weight is divided."""
    content_weight: float = Field(0.3, ge=0)
    """What likeness by attributes adds to having been seen together."""
    content_power: float = Field(0.7, gt=0)
    """How steeply likeness grows with each attribute that goes along."""
    content_candidates: int = Field(30, ge=1)
    """How many popular products of a kind, and as many new ones, are compared by attributes."""
    same_attribute_lift: float = Field(4.0, ge=1)
    """How much likelier the same attribute value is, before any click has shown it."""
    lift_pseudo_pairs: float = Field(20.0, gt=0)
    """How many pairs of clicks it takes to outweigh that first belief."""
    neighbours: int = Field(50, ge=1)
    """How many neighbours of a product are kept."""
    together_cart_share: float = Field(0.3, ge=0, le=1)
    """What a product only put in the cart says of a basket, beside a bought one."""
    basket_length: int = Field(50, ge=2)
    """How many products of one shopper and day make a basket; the rest of it is not looked at."""
    trend_half_life: timedelta = timedelta(days=1)
    """After which time an act counts half towards a trend."""
    trend_length: int = Field(48, ge=1)
    """How many products a trend names."""
    trend_floor: int = Field(5, ge=1)
    """With fewer acts than this in a window a value is not called trending."""
    trend_prior: float = Field(5.0, gt=0)
    """How much interest is added to both windows before they are compared."""
    gate_share: float = Field(0.1, gt=0, lt=1)
    """The last part of the sessions, which judges a model that has not seen it."""
    gate_predictions: int = Field(200, ge=1)
    """With fewer predictions than this nothing is judged."""
    gate_max_predictions: int = Field(5000, ge=1)
    """How many predictions are enough to judge by: those of the latest sessions."""
    gate_length: int = Field(20, ge=1)
    """A prediction is a hit when the next new product is among so many first picks."""
    gate_tolerance: float = Field(0.02, ge=0, lt=1)
    """By which part the hit rate may fall below that of the model in use."""


class BuildSettings(LearningSettings, StoreSettings, ExperimentSettings):
    """What the build job needs."""

    landing_bucket: str = Field(min_length=1)
    """S3 bucket into which the stream's events are delivered."""
    database_url: SecretStr
    """Where MySQL is; read for the catalogue."""
    build_days: int = Field(90, ge=1)
    """How many days of events a model learns from."""
    download_threads: int = Field(8, ge=1, le=64)
    """How many landing zone objects are downloaded at once."""
    delta_hours: int = Field(24, ge=2)
    """How many of the last hours a delta learns from; two are needed for the trends of one."""
    models_kept: int = Field(48, ge=2)
    """How many of the latest models are kept to roll back to."""
    newest_in_model: int = Field(200, ge=0)
    """How many of the newest products a model names."""
    trend_expiry: timedelta = timedelta(days=7)
    """How long a trend is kept when no build renews it."""
