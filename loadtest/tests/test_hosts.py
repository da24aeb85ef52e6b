import pytest

from loadtest.errors import HostNotAllowedError
from loadtest.hosts import require_allowed


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost/x", "http://[::1]:9", "https://127.8.8.8"]
)
def test_this_machine_may_be_visited(url: str) -> None:
    require_allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example",
        "http://10.0.0.1:8000",
        "http://localhost.shop.example",
        "http://127.0.0.1.shop.example",
        "http://127.0.0.1@shop.example",
        "shop.example",
    ],
)
def test_other_machines_are_refused(url: str) -> None:
    with pytest.raises(HostNotAllowedError, match="--allow-host"):
        require_allowed(url)


def test_a_named_machine_may_be_visited() -> None:
    require_allowed("http://shop.example:8000/", {"shop.example"})


def test_naming_one_machine_allows_no_other() -> None:
    with pytest.raises(HostNotAllowedError):
        require_allowed("http://other.example", {"shop.example"})
