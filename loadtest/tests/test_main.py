import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.__main__ import main
from loadtest.testing import FakeShop


class TestCrowd:
    def test_prints_progress_and_a_report(
        self, shop: FakeShop, shop_url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        options = ["--shoppers", "4", "--seconds", "1", "--seed", "9"]
        code = main(["--storefront", shop_url, "--recommender", shop_url, *options])
        printed = capsys.readouterr()
        assert code == 0
        report = json.loads(printed.out)
        assert report["shoppers"] == 4
        assert report["events_accepted"] == len(shop.events) > 0
        assert "inside" in printed.err

    def test_tells_by_its_exit_code_that_something_was_wrong(
        self, shop: FakeShop, shop_url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        options = ["--shoppers", "2", "--seconds", "1", "--anonymous-share", "0"]
        assert main(["--storefront", shop_url, *options]) == 0
        for user in shop.users.values():
            user["password"] = "changed"
        assert main(["--storefront", shop_url, *options]) == 1
        assert "wrong-credentials" in capsys.readouterr().out

    def test_refuses_another_machine(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--storefront", "http://shop.example"]) == 2
        assert "--allow-host shop.example" in capsys.readouterr().err

    def test_says_that_nobody_is_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--storefront", "http://127.0.0.1:1"]) == 2
        assert "does not show its products" in capsys.readouterr().err


class TestHistory:
    def test_writes_a_history(
        self, rows: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        products = tmp_path / "products.jsonl"
        products.write_text("".join(json.dumps(row) + "\n" for row in rows))
        arguments = ["--sessions", "20", "--days", "2", "--end", "2026-03-01T00:00:00"]
        code = main(
            ["history", "--products", str(products), "--out", str(tmp_path / "out"), *arguments]
        )
        assert code == 0
        summary = json.loads(capsys.readouterr().out)
        assert summary["files"] == len([*(tmp_path / "out").rglob("*.gz")]) > 0
