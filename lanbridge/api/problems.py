"""Errors as RFC 9457 problem documents with a stable `code`."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lanbridge.core import errors
from lanbridge.core.json_text import json_safe

# Total over the tree in core/errors.py: every exception has itself or an ancestor here.
STATUS: dict[type[errors.LanbridgeError], int] = {
    errors.InvalidInput: 422,
    errors.Refused: 403,
    errors.NotFound: 404,
    errors.NameConflict: 409,
    errors.EnvironmentProblem: 503,
    errors.LanbridgeError: 500,
}
_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 422: "invalid-input"}


class Problem(BaseModel):
    """RFC 9457: `type` is a name under /errors/, `code` the same name alone."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class JsonResponse(Response):
    """JSON that is safe to look at in a terminal, see `core.json_text`."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return json_safe(content).encode()


class ProblemResponse(JsonResponse):
    media_type = "application/problem+json"

    def __init__(self, status: int, code: str, title: str, detail: str) -> None:
        problem = Problem(
            type=f"/errors/{code}", title=title, status=status, code=code, detail=detail
        )
        super().__init__(problem.model_dump(), status)


def status_of(error: errors.LanbridgeError) -> int:
    """That of its class, or of the nearest one above."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def install(app: FastAPI) -> None:
    """Answer every error with a problem document, a bug of ours included."""

    @app.exception_handler(errors.LanbridgeError)
    async def ours(_request: Request, error: errors.LanbridgeError) -> Response:
        return ProblemResponse(status_of(error), error.code, f"{error.what}: refused", str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'][1:]))} {fault.get('input')!r}: {fault['msg']}"
            for fault in error.errors()
        )
        return ProblemResponse(422, "invalid-input", "the request is not valid", f"{faults}.")

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "http-error")
        detail = str(error.detail)
        return ProblemResponse(error.status_code, code, detail, detail)

    @app.exception_handler(Exception)
    async def bug(_request: Request, _error: Exception) -> Response:
        return ProblemResponse(
            500,
            "internal",
            "a bug in lanbridge",
            "This is a bug in lanbridge; its journal has the traceback.",
        )
