"""The alarms by name: what each says. The constructs make them, docs/runbook.md says what to do."""

from typing import Final

ALARMS: Final = {
    "picks-late": "Clicks wait too long for the interactions function.",
    "interactions-failing": "The interactions function fails.",
    "records-given-up": "Records that the interactions function could not fold lie in the queue.",
    "stream-throttled": "The stream refused events: it must grow faster than it does.",
    "delivery-late": "Events reach the landing zone too late.",
    "delivery-failing": "Firehose could not write into the landing zone.",
    "load-overdue": "No business day was loaded into the lake for more than a day.",
    "starts-failed": "EventBridge could not start a job.",
    "storefront-failing": "The storefront answers 5xx.",
    "recommender-failing": "The recommender answers 5xx.",
    "balancer-failing": "The load balancer itself answers 5xx: no container can serve.",
    "storefront-slow": "The storefront's slowest hundredth of answers is too slow.",
    "recommender-slow": "The recommender's slowest hundredth of answers is too slow.",
    "picks-impersonal": "Too many answers hold picks that are nobody's own.",
    "relay-down": "No outbox relay runs: purchases do not reach the stream.",
    "outbox-late": "A committed purchase waits too long for the stream.",
    "database-busy": "The orders database's processor is too busy.",
    "database-full": "The orders database's disk is nearly full.",
    "database-connections": "The orders database has too many connections.",
}
