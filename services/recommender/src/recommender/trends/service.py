"""What is trending, from the windows last counted."""

from collections.abc import Callable, Container
from itertools import islice

from recommender.refreshing import Refreshing
from recommender.trends.schemas import (
    CountedWindows,
    Dimension,
    Trending,
    TrendingItem,
    TrendingValue,
    TrendOrder,
    Window,
    WindowSpan,
)


class TrendingService:
    """Answers what is trending; everything is in memory."""

    def __init__(
        self, windows: Refreshing[CountedWindows], unavailable: Callable[[], Container[int | str]]
    ) -> None:
        self._windows = windows
        self._unavailable = unavailable

    def trending(
        self, dimension: Dimension, window: Window, order: TrendOrder, limit: int
    ) -> Trending:
        """Return the first values of the dimension, without products that cannot be bought."""
        counted = self._windows.value.get((dimension, window))
        if counted is None:
            span = WindowSpan(length=window, begin=None, end=None)
            return Trending(dimension=dimension, window=span, counted_at=None, items=[])
        values = counted.values
        if order is TrendOrder.COUNT:
            values = sorted(values, key=lambda value: value.count, reverse=True)
        unavailable = self._unavailable() if dimension is Dimension.PRODUCT else ()
        shown = (value for value in values if value.value not in unavailable)
        end = counted.counted_at
        return Trending(
            dimension=dimension,
            window=WindowSpan(length=window, begin=end - window.length, end=end),
            counted_at=end,
            items=[_shown(value) for value in islice(shown, limit)],
        )


def _shown(value: TrendingValue) -> TrendingItem:
    return TrendingItem(**vars(value), is_new=value.previous_count == 0)
