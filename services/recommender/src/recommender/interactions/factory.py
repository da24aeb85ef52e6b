"""The interactions service, wired to AWS."""

from typing import TYPE_CHECKING

from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.dynamodb.client import Limits, make_dynamodb
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService
from recommender.interactions.tally import MeasuresLog
from recommender.model.repository import ModelRepository
from recommender.picks.rankers import make_rankers
from recommender.settings import InteractionsSettings
from recommender.trends.repository import TrendsRepository

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def make_service(settings: InteractionsSettings, clock: Clock = utc_now) -> InteractionsService:
    """Return the service with clients of its own; nothing is asked of AWS yet."""
    dynamodb: DynamoDBClient = client("dynamodb")
    s3: S3Client = client("s3")
    models = ModelRepository(
        dynamodb, s3, table=settings.models_table, bucket=settings.model_bucket
    )
    trends = TrendsRepository(dynamodb, settings.trends_table)
    rankers = make_rankers(settings, settings, models, trends)
    shoppers = ShoppersRepository(
        make_dynamodb(Limits(connections=settings.connections)), settings.shoppers_table
    )
    return InteractionsService(settings, shoppers, rankers, clock=clock, tell=MeasuresLog(clock))
