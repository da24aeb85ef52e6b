"""Where things lie on this machine."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
"""The checkout."""
LOCAL = ROOT / ".local"
"""What was fetched, and the state of `make up`; git ignores it."""
SHOP = LOCAL / "shop"
"""The state of `make up`."""
BUILD = ROOT / "build"
"""What was made from the sources and can be made again; git ignores it."""
