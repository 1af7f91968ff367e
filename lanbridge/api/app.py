"""The ASGI application: every file in `api/routes` is mounted, the echo room beside them."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from lanbridge import __version__
from lanbridge.api import problems, routes
from lanbridge.daemon import Daemon
from lanbridge.echo.app import EchoApp


def create_app(daemon: Daemon) -> FastAPI:
    """All routes on one daemon; nothing else is global."""
    app = FastAPI(
        title="lanbridge",
        version=__version__,
        summary="Services on this LAN, whether a phone may talk to them, and echo endpoints.",
        generate_unique_id_function=_operation_id,
        default_response_class=problems.JsonResponse,
        responses={422: problems.documented("The request is not valid")},
        redoc_url=None,
        # FastAPI exports nothing unless told to, and is told not to.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.daemon = daemon
    problems.install(app)
    for module in sorted(iter_modules(routes.__path__), key=lambda one: one.name):
        app.include_router(import_module(f"{routes.__name__}.{module.name}").router)
    echo = EchoApp(daemon.guard)
    # Mount answers only below its path, so `/echo` itself is a route of its own.
    app.router.routes += [Route("/echo", echo), Mount("/echo", echo)]
    return app


def _operation_id(route: APIRoute) -> str:
    """Stable names for generated clients: `services-list`."""
    return f"{route.tags[0] if route.tags else 'lanbridge'}-{route.name}"
