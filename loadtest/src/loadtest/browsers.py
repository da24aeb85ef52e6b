"""Browsers: every visit has one of its own, with connections of its own.

That is what a shop sees from real visitors. It is also cheaper: httpx's pool looks through all its
connections at every request.
"""

import ssl
import sys
from importlib.util import find_spec
from random import Random

import httpx

from loadtest.mischief import DroppingTransport

# Servers commonly close what was idle for five seconds; whoever uses it last must be sooner.
_KEEP_ALIVE_SECONDS = 4.0


class Browsers:
    """Opens browsers that share nothing but the certificates they trust."""

    def __init__(
        self,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        dropped_share: float = 0.0,
        rng: Random | None = None,
    ) -> None:
        _stop_searching_for_sniffio()
        self._timeout = timeout_seconds
        self._transport = transport
        self._dropped_share = dropped_share
        self._rng = rng or Random()
        self._trusted = ssl.create_default_context()

    def open(self) -> httpx.AsyncClient:
        """Return a new browser, to be closed by whoever opened it."""
        transport = self._transport or httpx.AsyncHTTPTransport(
            limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS), verify=self._trusted
        )
        if self._dropped_share:
            transport = DroppingTransport(transport, self._dropped_share, self._rng)
        return httpx.AsyncClient(timeout=self._timeout, transport=transport, trust_env=False)


def _stop_searching_for_sniffio() -> None:
    """Make it known that sniffio is not installed, if it is not.

    httpcore tries to import it for every lock it takes. Python does not remember that a module is
    missing: without this, half of a crowd's processor time goes into looking for it on the disk.
    """
    if "sniffio" not in sys.modules and find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
