"""Our signature is botocore's, whatever is signed."""

from datetime import UTC, datetime
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.dynamodb.signing import CONTENT_TYPE, Signer

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
INSTANTS = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001
    lambda instant: instant.replace(tzinfo=UTC)
)
HOSTS = st.sampled_from(["dynamodb.eu-central-1.amazonaws.com", "127.0.0.1:4566"])
REGIONS = st.sampled_from(["eu-central-1", "us-east-1"])
CREDENTIALS = st.builds(Credentials, PRINTABLE, PRINTABLE, st.none() | PRINTABLE)


@given(st.binary(max_size=200), INSTANTS, CREDENTIALS, HOSTS, REGIONS)
def test_the_signature_equals_botocores(
    body: bytes, instant: datetime, credentials: Credentials, host: str, region: str
) -> None:
    theirs = AWSRequest(
        "POST",
        f"https://{host}/",
        {"Content-Type": CONTENT_TYPE, "X-Amz-Target": "DynamoDB_20120810.PutItem"},
        body,
    )
    with patch("botocore.auth.get_current_datetime", return_value=instant):
        SigV4Auth(credentials, "dynamodb", region).add_auth(theirs)

    frozen = credentials.get_frozen_credentials()
    lines = Signer(host, region).headers("PutItem", body, frozen, instant).split("\r\n")
    ours = dict(line.split(":", 1) for line in lines[:-1])

    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]
    assert ours.get("x-amz-security-token") == theirs.headers.get("X-Amz-Security-Token")


@given(st.lists(st.tuples(INSTANTS, CREDENTIALS), min_size=2, max_size=6))
def test_a_kept_key_is_never_that_of_another_day_or_account(
    requests: list[tuple[datetime, Credentials]],
) -> None:
    kept = Signer("host", "eu-central-1")
    for instant, credentials in [*requests, *requests]:
        frozen = credentials.get_frozen_credentials()
        fresh = Signer("host", "eu-central-1").headers("GetItem", b"{}", frozen, instant)
        assert kept.headers("GetItem", b"{}", frozen, instant) == fresh
