"""Errors as RFC 9457 problem documents with a stable `code`."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import (
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lanbridge.core import errors
from lanbridge.core.json_text import json_safe
from lanbridge.core.text import printable

# Total over the tree in core/errors.py: every exception has itself or an ancestor here.
STATUS: dict[type[errors.LanbridgeError], int] = {
    errors.InvalidInput: 422,
    errors.BodyRefused: 415,
    errors.BodyTooLarge: 413,
    errors.Refused: 403,
    errors.HostRefused: 421,
    errors.TooManyRequests: 429,
    errors.TokenRequired: 401,
    errors.TokenWrong: 401,
    errors.NotFound: 404,
    errors.NameConflict: 409,
    errors.FixedBySettings: 409,
    errors.Unreachable: 409,
    errors.EnvironmentProblem: 503,
    errors.LanbridgeError: 500,
}
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},  # RFC 9110 §15.5.2: it MUST say how to authenticate
    429: {"Retry-After": "1"},
}
# What the framework answers by itself, in our words.
_FRAMEWORK = {
    400: ("bad-request", "what was sent cannot be read."),
    404: ("not-found", "no such path is served here; /docs lists those that are."),
    413: (errors.BodyTooLarge.code, "the body is too large."),
    405: ("method-not-allowed", "this path does not take the method; the Allow header says which."),
}


class Problem(BaseModel):
    """RFC 9457: `type` is a page that explains it, `code` the last part of that alone."""

    type: str
    title: str
    status: int
    code: str
    detail: str


def documented(description: str) -> dict[str, Any]:
    """A problem as an entry of a route's `responses`: `model` would say it is application/json."""
    schema = Problem.model_json_schema()
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


class JsonResponse(JSONResponse):
    """JSON that is safe to look at in a terminal, see `core.json_text`.

    A JSONResponse, for FastAPI puts the models of no other into /openapi.json.
    """

    def render(self, content: object) -> bytes:
        return json_safe(content).encode()


class ProblemResponse(JsonResponse):
    media_type = "application/problem+json"

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        problem = Problem(
            type=f"/errors/{code}",
            title=code.replace("-", " ").capitalize(),
            status=status,
            code=code,
            detail=detail,
        )
        super().__init__(problem.model_dump(), status, headers)


def status_of(error: errors.LanbridgeError) -> int:
    """That of its class, or of the nearest one above."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def response_to(error: errors.LanbridgeError) -> ProblemResponse:
    """The problem document of an error of ours."""
    status = status_of(error)
    return ProblemResponse(status, error.code, str(error), _HEADERS.get(status))


def _fault(fault: Mapping[str, Any]) -> str:
    """What is wrong with one part of a request."""
    where, *inside = map(str, fault["loc"])
    if fault["type"] == "json_invalid":
        return f"{where}: it is no JSON ({fault['ctx']['error']})"
    if fault["type"] == "missing":
        return f"{'.'.join(inside) or where}: it is missing"
    if fault["type"] == "extra_forbidden":
        return f"{'.'.join(inside)}: there is no such key here"
    sentence = fault["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{'.'.join(inside)} '{printable(str(fault.get('input')))}': {sentence}"


def install(app: FastAPI) -> None:
    """Answer every error with a problem document, a bug of ours included."""

    @app.exception_handler(errors.LanbridgeError)
    async def ours(_request: Request, error: errors.LanbridgeError) -> Response:
        return response_to(error)

    @app.exception_handler(WebSocketRequestValidationError)
    @app.exception_handler(RequestValidationError)
    async def invalid(_asked: HTTPConnection, error: ValidationException) -> Response:
        faults = "; ".join(map(_fault, error.errors()))
        return ProblemResponse(422, "invalid-input", f"{faults}.")

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        code, detail = _FRAMEWORK.get(error.status_code, ("http-error", str(error.detail)))
        return ProblemResponse(error.status_code, code, detail, error.headers)

    # The framework closes such a WebSocket, which is a 403, as if its caller were refused.
    async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
        await ProblemResponse(404, *_FRAMEWORK[404])(scope, receive, send)

    app.router.default = nowhere

    @app.exception_handler(Exception)
    async def bug(_request: Request, _error: Exception) -> Response:
        return ProblemResponse(
            500, "internal", "this is a bug in lanbridge; its journal has the traceback."
        )
