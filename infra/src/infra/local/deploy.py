"""`python -m infra.local.deploy`: make the keys and the resources for processes that others start.

Docker compose runs it once, before the services. `make up` does the same through the stack.
"""

from fashion_kit.settings import TracingSettings
from infra.local.aws_endpoint import AwsAddress
from infra.local.keys import Keys
from infra.local.resources import deploy, tell_function
from infra.local.settings import DeploySettings


def main() -> None:
    """Make the keys, and bring the resources up to date."""
    settings = DeploySettings()
    keys = Keys.in_folder(settings.keys_folder)
    endpoint = AwsAddress(settings.endpoint_url)
    resources = deploy(
        endpoint,
        database_url=settings.database_url,
        pseudonym_key=keys.pseudonym.read_text(),
        business_timezone=settings.business_timezone,
    )
    collector = TracingSettings().exporter_otlp_endpoint
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector} if collector else {}
    tell_function(endpoint.client("lambda"), resources.interactions_function, tracing)


if __name__ == "__main__":
    main()
