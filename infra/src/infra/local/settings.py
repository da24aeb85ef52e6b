"""What the one-machine cloud takes from the environment it is started in."""

import os

# Nothing else of the caller's environment reaches the processes: no AWS credential, no proxy.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "NO_COLOR")


def inherited_environment() -> dict[str, str]:
    """Return the part of our environment that every process may see."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}
