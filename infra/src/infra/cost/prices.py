"""List prices in us-east-1, in US dollars, as of October 2026 to the best of our knowledge.

They are written down from AWS's public price pages and not fetched: check them before relying on a
bill. A month has 730 hours.
"""

from typing import Final

AS_OF: Final = "October 2026"
REGION: Final = "us-east-1"
HOURS: Final = 730
SECONDS: Final = HOURS * 3600

FARGATE_VCPU_HOUR: Final = 0.04048
FARGATE_GB_HOUR: Final = 0.004445
BALANCER_HOUR: Final = 0.0225
BALANCER_CAPACITY_HOUR: Final = 0.008
KINESIS_STREAM_HOUR: Final = 0.04
KINESIS_GB_IN: Final = 0.08
KINESIS_GB_OUT: Final = 0.04
KINESIS_RETENTION_GB_MONTH: Final = 0.10
LAMBDA_REQUEST: Final = 0.20 / 1e6
LAMBDA_GB_SECOND: Final = 0.0000166667
DYNAMODB_READ: Final = 0.125 / 1e6
DYNAMODB_WRITE: Final = 0.625 / 1e6
DYNAMODB_GB_MONTH: Final = 0.25
FIREHOSE_GB: Final = 0.029
S3_GB_MONTH: Final = 0.023
S3_PUT: Final = 0.005 / 1000
ATHENA_TB: Final = 5.0
RDS_HOUR: Final = {
    "db.t4g.medium": 0.065,
    "db.m7g.large": 0.168,
    "db.m7g.2xlarge": 0.672,
    "db.m7g.8xlarge": 2.688,
}
"""MySQL in one zone; a standby in another zone costs as much again."""
RDS_GB_MONTH: Final = 0.115
RDS_PROXY_VCPU_HOUR: Final = 0.015
NAT_HOUR: Final = 0.045
NAT_GB: Final = 0.045
LOGS_GB: Final = 0.50
ALARM_MONTH: Final = 0.10
EFS_GB_MONTH: Final = 0.30
SECRET_MONTH: Final = 0.40
