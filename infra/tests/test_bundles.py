import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import bundles
from infra.local.bundles import AWS, EXPORTER, RECOMMENDER, Bundle, Target


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Return a bundle with the recommender's dependencies and a source that tests may change."""
    source = tmp_path / "src"
    (source / "shop").mkdir(parents=True)
    (source / "shop/__init__.py").write_text("COLOUR = 'red'\n")
    return replace(RECOMMENDER, sources=(source,))


def _names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


class TestBuild:
    def test_the_same_inputs_give_the_same_bytes(self, bundle: Bundle, tmp_path: Path) -> None:
        built = [bundles.build(bundle, folder=tmp_path / name) for name in ("one", "two")]
        hashes = {hashlib.sha256(archive.read_bytes()).hexdigest() for archive in built}
        assert len(hashes) == 1
        assert built[0].name == built[1].name

    def test_what_has_not_changed_is_not_built_again(self, bundle: Bundle, tmp_path: Path) -> None:
        first = bundles.build(bundle, folder=tmp_path / "out")
        written = first.stat().st_mtime_ns
        assert bundles.build(bundle, folder=tmp_path / "out") == first
        assert first.stat().st_mtime_ns == written

    def test_a_changed_source_gives_a_new_bundle_and_drops_the_old(
        self, bundle: Bundle, tmp_path: Path
    ) -> None:
        first = bundles.build(bundle, folder=tmp_path / "out")
        (bundle.sources[0] / "shop/__init__.py").write_text("COLOUR = 'blue'\n")
        second = bundles.build(bundle, folder=tmp_path / "out")
        with zipfile.ZipFile(second) as opened:
            assert opened.read("shop/__init__.py") == b"COLOUR = 'blue'\n"
        assert not first.exists()

    def test_byte_code_and_what_depends_on_the_machine_stay_out(
        self, bundle: Bundle, tmp_path: Path
    ) -> None:
        cache = bundle.sources[0] / "shop/__pycache__"
        cache.mkdir()
        (cache / "x.pyc").write_bytes(b"")
        names = _names(bundles.build(bundle, folder=tmp_path / "out"))
        assert not [n for n in names if "__pycache__" in n or n.endswith("RECORD")]
        assert len(names) == len(set(names))

    def test_other_dependencies_have_another_hash(self, bundle: Bundle) -> None:
        older = replace(AWS, python="3.10")
        assert bundle.dependencies_digest(AWS) != bundle.dependencies_digest(older)


class TestExporter:
    def test_it_fits_into_a_lambda(self) -> None:
        archive = bundles.build(EXPORTER, target=AWS)
        assert bundles.unpacked_bytes(archive) < bundles.AWS_LIMIT_BYTES

    def test_it_leaves_out_what_the_runtime_has(self) -> None:
        names = _names(bundles.build(EXPORTER, target=AWS))
        assert "exporter/lambdas/daily_load.py" in names
        assert not [name for name in names if name.startswith(("boto3/", "botocore/"))]


class TestTarget:
    def test_this_machine_is_known(self) -> None:
        assert Target.here().python
