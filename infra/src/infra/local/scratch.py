"""A folder for one run of a whole shop, emptied afterwards; its logs are kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from infra.local.paths import LOCAL


@contextmanager
def own_folder(name: str, results: Path) -> Iterator[Path]:
    """Yield an empty folder, so that two runs can stand side by side; logs go to `results`."""
    LOCAL.mkdir(exist_ok=True)
    folder = Path(mkdtemp(prefix=f"{name}-", dir=LOCAL))
    try:
        yield folder
    finally:
        _keep_logs(folder, results / "logs")
        shutil.rmtree(folder, ignore_errors=True)


def _keep_logs(folder: Path, logs: Path) -> None:
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    for log in folder.rglob("*.log"):
        shutil.copy(log, logs)
