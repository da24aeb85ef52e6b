"""What the preparing task is told by the cloud (`PREPARE_...`)."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings


class PrepareSettings(Settings):
    """What `python -m infra.cloud.prepare` needs."""

    model_config = SettingsConfigDict(env_prefix="PREPARE_", frozen=True)

    database_url: SecretStr
    """Where MySQL is; the user is the owner, who may make users."""
    storefront_password: SecretStr
    """The password of the storefront's user."""
    recommender_password: SecretStr
    """The password of the recommender's user."""
    exporter_password: SecretStr
    """The password of the exporter's user."""
    signing_key_secret: str = Field(min_length=1)
    """Secret for the key that signs tokens; filled if it holds none."""
    checking_key_secret: str = Field(min_length=1)
    """Secret for the key that checks tokens; it follows the other."""
