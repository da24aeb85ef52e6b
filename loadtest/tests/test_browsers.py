import sys
from importlib.util import find_spec

from loadtest.browsers import Browsers


async def test_a_browser_shares_no_connection_with_another() -> None:
    browsers = Browsers(1.0)
    async with browsers.open() as one, browsers.open() as other:
        assert one._transport is not other._transport


def test_it_is_known_once_and_for_all_whether_sniffio_is_there() -> None:
    Browsers(1.0)
    assert "sniffio" in sys.modules or find_spec("sniffio") is not None
