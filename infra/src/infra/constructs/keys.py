"""The keys of the shop: who signs tokens, who checks them, and how ids become pseudonyms."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.keeping import removal
from infra.stages import Keeping

# Fields of the secrets; `infra.cloud.prepare` fills in the first two.
PRIVATE_KEY = "private_key"
PUBLIC_KEY = "public_key"
PSEUDONYM_KEY = "pseudonym_key"
PSEUDONYM_KEY_LENGTH = 64


class Keys(Construct):
    """Secrets that outlive every deployment; a new pseudonym key would make every shopper new."""

    def __init__(self, scope: Construct, construct_id: str, *, keeping: Keeping) -> None:
        super().__init__(scope, construct_id)
        self._keeping = keeping
        # Secrets Manager makes passwords, no Ed25519 keys: until the first `prepare` there is none.
        self.signing = self._build("Signing", "The key that signs tokens.", "not_yet_a_key")
        self.checking = self._build("Checking", "The key that checks tokens.", "not_yet_a_key")
        self.pseudonym = self._build("Pseudonym", "Turns ids into pseudonyms.", PSEUDONYM_KEY)

    def grant_fill(self, grantee: iam.IGrantable) -> None:
        """Let it look whether there are token keys, and put them."""
        for secret in (self.signing, self.checking):
            secret.grant_read(grantee)
            secret.grant_write(grantee)

    def _build(self, construct_id: str, description: str, field: str) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            construct_id,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - it is empty
                generate_string_key=field,
                password_length=PSEUDONYM_KEY_LENGTH,
                exclude_punctuation=True,
            ),
            removal_policy=removal(self._keeping),
        )
