"""What one sees who waits for an import: a bar on a terminal, elsewhere a line now and then."""

from contextlib import ExitStack
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TextIO

import typer

from fashion_kit.clock import Clock
from storefront.loading.load import ImportProgress

LINE_EVERY: Final = timedelta(seconds=10)
_SECOND: Final = timedelta(seconds=1)


class ImportMeter:
    """Shows rows, rows a second, and the time that is left, going by the bytes of the file."""

    def __init__(self, label: str, size: int, *, file: TextIO, clock: Clock) -> None:
        self._label = label
        self._size = size
        self._file = file
        self._clock = clock
        self._text = ""
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._began = self._told = self._clock()
        self._bar = (
            self._stack.enter_context(
                typer.progressbar(
                    range(self._size),
                    label=self._label,
                    show_eta=False,
                    show_percent=True,
                    item_show_func=lambda _: self._text,
                    bar_template="%(label)s  [%(bar)s]  %(info)s",
                    fill_char="=",
                    file=self._file,
                )
            )
            if self._file.isatty()
            else None
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def __call__(self, progress: ImportProgress) -> None:
        """Show how far the import is."""
        now = self._clock()
        self._text = _sentence(progress, now - self._began)
        if self._bar is not None:
            self._bar.update(progress.bytes_read - self._bar.pos)
        elif now - self._told >= LINE_EVERY:
            self._told = now
            self._file.write(f"{self._label}: {self._text}\n")


def _sentence(progress: ImportProgress, passed: timedelta) -> str:
    speed = progress.rows / max(passed.total_seconds(), 0.001)
    left = passed * (progress.bytes_in_all / max(progress.bytes_read, 1) - 1)
    whole = left // _SECOND * _SECOND
    return f"{progress.rows:,} rows, {speed:,.0f} rows/s, {whole} left"
