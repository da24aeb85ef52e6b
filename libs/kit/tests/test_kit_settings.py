"""Settings: read from the environment, checked, and then fixed."""

from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings, Timezone


class ShoeSettings(Settings):
    """A service's settings."""

    model_config = SettingsConfigDict(env_prefix="SHOE_")

    laces: int
    timezone: Timezone = ZoneInfo("Asia/Ho_Chi_Minh")
    secret: SecretStr = SecretStr("")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOE_LACES", "2")


def test_a_setting_comes_from_its_prefixed_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOE_LOG_LEVEL", "DEBUG")
    settings = ShoeSettings()
    assert (settings.laces, settings.log_level) == (2, "DEBUG")


def test_a_timezone_is_read_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOE_TIMEZONE", "Europe/Berlin")
    assert ShoeSettings().timezone == ZoneInfo("Europe/Berlin")


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOE_LACES")
    with pytest.raises(ValidationError, match="laces"):
        ShoeSettings()


def test_a_timezone_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOE_TIMEZONE", "Mars/Olympus")
    with pytest.raises(ValidationError):
        ShoeSettings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        ShoeSettings().laces = 3  # type: ignore[misc] # that is the point


def test_a_secret_is_not_shown() -> None:
    assert "hunter2" not in repr(ShoeSettings(secret=SecretStr("hunter2")))
