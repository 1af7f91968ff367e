"""The ASGI application at `/echo`: every request and handshake passes the guard here."""

from lanbridge.echo import http, websocket
from lanbridge.echo.guard import Guard
from lanbridge.echo.responses import Receive, Scope, Send, problem


class EchoApp:
    """Bare ASGI, for echo is what benchmarks measure: a framework costs half of the requests.

    Paths are read in full, as `scope["path"]` has them under Starlette's Mount("/echo", ...) also.
    Mount does not match `/echo` without a slash, so that needs Route("/echo", ...) beside it.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection, or refuse it with a problem document."""
        client = scope.get("client")
        if refusal := self._guard.check_caller(client[0] if client else None):
            reason, error = refusal
            await problem(scope, send, 403, error.code, "Refused", str(error), reason=reason)
        elif scope["type"] == "http":
            await http.echo(scope, receive, send)
        elif scope["path"] == "/echo/ws":
            await websocket.echo(scope, receive, send)
        else:
            detail = "no WebSocket is served here; connect to /echo/ws."
            await problem(scope, send, 404, "not-found", "Not found", detail)
