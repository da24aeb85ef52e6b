"""A folder for the state of one run, of which only the logs are kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from infra.local.paths import LOCAL


@contextmanager
def scratch_folder(name: str, *, logs: Path) -> Iterator[Path]:
    """Yield an empty folder, so that two runs can go on side by side; keep its logs in `logs`."""
    LOCAL.mkdir(exist_ok=True)
    folder = Path(mkdtemp(prefix=f"{name}-", dir=LOCAL))
    try:
        yield folder
    finally:
        _keep_logs(folder, logs)
        shutil.rmtree(folder, ignore_errors=True)


def _keep_logs(folder: Path, logs: Path) -> None:
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    for log in folder.rglob("*.log"):
        shutil.copy(log, logs)
