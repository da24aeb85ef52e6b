"""The event source poller: a stream feeds a Lambda function, as AWS's event source mapping does.

records    AWS's shapes: the event a function gets, the record of a batch that was given up
function   the function as a port, and the Lambda function behind it
failures   the failure queue as a port, and the SQS queue behind it
mapping    one shard: batches, partial failures, bisect, retries, giving up, checkpoints
status     what the worker says about itself
"""

from infra.local.event_source.status import EventSourceStatus

__all__ = ["EventSourceStatus"]
