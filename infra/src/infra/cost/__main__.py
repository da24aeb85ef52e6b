"""`python -m infra.cost docs/cost.md`: write the page."""

import sys
from pathlib import Path

from infra.cost.page import page

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
