"""List prices in us-east-1, in US dollars, as of October 2026 to the best of our knowledge.

They are written down from AWS's public price pages and not fetched: check them before relying on a
bill. A month has 730 hours.
"""

from datetime import timedelta
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
KINESIS_FREE_RETENTION: Final = timedelta(days=1)
KINESIS_RECORD_BYTES: Final = 1024
"""A record of the stream is paid for in steps of this much."""
LAMBDA_REQUEST: Final = 0.20 / 1e6
LAMBDA_GB_SECOND: Final = 0.0000166667
DYNAMODB_READ: Final = 0.125 / 1e6
DYNAMODB_WRITE: Final = 0.625 / 1e6
DYNAMODB_GB_MONTH: Final = 0.25
DYNAMODB_BACKUP_GB_MONTH: Final = 0.20
FIREHOSE_GB: Final = 0.029
FIREHOSE_RECORD_BYTES: Final = 5 * 1024
"""A delivered record is paid for in steps of this much."""
S3_GB_MONTH: Final = 0.023
S3_PUT: Final = 0.005 / 1000
ATHENA_TB: Final = 5.0
RDS_HOUR: Final = {
    "r8g.large": 0.239,
    "r8g.2xlarge": 0.956,
    "r8g.8xlarge": 3.824,
}
"""MySQL in one zone; a standby in another zone costs as much again. The least certain prices here:
they are those of r7g, the generation before."""
RDS_GB_MONTH: Final = 0.115
RDS_PROXY_VCPU_HOUR: Final = 0.015
NAT_HOUR: Final = 0.045
NAT_GB: Final = 0.045
ENDPOINT_HOUR: Final = 0.01
ENDPOINT_GB: Final = 0.01
LOGS_GB: Final = 0.50
ALARM_MONTH: Final = 0.10
EFS_GB_MONTH: Final = 0.30
SECRET_MONTH: Final = 0.40
