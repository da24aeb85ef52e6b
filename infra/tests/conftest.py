"""What the infrastructure's tests share: the templates, synthesised once."""

import json

import pytest

from infra.local.locks import exclusive
from infra.stages import StageName
from infra.synth import Template, Templates, synthesise
from infra.template_testing import whole


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Templates:
    """Return what CDK makes of the stack, once for all workers: it takes seconds to start."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder if worker_id == "master" else folder.parent
    kept = shared / "templates.json"
    with exclusive(shared / "templates.lock"):
        if not kept.exists():
            made = synthesise()
            kept.write_text(json.dumps({"aws": made.aws, "local": made.local}))
    return Templates(**json.loads(kept.read_text()))


@pytest.fixture(scope="session")
def aws_template(templates: Templates) -> Template:
    """Return what an AWS account would get at the stage prod, all stacks in one."""
    return whole(templates.aws[StageName.PROD])


@pytest.fixture(scope="session")
def dev_template(templates: Templates) -> Template:
    """Return what an AWS account would get at the stage dev, all stacks in one."""
    return whole(templates.aws[StageName.DEV])
