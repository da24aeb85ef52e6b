"""How the database's own failures are answered: most of them pass."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fashion_kit.errors import ShopError
from fashion_kit.logs import get_logger
from fashion_kit.problems import problem_of, problem_response
from storefront.database import NO_REFERENCED_ROW, DatabaseUnavailableError, mysql_code
from storefront.dependencies import UnknownUserError

log = get_logger(__name__)


def install_error_handlers(app: FastAPI) -> None:
    """Answer 503 with Retry-After where the database failed us for the moment."""
    app.add_exception_handler(IntegrityError, _on_integrity_error)
    app.add_exception_handler(OperationalError, _on_unavailable)
    app.add_exception_handler(PoolTimeoutError, _on_unavailable)


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    # The error's own text holds the statement and its values, a user's among them.
    log.warning("database_unavailable", path=request.url.path, error=type(error).__name__)
    return _answer(DatabaseUnavailableError())


async def _on_integrity_error(_: Request, error: Exception) -> JSONResponse:
    # Products are looked up before anything refers to them. What else a row can refer to in vain is
    # the bearer's account.
    if isinstance(error, IntegrityError) and mysql_code(error) == NO_REFERENCED_ROW:
        return _answer(UnknownUserError())
    raise error


def _answer(problem: ShopError) -> JSONResponse:
    return problem_response(problem_of(problem), problem.headers())
