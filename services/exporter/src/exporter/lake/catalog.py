"""The Glue catalogue in which the lake's tables are found."""

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog

from exporter.settings import AwsSettings
from fashion_kit.aws import client


def open_catalog() -> Catalog:
    """Return the Glue catalogue.

    boto3 finds Glue by the standard AWS variables. Arrow writes to S3 with a client of its own: it
    finds the credentials, but must be told the region and any address that is not AWS's.
    """
    glue = client("glue")
    properties = {"s3.region": glue.meta.region_name}
    if (endpoint := AwsSettings().s3_endpoint) is not None:
        properties["s3.endpoint"] = endpoint
    return GlueCatalog("clean", glue, **properties)
