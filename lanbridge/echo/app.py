"""The ASGI application at `/echo`: every request and handshake passes the guard here."""

from importlib import import_module
from pkgutil import iter_modules

from lanbridge.echo import endpoints
from lanbridge.echo.bodies import ClientLeft
from lanbridge.echo.call import Call, Endpoint, Problem, Receive, Room, Scope, Send
from lanbridge.echo.guard import Guard
from lanbridge.echo.holdings import Holdings
from lanbridge.echo.responses import refuse


class EchoApp:
    """Bare ASGI, for echo is what benchmarks measure: a framework costs most of the requests.

    A path below `/echo` that no file in `endpoints` names is answered by the endpoint "".
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._room = Room()
        holdings = self._room.one(Holdings)
        self._requests, self._sockets = holdings.requests, holdings.sockets
        self._http: dict[str, Endpoint] = {}
        self._websocket: dict[str, Endpoint] = {}
        for module in sorted(iter_modules(endpoints.__path__), key=lambda one: one.name):
            found = import_module(f"{endpoints.__name__}.{module.name}")
            self._http |= getattr(found, "HTTP", {})
            self._websocket |= getattr(found, "WEBSOCKET", {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection, or refuse it with a problem document."""
        kind, client = scope["type"], scope["client"]
        address = client[0] if client else ""
        name, _, rest = scope["path"][len("/echo/") :].partition("/")
        call = Call(scope, receive, send, rest, address, self._room)
        held = self._requests if kind == "http" else self._sockets
        held[address] = held.get(address, 0) + 1
        try:
            if refusal := self._guard.check_caller(address):
                reason, error = refusal
                raise Problem(403, error.code, str(error), reason=reason)
            if kind == "http":
                if scope["method"] == "CONNECT":  # RFC 9110 §9.3.6: any 2xx would open a tunnel
                    detail = "CONNECT is for proxies, and there is none here."
                    raise Problem(501, "not-implemented", detail)
                await self._http.get(name, self._http[""])(call)
            elif endpoint := self._websocket.get(name):
                await endpoint(call)
            else:
                detail = "no WebSocket is served here; connect to /echo/ws."
                raise Problem(404, "not-found", detail)
        except Problem as problem:
            await refuse(call, problem)
        except ClientLeft:
            pass
        finally:
            if held[address] > 1:
                held[address] -= 1
            else:
                del held[address]
