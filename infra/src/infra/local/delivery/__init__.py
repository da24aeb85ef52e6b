"""The delivery stream: a stream is written into the landing zone, as AWS's Firehose does.

objects    which records make one object, and what it is called
shard      one shard: buffer by size or time, write, checkpoint
status     what the worker says about itself, and how to ask it to write what it has
"""

from infra.local.delivery.status import DeliveryStatus, FlushTimeoutError, flush

__all__ = ["DeliveryStatus", "FlushTimeoutError", "flush"]
