"""Start ministack with one repair. Runs in the endpoint's own environment and imports none of ours.

ministack 1.5.33 copies every record of a stream at each put and each get in order to drop the old
ones, so it gets slower with everything it holds (49 times at 200,000 records). Records lie in order
of arrival: dropping the expired head is enough.
"""

import time
from typing import Any

from ministack.app import main
from ministack.services import kinesis


def expire_records(stream: dict[str, Any]) -> None:
    """Drop the records that are past the stream's retention."""
    cutoff = time.time() - stream["RetentionPeriodHours"] * 3600
    for shard in stream["shards"].values():
        records = shard["records"]
        expired = 0
        while expired < len(records) and records[expired]["ApproximateArrivalTimestamp"] < cutoff:
            expired += 1
        if expired:
            del records[:expired]


if __name__ == "__main__":
    kinesis._expire_records = expire_records
    main()
