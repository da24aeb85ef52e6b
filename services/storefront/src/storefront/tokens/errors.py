"""How POST /token refuses. `error` is what RFC 6749 calls it, for clients that look for that."""

from fashion_kit.errors import BadRequestError, UnauthorizedError, UnprocessableError


class InvalidTokenRequestError(BadRequestError):
    """Raised when a request for a token lacks what its kind needs."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"The request needs {missing}.", error="invalid_request")


class UnsupportedGrantTypeError(BadRequestError):
    """Raised when a token is asked for in a way that we do not know."""

    def __init__(self) -> None:
        super().__init__(
            "grant_type must be password or refresh_token.", error="unsupported_grant_type"
        )


class InvalidCredentialsError(UnauthorizedError):
    """Raised when username and password do not belong together."""

    def __init__(self) -> None:
        super().__init__("The username or the password is wrong.", error="invalid_grant")


class InvalidRefreshTokenError(BadRequestError):
    """Raised when a refresh token is unknown, used, revoked or too old; which is not said."""

    def __init__(self) -> None:
        super().__init__("The refresh token does not hold. Log in again.", error="invalid_grant")


class InvalidAnonymousTokenError(UnprocessableError):
    """Raised when a guest is to be merged whose token does not hold."""

    def __init__(self) -> None:
        super().__init__("The anonymous token does not hold.")
