"""docs/security.md: each answer to a threat has its test, and the test is there."""

import re
from pathlib import Path

import pytest

from storefront.users.service import PERSONAL

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text()
_, _, REST = TEXT.partition("## Threats and answers")
THREATS = [line for line in REST.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)`", TEXT)))


def test_there_are_threats_of_every_kind() -> None:
    kinds = ("Spoofing", "Tampering", "Repudiation", "Disclosure", "Denial", "Elevation")
    assert [kind for kind in kinds if f"**{kind}**" not in REST] == []
    assert len(THREATS) >= 20


@pytest.mark.parametrize("threat", THREATS)
def test_every_answer_is_held_by_a_test(threat: str) -> None:
    _, _, answer, held_by, _ = threat.split("|")
    assert answer.strip()
    assert re.search(r"`[\w/]*test_\w+\.py`", held_by)


@pytest.mark.parametrize("path", NAMED)
def test_every_test_that_is_named_is_there(path: str) -> None:
    assert re.search(r"^\s*(async )?def test_", (ROOT / path).read_text(), re.M)


def test_every_setting_and_operation_that_is_named_exists() -> None:
    readmes = "".join(file.read_text() for file in ROOT.glob("services/*/README.md"))
    names = set(re.findall(r"`((?:STOREFRONT|RECOMMENDER|EXPORTER)_\w+)`", TEXT))
    assert {name for name in names if name not in readmes} == set()


def test_every_personal_detail_of_an_account_is_told() -> None:
    told = {"username", "first_name", "last_name", "password_hash"}
    words = TEXT.replace("e-mail", "email")
    assert {name for name in set(PERSONAL) - told if name not in words} == set()
