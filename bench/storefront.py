"""The storefront's hot paths, one after the other in one run, against the goals set for them."""

from typing import Any

from bench import events, purchases, search


def run() -> dict[str, Any]:
    """Return each goal with what was reached, and the figures of every part."""
    took, sold, found = events.run(), purchases.run(), search.run()
    ours = [one for one in sold["variants"] if one["variant"].startswith(purchases.OURS)]
    faceted = [one for one in found["variants"] if search.FACETED_NAME in one["variant"]]
    reached = [
        ("events/s, one in a request, times", 12, took["times_faster_1_event_256_connections"]),
        ("events/s, ten in a request, times", 12, took["times_faster_10_events_64_connections"]),
        ("events, p99 at 2,000/s, ms at most", 15, took["open_loop_p99_ms"]),
        ("purchases/s, times", purchases.GOAL_TIMES_FASTER, sold["times_faster"]),
        ("purchases, p99, ms at most", purchases.GOAL_P99_MS, ours[0]["p99_ms"]),
        ("one product, share of all", purchases.GOAL_HOT_SHARE, sold["hot_share_of_uniform"]),
        ("search in the service, ms at most", search.GOAL_IN_SERVICE_MS, faceted[0]["p50_ms"]),
        ("search over HTTP, p95, ms at most", search.GOAL_HTTP_P95_MS, faceted[1]["p95_ms"]),
    ]
    return {
        "title": "The storefront's hot paths",
        "variants": [
            {"variant": name, "goal": goal, "reached": figure} for name, goal, figure in reached
        ],
        "parts": {"events": took, "purchases": sold, "search": found},
    }
