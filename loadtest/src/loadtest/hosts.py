"""Whom the shoppers may visit: this machine, unless the owner of another one says so."""

from argparse import ArgumentParser
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from loadtest.errors import HostNotAllowedError


def require_allowed(url: str, allowed_hosts: Collection[str] = ()) -> None:
    """Raise HostNotAllowedError unless the URL's host is loopback or named in `allowed_hosts`."""
    host = urlsplit(url).hostname or url
    if not is_loopback(host) and host not in allowed_hosts:
        raise HostNotAllowedError(host)


def add_allow_host(parser: ArgumentParser) -> None:
    """Let a command line name machines that may be visited, as `allowed_hosts`."""
    parser.add_argument(
        "--allow-host",
        dest="allowed_hosts",
        action="append",
        default=[],
        metavar="HOST",
        help="a machine of yours, other than this one, that may be visited (repeatable)",
    )


def is_loopback(host: str) -> bool:
    """Say whether the host is this machine. Names other than localhost are not trusted."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
