"""The ASGI application of REST and pages: every file in `api/routes` is mounted."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from lanbridge import __version__
from lanbridge.api import problems, routes
from lanbridge.api.parameters import only_known
from lanbridge.api.streams import Encoder
from lanbridge.daemon import Daemon


def create_app(daemon: Daemon) -> FastAPI:
    """All routes on one daemon; nothing else is global."""
    app = FastAPI(
        title="lanbridge",
        version=__version__,
        summary="Services on this LAN, whether a phone may talk to them, and echo endpoints.",
        generate_unique_id_function=_operation_id,
        default_response_class=problems.JsonResponse,
        dependencies=[Depends(only_known)],
        responses={422: problems.documented("The request is not valid")},
        docs_url=None,  # its page is from a CDN, and a Pi may be without the Internet
        redoc_url=None,
        # FastAPI exports nothing unless told to, and is told not to.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.daemon = daemon
    app.state.encoder = Encoder(daemon)
    problems.install(app)
    for module in sorted(iter_modules(routes.__path__), key=lambda one: one.name):
        app.include_router(import_module(f"{routes.__name__}.{module.name}").router)
    return app


def _operation_id(route: APIRoute) -> str:
    """Stable names for generated clients: `services-list`."""
    return f"{route.tags[0] if route.tags else 'lanbridge'}-{route.name}"
