"""cfn-lint finds nothing; what cdk-nag finds and nobody answered fails the synthesis itself."""

import json

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]

from infra.findings import DISPOSABLE_FOUNDATION, FOUNDATION, SERVICES
from infra.synth import Templates, to_text

# CDK's own: a dependency named twice, a mapping of its Firehose library that nothing uses.
OF_CDK = {"W3005", "W7001"}


@pytest.mark.parametrize("variant", ["dev", "prod", "local"])
def test_cfn_lint_finds_nothing(templates: Templates, variant: str) -> None:
    stacks = {"local": templates.local} if variant == "local" else templates.aws[variant]
    found = [
        f"{name}: {match.rule.id} {match.message}"
        for name, template in stacks.items()
        for match in lint(to_text(template))
        if match.rule.id not in OF_CDK
    ]
    assert found == []


def test_every_answered_finding_has_a_reason() -> None:
    for answer in (*FOUNDATION, *DISPOSABLE_FOUNDATION, *SERVICES):
        assert len(answer.reason.split()) > 5, answer


def test_no_template_is_too_large_for_cloudformation(templates: Templates) -> None:
    for cloud in templates.aws.values():
        for template in cloud.values():
            assert len(json.dumps(template, separators=(",", ":"))) < 1_000_000
            assert len(template["Resources"]) <= 500
