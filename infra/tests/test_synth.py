import re

import pytest

from infra import synth
from infra.local.paths import ROOT
from infra.synth import TEMPLATE, Templates, to_text


class TestLocalTemplate:
    def test_the_committed_one_is_what_the_code_makes(self, templates: Templates) -> None:
        assert TEMPLATE.read_text() == to_text(templates.local), "run `make template`"

    def test_it_names_nothing_of_this_machine(self, templates: Templates) -> None:
        text = to_text(templates.local)
        assert str(ROOT) not in text
        assert not re.search(r"[0-9a-f]{64}", text), "the hash of an asset"

    def test_what_our_own_workers_do_is_left_out(self, templates: Templates) -> None:
        kinds = {resource["Type"] for resource in templates.local["Resources"].values()}
        assert not kinds & {
            "AWS::Lambda::EventSourceMapping",
            "AWS::KinesisFirehose::DeliveryStream",
            "AWS::Scheduler::Schedule",
            "AWS::ECS::TaskDefinition",
        }

    def test_secrets_are_parameters_that_are_not_echoed(self, templates: Templates) -> None:
        parameters = templates.local["Parameters"]
        assert parameters["DatabaseUrl"]["NoEcho"]
        assert parameters["PseudonymKey"]["NoEcho"]


class TestCheck:
    @pytest.fixture(autouse=True)
    def _synthesised(self, templates: Templates, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(synth, "synthesise", lambda: templates)

    def test_a_fresh_template_passes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.argv", ["synth", "--check"])
        assert synth.main() == 0

    def test_a_stale_template_fails_and_is_left_alone(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        stale = ROOT / "build/test-stale-template.json"
        stale.parent.mkdir(exist_ok=True)
        stale.write_text("{}")
        monkeypatch.setattr(synth, "TEMPLATE", stale)
        monkeypatch.setattr("sys.argv", ["synth", "--check"])
        assert synth.main() == 1
        assert stale.read_text() == "{}"
        assert "make template" in capsys.readouterr().err
        stale.unlink()

    def test_without_check_it_is_written(
        self, monkeypatch: pytest.MonkeyPatch, templates: Templates
    ) -> None:
        target = ROOT / "build/test-written-template.json"
        target.parent.mkdir(exist_ok=True)
        monkeypatch.setattr(synth, "TEMPLATE", target)
        monkeypatch.setattr("sys.argv", ["synth"])
        assert synth.main() == 0
        assert target.read_text() == to_text(templates.local)
        target.unlink()
