"""An outside issuer: a real server that publishes the keys which a test signs with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from fashion_kit.clock import utc_now

AUDIENCE = "shop-website"
JWK_MAKERS: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def new_key(algorithm: str) -> Any:
    """Return a private key for the algorithm."""
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


@dataclass
class Issuer:
    """The issuer, its keys by their ids, and how often they were fetched."""

    url: str
    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)
    body: bytes | None = None
    status: int = 200
    fetches: int = 0

    def add_key(self, kid: str, algorithm: str = "RS256") -> None:
        """Publish a new key."""
        self.keys[kid] = (algorithm, new_key(algorithm))

    def published(self) -> bytes:
        """Return what the server answers."""
        if self.body is not None:
            return self.body
        entries = [
            JWK_MAKERS[algorithm].to_jwk(key.public_key(), as_dict=True)
            | {"kid": kid, "alg": algorithm, "use": "sig"}
            for kid, (algorithm, key) in self.keys.items()
        ]
        return json.dumps({"keys": entries}).encode()

    def sign(self, kid: str = "one", **changed: Any) -> str:
        """Return an access token such as Cognito gives; a claim that is None is left out."""
        algorithm, key = self.keys[kid]
        claims = {
            "iss": self.url,
            "sub": "subject-1",
            "client_id": AUDIENCE,
            "token_use": "access",
            "exp": int(utc_now().timestamp()) + 3_600,
        } | changed
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm, headers={"kid": kid})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Return an issuer with one RSA key, on a free port."""
    found: list[Issuer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found[0].fetches += 1
            self.send_response(found[0].status if self.path.endswith("jwks.json") else 404)
            self.end_headers()
            self.wfile.write(found[0].published())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.append(Issuer(f"http://127.0.0.1:{server.server_port}/pool"))
    found[0].add_key("one")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found[0]
    server.shutdown()
    thread.join()
    server.server_close()
