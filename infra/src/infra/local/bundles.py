"""The Lambda bundles: hash-pinned requirements and our sources, the same zip here and on AWS.

A bundle is reproducible: files sorted, times fixed, byte code left out. Its dependencies are packed
once for each set of pins; a change of our own sources only appends them to a copy.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.local.locks import exclusive
from infra.local.paths import BUILD, ROOT

FOLDER = BUILD / "lambda"
AWS_LIMIT_BYTES = 250 * 1024 * 1024
"""What AWS allows a function's code to take when unpacked."""

# The oldest time a zip can hold: the same in every bundle, whenever it was built.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class Target:
    """The machine and Python a bundle runs on."""

    platform: str
    python: str

    @classmethod
    def here(cls) -> "Target":
        """Return this machine: the emulator runs functions on its own interpreter."""
        machine = f"{platform.machine()}-{sys.platform}".lower()
        known = {"x86_64-linux": "x86_64-manylinux_2_28", "aarch64-linux": "aarch64-manylinux_2_28"}
        mac = {"arm64-darwin": "aarch64-apple-darwin", "x86_64-darwin": "x86_64-apple-darwin"}
        return cls((known | mac)[machine], f"{sys.version_info.major}.{sys.version_info.minor}")


AWS = Target("x86_64-manylinux_2_28", "3.11")


@dataclass(frozen=True)
class Bundle:
    """What a zip is made of."""

    name: str
    requirements: Path
    sources: tuple[Path, ...]
    leave_out: tuple[str, ...] = ()
    """Patterns of installed files that the function never touches."""

    def dependencies_digest(self, target: Target) -> str:
        """Return the hash of what its dependencies follow from."""
        digest = hashlib.sha256(repr((self.leave_out, target)).encode())
        for file in (Path(__file__), self.requirements, _PRUNE, _UNUSED):
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]

    def sources_digest(self) -> str:
        """Return the hash of our own files in it."""
        digest = hashlib.sha256()
        for name, file in self.source_files():
            digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:16]

    def source_files(self) -> list[tuple[str, Path]]:
        """Return our own files by the names under which they are imported."""
        return [entry for source in self.sources for entry in _files_below(source)]


# Scripts name the interpreter of the machine that built them, and the records hold their hashes.
_MACHINE_DEPENDENT = ("bin", ".lock", "*.dist-info/RECORD")
_SHARED = (ROOT / "libs/contracts/src", ROOT / "libs/kit/src")
_IN_LAMBDA_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath")
_PRUNE = ROOT / "requirements/prune"
"""Removes what no program of ours touches, from bundles and images alike."""
_UNUSED = ROOT / "requirements/unused.txt"

RECOMMENDER = Bundle(
    "recommender",
    ROOT / "requirements/recommender-lambda.txt",
    (*_SHARED, ROOT / "services/recommender/src"),
)
EXPORTER = Bundle(
    "exporter",
    ROOT / "requirements/exporter-lambda.txt",
    (*_SHARED, ROOT / "services/exporter/src"),
    leave_out=_IN_LAMBDA_RUNTIME,
)
ALL = (RECOMMENDER, EXPORTER)


def build_all(target: Target | None = None) -> dict[str, Path]:
    """Build every bundle that has changed, side by side; return the zips by their names."""
    with ThreadPoolExecutor(len(ALL)) as threads:
        zips = threads.map(lambda bundle: build(bundle, target=target), ALL)
        return dict(zip([bundle.name for bundle in ALL], zips, strict=True))


def build(bundle: Bundle, *, target: Target | None = None, folder: Path = FOLDER) -> Path:
    """Return the bundle's zip for the target (by default this machine), building it if need be.

    The file's name holds the hash of everything that it is made of.
    """
    target = target or Target.here()
    dependencies = bundle.dependencies_digest(target)
    base = folder / f"{bundle.name}-{dependencies}.zip"
    archive = folder / f"{bundle.name}-{dependencies}-{bundle.sources_digest()}.zip"
    with exclusive(folder / f"{bundle.name}.lock"):
        if not base.exists():
            _build_dependencies(bundle, target, base)
        if not archive.exists():
            _append_sources(bundle, base, archive)
            _remove_older(folder, archive, keep=base)
    return archive


def unpacked_bytes(archive: Path) -> int:
    """Return how much the bundle takes when AWS unpacks it."""
    with zipfile.ZipFile(archive) as opened:
        return sum(entry.file_size for entry in opened.infolist())


def _build_dependencies(bundle: Bundle, target: Target, base: Path) -> None:
    with tempfile.TemporaryDirectory(dir=base.parent) as name:
        installed = Path(name)
        command: list[str | Path] = [
            Path(sys.executable).parent / "uv",
            *("pip", "install", "--quiet", "--no-deps"),
            *("--python-platform", target.platform, "--python-version", target.python),
            *("--only-binary", ":all:", "--require-hashes"),
            *("--target", installed, "-r", bundle.requirements),
        ]
        subprocess.run(command, check=True)
        subprocess.run([sys.executable, _PRUNE, installed], check=True)
        for pattern in (*bundle.leave_out, *_MACHINE_DEPENDENT):
            for path in list(installed.glob(pattern)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        unfinished = base.with_suffix(".partial")
        with zipfile.ZipFile(unfinished, "w") as archive:
            _add(archive, _files_below(installed))
        unfinished.replace(base)


def _append_sources(bundle: Bundle, base: Path, archive: Path) -> None:
    unfinished = archive.with_suffix(".partial")
    shutil.copyfile(base, unfinished)
    with zipfile.ZipFile(unfinished, "a") as opened:
        _add(opened, bundle.source_files())
    unfinished.replace(archive)


def _add(archive: zipfile.ZipFile, files: Iterable[tuple[str, Path]]) -> None:
    for name, file in files:
        entry = zipfile.ZipInfo(name, _FIXED_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, file.read_bytes(), compresslevel=_COMPRESSION_LEVEL)


def _files_below(folder: Path) -> list[tuple[str, Path]]:
    return sorted(
        (file.relative_to(folder).as_posix(), file)
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    )


def _remove_older(folder: Path, archive: Path, *, keep: Path) -> None:
    name = archive.name.split("-", 1)[0]
    for file in folder.glob(f"{name}-*.zip"):
        if file not in (archive, keep):
            file.unlink()
