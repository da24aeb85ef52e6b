"""The API keeps to its own description, whatever is sent to it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from schemathesis import Case, Config
from schemathesis.openapi import from_dict
from services.storefront.tests.conftest import Shopper

from fashion_kit.problems import MEDIA_TYPE
from storefront.app import create_app

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

EXAMPLES = 10
# What a schema cannot say: a version that has moved on, a cursor of ours, either lines or a cart;
# and an Idempotency-Key, which is 400 where it is missing or odd.
BEYOND_A_SCHEMA = ["2xx", "3xx", 400, 401, 403, 404, 409, 412, 422, 428, 429, 503]

schema = from_dict(
    create_app().openapi(),
    config=Config.from_dict(
        {"checks": {"positive_data_acceptance": {"expected-statuses": BEYOND_A_SCHEMA}}}
    ),
)


@schema.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_description_names(case: Case[Any], shopper: Shopper) -> None:
    client = shopper.client
    answer = case.call(
        base_url=str(client.base_url), headers={"Authorization": client.headers["Authorization"]}
    )
    case.validate_response(answer)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == [MEDIA_TYPE]
