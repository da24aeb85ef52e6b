"""`python -m infra.local.deploy`: make the keys and the resources for processes that others start.

Docker compose runs it once, before the services. `make up` does the same through the stack.
"""

from infra.local.aws_endpoint import AwsAddress
from infra.local.keys import Keys
from infra.local.resources import deploy
from infra.local.settings import DeploySettings


def main() -> None:
    """Make the keys, and bring the resources up to date."""
    settings = DeploySettings()
    keys = Keys.in_folder(settings.keys_folder)
    deploy(
        AwsAddress(settings.endpoint_url),
        database_url=settings.database_url,
        pseudonym_key=keys.pseudonym.read_text(),
        business_timezone=settings.business_timezone,
    )


if __name__ == "__main__":
    main()
